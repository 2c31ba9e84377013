//! `_SMS.*`: what became of a text message.

use super::envelope::Envelope;
use crate::domain::event::{NewEvent, Rejection};
use crate::domain::kind::Kind;
use crate::domain::reachability::{AddressChange, AddressUpdate};

const PHONE: &str = "attributes.destination_phone_number";

/// Kinds of a failed message by its status. Every other status is a reason not to have sent.
const FAILURES: [(&str, Kind); 11] = [
    ("UNREACHABLE", Kind::SoftBounced),
    ("CARRIER_UNREACHABLE", Kind::SoftBounced),
    ("TTL_EXPIRED", Kind::SoftBounced),
    ("UNKNOWN", Kind::DeliveryUnknown),
    ("INVALID", Kind::HardBounced),
    ("BLOCKED", Kind::HardBounced),
    ("INVALID_PHONE_NUMBER", Kind::HardBounced),
    ("SPAM", Kind::Failed),
    ("CARRIER_BLOCKED", Kind::Failed),
    ("INVALID_MESSAGE", Kind::Failed),
    (OPTED_OUT, Kind::Skipped),
];

/// The status of a message that was not sent because its recipient had opted out: it tells the number's state too.
const OPTED_OUT: &str = "OPTED_OUT";

/// The event of an SMS record.
pub(super) fn read(envelope: &Envelope<'_>) -> Result<NewEvent, Rejection> {
    let status = envelope.attribute("record_status")?;
    let mut draft = envelope.draft()?;
    draft.event.channel = Some("sms".to_owned());
    draft.event.kind = match envelope.action() {
        "buffered" => Kind::Sent,
        "success" => Kind::Delivered,
        "failure" => failure_kind(status.as_deref()),
        "optout" => Kind::OptedOut,
        _ => Kind::Other,
    };
    draft.event.message_id = envelope.attribute("message_id")?;
    draft.moved("attributes.message_id", draft.event.message_id.clone().as_deref());
    let phone = match envelope.attribute("destination_phone_number")? {
        Some(number) => draft.identify("phone", &number, PHONE)?,
        None => None,
    };
    draft.moved(PHONE, phone.as_ref().map(|phone| phone.value.as_str()));
    if envelope.action() == "failure" {
        let opted_out = status.as_deref().is_some_and(|status| status.eq_ignore_ascii_case(OPTED_OUT));
        let update = |address| AddressUpdate { address, at: None, change: AddressChange::OptedOut };
        draft.event.updates.extend(phone.filter(|_| opted_out).map(update));
        draft.event.reason = status;
    }
    draft.finish(PHONE)
}

/// A failure that gives no status was handed over and did not arrive; nothing is known about the number.
fn failure_kind(status: Option<&str>) -> Kind {
    let Some(status) = status else { return Kind::Failed };
    FAILURES.iter().find(|(known, _)| known.eq_ignore_ascii_case(status)).map_or(Kind::Skipped, |(_, kind)| *kind)
}
