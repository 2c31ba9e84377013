//! What an event of SES means: its kind and why.

use super::form::Form;
use super::subscription;
use crate::dialect::field::Fields;
use crate::domain::event::Rejection;
use crate::domain::kind::Kind;

/// One thing that a record says about its recipients.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Meaning {
    pub kind: Kind,
    pub reason: Option<String>,
    pub list: Option<String>,
}

impl Meaning {
    /// A kind of event, and why.
    pub fn new(kind: Kind, reason: Option<String>) -> Self {
        Self { kind, reason, list: None }
    }
}

/// Bounces that tell something about the mail and nothing about the address.
const FAULTS_OF_THE_MAIL: [&str; 3] = ["MessageTooLarge", "ContentRejected", "AttachmentRejected"];

/// How the names of the suppression lists end: an account's and a tenant's. A mail to an address on one is not sent.
const SUPPRESSION_LIST: &str = "suppressionlist";

/// Everything that a record says. It is never nothing.
pub(super) fn meanings(form: Option<&Form>, details: &Fields<'_>) -> Result<Vec<Meaning>, Rejection> {
    let plain = |kind| Meaning::new(kind, None);
    let with_reason = |kind, field| Ok::<_, Rejection>(Meaning::new(kind, details.long_text(field)?));
    let meaning = match form.map_or("", |form| form.name) {
        "send" => plain(Kind::Sent),
        "delivery" => plain(Kind::Delivered),
        "open" => plain(Kind::Opened),
        "click" => plain(Kind::Clicked),
        "deliverydelay" => with_reason(Kind::Deferred, "delayType")?,
        "reject" => with_reason(Kind::Skipped, "reason")?,
        "renderingfailure" => with_reason(Kind::Skipped, "errorMessage")?,
        "bounce" => bounce(details)?,
        "complaint" => complaint(details)?,
        "subscription" => return subscription::meanings(details),
        _ => plain(Kind::Other),
    };
    Ok(vec![meaning])
}

/// A bounce of an unknown type says nothing about the address.
fn bounce(details: &Fields<'_>) -> Result<Meaning, Rejection> {
    let (bounce_type, subtype) = (details.text("bounceType")?, details.text("bounceSubType")?);
    let is_one_of = |names: &[&str]| subtype.as_deref().is_some_and(|subtype| is_any(subtype, names));
    let kind = match bounce_type.as_deref() {
        Some(name) if is_any(name, &["Permanent"]) => {
            let was_suppressed = subtype.as_deref().is_some_and(is_suppression_list);
            if was_suppressed { Kind::Skipped } else { Kind::HardBounced }
        }
        Some(name) if is_any(name, &["Transient", "Undetermined"]) => {
            if is_one_of(&FAULTS_OF_THE_MAIL) {
                Kind::Failed
            } else {
                Kind::SoftBounced
            }
        }
        _ => Kind::Other,
    };
    Ok(Meaning::new(kind, subtype.or(bounce_type)))
}

fn complaint(details: &Fields<'_>) -> Result<Meaning, Rejection> {
    let (subtype, feedback) = (details.text("complaintSubType")?, details.text("complaintFeedbackType")?);
    if subtype.as_deref().is_some_and(is_suppression_list) {
        return Ok(Meaning::new(Kind::Skipped, subtype));
    }
    let is_praise = feedback.as_deref().is_some_and(|feedback| is_any(feedback, &["not-spam"]));
    let kind = if is_praise { Kind::Other } else { Kind::SpamReported };
    Ok(Meaning::new(kind, feedback.or(subtype)))
}

fn is_any(word: &str, names: &[&str]) -> bool {
    names.iter().any(|name| name.eq_ignore_ascii_case(word))
}

fn is_suppression_list(subtype: &str) -> bool {
    subtype.to_ascii_lowercase().ends_with(SUPPRESSION_LIST)
}
