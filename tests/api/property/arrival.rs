//! How records arrive: in any order, some again and again, in batches of any size and form, some batches first cut off.

use std::io::Write;

use campaignql::dialect::read_value;
use campaignql::domain::event::{Dialect, NewEvent};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;

use super::dice::Dice;
use super::world::World;
use super::{activatepro, lists, native, odp, pinpoint, sendgrid, ses, sms};

/// A body to be posted.
#[derive(Clone)]
pub struct Delivery {
    /// The form it is in.
    pub dialect: Dialect,
    /// The body, perhaps compressed, perhaps cut off.
    pub body: Vec<u8>,
    /// Whether it was not cut off.
    pub is_whole: bool,
}

/// Random records of a form, among them the special occasions.
pub fn records(dialect: Dialect, count: usize, dice: &Dice) -> Vec<Value> {
    let world = World::new();
    let (record, burst): (Maker<Value>, Maker<Vec<Value>>) = match dialect {
        Dialect::ActivatePro => (activatepro::record, activatepro::burst),
        Dialect::Pinpoint => (pinpoint::record, pinpoint::burst),
        Dialect::Ses => (ses::record, ses::burst),
        Dialect::Sms => (sms::record, sms::burst),
        Dialect::SendGrid => (sendgrid::record, sendgrid::burst),
        Dialect::Native => (native::record, native::burst),
        Dialect::PinpointEndpoints => (lists::endpoint, lists::exports),
        Dialect::Suppressions => (lists::suppression, |world, dice| vec![lists::suppression(world, dice)]),
        Dialect::ListMembers => (lists::member, lists::members),
        _ => (odp::event, odp::burst),
    };
    let mut records: Vec<Value> = (0..count).map(|_| record(&world, dice)).collect();
    records.extend((0..5).flat_map(|_| burst(&world, dice)));
    match dialect {
        Dialect::ActivatePro => records.extend((0..5).flat_map(|_| activatepro::both_forms(&world, dice))),
        Dialect::Odp => {
            records.extend(odp::introductions(&world, dice));
            records.extend((0..4).flat_map(|_| odp::full_mailbox(&world, dice)));
        }
        _ => {}
    }
    records
}

type Maker<T> = fn(&World, &Dice) -> T;

/// Every record at least once, in any order, as bodies in any order.
pub fn deliveries(dialect: Dialect, records: &[Value], dice: &Dice) -> Vec<Delivery> {
    let mut arriving: Vec<&Value> = records.iter().collect();
    for record in records {
        while dice.chance(20) {
            arriving.push(record);
        }
    }
    dice.shuffle(&mut arriving);
    let mut deliveries = Vec::new();
    let mut rest = arriving.as_slice();
    while !rest.is_empty() {
        let (batch, later) = rest.split_at(dice.between(1, 60).min(rest.len()));
        rest = later;
        deliveries.extend(batch_deliveries(dialect, batch, dice));
    }
    dice.shuffle(&mut deliveries);
    deliveries
}

/// A batch, sometimes also cut off, sometimes also a second time. Lists come as CSV too, where nobody can tell a row that
/// was cut off.
fn batch_deliveries(dialect: Dialect, batch: &[&Value], dice: &Dice) -> Vec<Delivery> {
    if dialect.is_list() && dice.chance(50) {
        let whole = Delivery { dialect, body: compressed(lists::csv(batch, dice), dice), is_whole: true };
        return [whole.clone()].into_iter().chain(dice.maybe(10, whole)).collect();
    }
    let whole = Delivery { dialect, body: body(batch, dice), is_whole: true };
    let mut deliveries = vec![whole.clone()];
    if dice.chance(25) {
        let body = whole.body[..dice.between(1, whole.body.len() - 1)].to_vec();
        deliveries.push(Delivery { dialect, body, is_whole: false });
    }
    deliveries.extend(dice.maybe(10, whole));
    deliveries
}

/// The records as an array, as lines, or one after the other; sometimes compressed.
fn body(batch: &[&Value], dice: &Dice) -> Vec<u8> {
    let texts: Vec<String> = batch.iter().map(ToString::to_string).collect();
    let text = match dice.below(3) {
        0 => format!("[{}]", texts.join(",")),
        1 => texts.join("\n"),
        _ => texts.concat(),
    };
    compressed(text.into_bytes(), dice)
}

fn compressed(text: Vec<u8>, dice: &Dice) -> Vec<u8> {
    if dice.chance(70) {
        return text;
    }
    let mut zip = GzEncoder::new(Vec::new(), Compression::fast());
    zip.write_all(&text).expect("memory takes everything");
    zip.finish().expect("memory takes everything")
}

/// The forms that random records come in.
pub const DIALECTS: [Dialect; 7] = [
    Dialect::Odp,
    Dialect::ActivatePro,
    Dialect::Pinpoint,
    Dialect::Ses,
    Dialect::Sms,
    Dialect::SendGrid,
    Dialect::Native,
];

/// Lists that are brought along, and forms whose events say other things of the same addresses.
pub const LISTS: [Dialect; 5] =
    [Dialect::PinpointEndpoints, Dialect::Suppressions, Dialect::ListMembers, Dialect::Odp, Dialect::Pinpoint];

/// The events of records, none of which may be refused.
pub fn parsed(dialect: Dialect, records: &[Value]) -> Vec<NewEvent> {
    let read = records.iter().flat_map(|record| read_value(dialect, record));
    read.flat_map(|record| record.outcome.expect("random records are good ones")).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use campaignql::domain::event::Automation;
    use campaignql::domain::kind::Kind;

    use super::*;

    /// What the newer forms are in the mixes for: without these, the recount would compare less than it seems to.
    #[test]
    fn the_mixes_hold_what_they_are_for() {
        use Kind::{Clicked, Deferred, Delivered, DeliveryUnknown, Failed, HardBounced, ListUnsubscribed, Opened};
        use Kind::{OptedOut, Other, Sent, Skipped, SoftBounced, SpamReported};
        let mails = [Sent, Skipped, Deferred, Delivered, Opened, Clicked, HardBounced, SoftBounced, SpamReported];
        let refusals = [OptedOut, ListUnsubscribed, Other];
        let texts = [Sent, Delivered, DeliveryUnknown, SoftBounced, HardBounced, Failed, Other];
        for (dialect, kinds, has_verdicts) in [
            (Dialect::Ses, [&mails[..], &refusals, &[Failed]].concat(), true),
            (Dialect::Sms, texts.to_vec(), false),
            (Dialect::SendGrid, [&mails[..], &refusals].concat(), true),
        ] {
            let events = parsed(dialect, &records(dialect, 1_000, &Dice::new(0)));
            let found: BTreeSet<Kind> = events.iter().map(|event| event.kind).collect();
            let missing: Vec<_> = kinds.iter().filter(|kind| !found.contains(kind)).collect();
            assert!(missing.is_empty(), "{dialect:?} lacks {missing:?}");
            let is_machine = |event: &NewEvent| event.automation == Automation::Machine;
            assert_eq!(events.iter().any(is_machine), has_verdicts, "{dialect:?}");
            let names_the_mail = |event: &NewEvent| event.identifiers[0].name == "ses_message_id";
            assert_eq!(events.iter().any(names_the_mail), dialect == Dialect::Ses, "{dialect:?}");
        }
    }
}
