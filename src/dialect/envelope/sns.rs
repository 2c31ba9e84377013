//! Messages of Amazon SNS: notifications, and the confirmations that an operator must give by hand.
//!
//! SNS signs the values of some fields, each behind its name, in the order of the names.

use serde_json::{Map, Value};

use super::part::{Form, Part, Place};
use crate::dialect::field::{shorten, shown_text};
use crate::dialect::signature::{Digest, SnsKey};
use crate::domain::event::{Rejection, RejectionCode};

const MESSAGE: Place = Place { names: &["Message"], form: Form::Text };
const NOTIFICATION: &str = "Notification";
const CONFIRMATIONS: [&str; 2] = ["SubscriptionConfirmation", "UnsubscribeConfirmation"];

const NOTIFICATION_SIGNED: [&str; 6] = ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"];
const CONFIRMATION_SIGNED: [&str; 7] =
    ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"];

/// Longest address that a message repeats; SNS's are a third of it.
const MAX_URL_CHARS: usize = 1_024;

/// Whether a record is a message of SNS.
pub(super) fn is_message(map: &Map<String, Value>) -> bool {
    let Some(Value::String(kind)) = map.get("Type") else { return false };
    let is_known = kind == NOTIFICATION || CONFIRMATIONS.contains(&kind.as_str());
    is_known && ["MessageId", "TopicArn", "Message"].iter().all(|name| map.get(*name).is_some_and(Value::is_string))
}

/// The records of a notification. A confirmation holds none: it asks for something.
pub(super) fn part(map: Map<String, Value>) -> Result<Part, Rejection> {
    if text(&map, "Type") == NOTIFICATION {
        return Ok(Part::new("", Value::Object(map), MESSAGE));
    }
    Err(Rejection::new(RejectionCode::ConfirmationRequired, "SubscribeURL", confirmation(&map)))
}

fn confirmation(map: &Map<String, Value>) -> String {
    let (topic, url) = (shown_text(text(map, "TopicArn")), text(map, "SubscribeURL"));
    let url: String = url.chars().take(MAX_URL_CHARS).collect();
    let warning = if is_amazons(&url) { "" } else { " It is not an address of Amazon's: do not open it." };
    if text(map, "Type") == CONFIRMATIONS[0] {
        return format!(
            "the SNS topic {topic} asks to confirm its subscription. This server never opens addresses that it is sent: \
             if you made the subscription, open {url:?} once, or run `aws sns confirm-subscription` with the token.{warning}"
        );
    }
    format!(
        "the SNS topic {topic} tells that its subscription has ended. If that was not wanted, open {url:?} to take it up \
         again.{warning}"
    )
}

fn is_amazons(url: &str) -> bool {
    let Some(rest) = url.strip_prefix("https://") else { return false };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let is_plain = host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte));
    is_plain && [".amazonaws.com", ".amazonaws.com.cn"].iter().any(|end| host.ends_with(end))
}

/// Whether one of the keys signed the message.
pub(super) fn check(map: &Map<String, Value>, keys: &[SnsKey]) -> Result<(), Rejection> {
    let refuse = |path: &str, why: String| Err(Rejection::new(RejectionCode::InvalidSignature, path, why));
    let version = text(map, "SignatureVersion");
    let Some(digest) = Digest::of_version(version) else {
        return refuse("SignatureVersion", format!("SignatureVersion is {}; it must be 1 or 2", shown_text(version)));
    };
    let signature = text(map, "Signature");
    if signature.is_empty() {
        return refuse("Signature", "the message carries no Signature".to_owned());
    }
    let signed = signed_text(map);
    if keys.iter().any(|key| key.verifies(digest, signed.as_bytes(), signature)) {
        return Ok(());
    }
    let (id, topic) = (shorten(text(map, "MessageId")), shorten(text(map, "TopicArn")));
    let why = format!(
        "the signature of message {id} of topic {topic} fits none of the certificates of setting sns_certificate; SNS names \
         the one that it used in SigningCertURL"
    );
    refuse("Signature", why)
}

/// The refusal of what is no message, where signed messages alone are taken.
pub(super) fn no_message() -> Rejection {
    let message = "the record is no message of SNS, so that it has no signature; raw message delivery must be off while \
                   signatures are checked";
    Rejection::new(RejectionCode::InvalidSignature, "", message)
}

/// What SNS signs. A field that the message has not, such as a subject, is left out.
fn signed_text(map: &Map<String, Value>) -> String {
    let is_notification = text(map, "Type") == NOTIFICATION;
    let names: &[&str] = if is_notification { &NOTIFICATION_SIGNED } else { &CONFIRMATION_SIGNED };
    let present = names.iter().filter_map(|name| Some([*name, "\n", map.get(*name)?.as_str()?, "\n"]));
    present.flatten().collect()
}

fn text<'a>(map: &'a Map<String, Value>, name: &str) -> &'a str {
    map.get(name).and_then(Value::as_str).unwrap_or_default()
}
