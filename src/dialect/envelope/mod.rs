//! Records that come wrapped: what Amazon's services put around the records that they pass on. A wrapper is told by its
//! keys, taken apart, and what is inside is read as records of the same reading.
//!
//! | wrapper | told by | inside |
//! |---|---|---|
//! | SNS message | `Type`, `MessageId`, `TopicArn`, `Message` | `Message`: text |
//! | Lambda event of SNS | `Records[].Sns` | an SNS message |
//! | Lambda event of Kinesis | `Records[].kinesis` | `data`: base64 |
//! | Lambda event of SES (inbound mail) | `Records[].ses` | the object |
//! | Firehose request to an HTTP endpoint | `requestId`, `timestamp`, `records` | `records[].data`: base64 |
//! | Firehose event to a Lambda function | `invocationId`, `records` | the same |
//! | … and its answer | `records[].recordId` alone | the same |
//!
//! A record that a vendor's file recognises is no wrapper, whatever else it holds.

mod allowance;
mod firehose;
mod part;
mod sns;
mod stack;
#[cfg(test)]
mod tests;

use serde_json::{Map, Value};

pub(super) use allowance::{Allowance, UnpackLimit};
pub use firehose::FirehoseRequest;
pub(super) use part::Part;
pub(super) use stack::{Found, Stack};

use super::rules::Rules;
use super::vendor::Vendor;
use crate::domain::event::{Rejection, RejectionCode};

/// Wrappers that may stand around a record. Four are twice what AWS's services make of it by themselves.
const MAX_WRAPPERS: usize = 4;

/// Which wrappers must show that they come from whom they say, where the operator configured a key to check it by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// None: the operator gives the text, or Amazon's own service stands around it.
    NotAsked,
    /// Messages of SNS.
    OfMessages,
    /// Messages of SNS, and whatever is none is refused.
    MessagesOnly,
}

/// What became of a record that may be a wrapper.
#[derive(Debug)]
pub(super) enum Opened {
    /// It is none.
    Record(Map<String, Value>),
    /// What it holds.
    Parts(Vec<Part>),
    /// It is one, and is not opened.
    Refused(Rejection),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wrapper {
    Sns,
    Lambda,
    Firehose,
}

/// Opens a record that stands in `depth` wrappers.
pub(super) fn open(map: Map<String, Value>, rules: &Rules, proof: Proof, depth: usize) -> Opened {
    let wrapper = recognise(&map);
    let is_checked = depth == 0 && !rules.sns_keys.is_empty();
    let Some(wrapper) = wrapper else {
        let refused = is_checked && proof == Proof::MessagesOnly;
        return if refused { Opened::Refused(sns::no_message()) } else { Opened::Record(map) };
    };
    if depth >= MAX_WRAPPERS {
        let message = format!("the record stands in more than {MAX_WRAPPERS} wrappers");
        return Opened::Refused(Rejection::new(RejectionCode::TooLarge, "", message));
    }
    let checked = match (wrapper, proof) {
        (_, Proof::NotAsked) => Ok(()),
        (Wrapper::Sns, _) if is_checked => sns::check(&map, &rules.sns_keys),
        (_, Proof::MessagesOnly) if is_checked && wrapper != Wrapper::Sns => Err(sns::no_message()),
        _ => Ok(()),
    };
    let parts = checked.and_then(|()| match wrapper {
        Wrapper::Sns => sns::part(map).map(|part| vec![part]),
        Wrapper::Lambda => Ok(lambda_parts(map)),
        Wrapper::Firehose => Ok(firehose::parts(map)),
    });
    parts.map_or_else(Opened::Refused, Opened::Parts)
}

/// Whether a record is a wrapper.
pub(super) fn is_wrapper(map: &Map<String, Value>) -> bool {
    recognise(map).is_some()
}

fn recognise(map: &Map<String, Value>) -> Option<Wrapper> {
    let wrapper = if sns::is_message(map) {
        Wrapper::Sns
    } else if is_lambda_event(map) {
        Wrapper::Lambda
    } else if firehose::is_one(map) {
        Wrapper::Firehose
    } else {
        return None;
    };
    Vendor::recognised(map).is_none().then_some(wrapper)
}

/// Where the records stand within an element of `Records`.
const LAMBDA_PLACES: [(&str, part::Place); 3] = [
    ("Sns", part::Place { names: &["Sns"], form: part::Form::Object }),
    ("kinesis", part::Place { names: &["kinesis", "data"], form: part::Form::Base64 }),
    ("ses", part::Place { names: &["ses"], form: part::Form::Object }),
];

fn is_lambda_event(map: &Map<String, Value>) -> bool {
    let Some(Value::Array(records)) = map.get("Records") else { return false };
    !records.is_empty() && records.iter().all(|record| lambda_place(record).is_some())
}

fn lambda_place(element: &Value) -> Option<part::Place> {
    let known = LAMBDA_PLACES.iter().find(|(name, _)| element.get(name).is_some_and(Value::is_object));
    known.map(|(_, place)| *place)
}

fn lambda_parts(mut map: Map<String, Value>) -> Vec<Part> {
    let Some(Value::Array(records)) = map.remove("Records") else { return Vec::new() };
    let part = |(index, element): (usize, Value)| {
        let place = lambda_place(&element)?;
        Some(Part::new(format!("Records[{index}]"), element, place))
    };
    records.into_iter().enumerate().filter_map(part).collect()
}
