//! Random events of a few recipients of one campaign, made without any vendor's form: with every kind that a funnel
//! counts and with verdicts on who acted, which the forms at hand do not give.

use campaignql::dialect::blank_event;
use campaignql::domain::event::{Automation, CampaignRef, Dialect, Namespace, NewEvent};
use campaignql::domain::identifier::Identifier;
use campaignql::domain::kind::{KINDS, Kind};
use campaignql::domain::reachability::{AddressChange, AddressUpdate, ReachabilityType};
use campaignql::domain::time::Micros;

use super::dice::Dice;
use super::world::{link, moment, soon_after};

/// The kinds of which most events are.
const FREQUENT: [Kind; 6] = [Kind::Sent, Kind::Delivered, Kind::Opened, Kind::Opened, Kind::Clicked, Kind::Clicked];

/// Events of one campaign and a few recipients. In a quiet campaign nothing is reported as delivered.
pub fn events(count: usize, dice: &Dice) -> Vec<NewEvent> {
    let quiet = dice.chance(50);
    let single = (0..count).map(|_| event(dice));
    let bursts = (0..dice.below(4)).flat_map(|_| burst(dice));
    single.chain(bursts).filter(|event| !(quiet && event.kind == Kind::Delivered)).collect()
}

/// Clicks of one message within two seconds.
fn burst(dice: &Dice) -> Vec<NewEvent> {
    let (model, start) = (event(dice), moment(dice));
    let click = |_| NewEvent {
        kind: Kind::Clicked,
        occurred_at: Some(Micros::from_millis(soon_after(start, dice))),
        url: dice.maybe(90, link(dice)),
        automation: if dice.chance(80) { Automation::Unknown } else { model.automation },
        ..model.clone()
    };
    (0..dice.between(3, 6)).map(click).collect()
}

fn event(dice: &Dice) -> NewEvent {
    let kind = kind(dice);
    let name = |percent, names: &[&str]| dice.maybe(percent, dice.pick(names).to_owned());
    NewEvent {
        kind,
        occurred_at: Some(Micros::from_millis(soon_after(moment(dice), dice))),
        identifiers: vec![Identifier { name: "user_id".to_owned(), value: dice.below(3).to_string() }],
        channel: name(80, &["email", "push"]),
        campaign: Some(CampaignRef { namespace: Namespace::Native, external_id: "c".to_owned(), name: None }),
        run: name(70, &["r1", "r2"]),
        treatment: name(70, &["0", "1"]),
        touchpoint: name(50, &["t1", "t2"]),
        message_id: name(70, &["m1", "m2"]),
        url: name(if kind == Kind::Clicked { 90 } else { 0 }, &[&link(dice)]),
        list: name(30, &LISTS),
        reason: name(60, &["full", "closed", "news"]),
        sent_at: dice.maybe(20, Micros::from_millis(moment(dice))),
        automation: dice.pick(&[Automation::Unknown, Automation::Unknown, Automation::Human, Automation::Machine]),
        ..blank_event(Dialect::Native, kind.name().to_lowercase())
    }
}

fn kind(dice: &Dice) -> Kind {
    if dice.chance(60) {
        return dice.pick(&FREQUENT);
    }
    let counted: Vec<Kind> = KINDS.iter().map(|(kind, _)| *kind).filter(|kind| kind.counts_in_campaign()).collect();
    dice.pick(&counted)
}

/// The lists that are joined and left.
pub const LISTS: [&str; 2] = ["news", "deals"];

/// What says something about an address.
const ADDRESS_KINDS: [Kind; 13] = [
    Kind::Delivered,
    Kind::Opened,
    Kind::SoftBounced,
    Kind::HardBounced,
    Kind::SpamReported,
    Kind::ListSubscribed,
    Kind::ListUnsubscribed,
    Kind::OptedIn,
    Kind::OptedOut,
    Kind::Reachable,
    Kind::Unreachable,
    Kind::TokenAdded,
    Kind::TokenRemoved,
];

/// Events that change the state of one person's addresses, one of each type, at few moments.
pub fn address_events(count: usize, dice: &Dice) -> Vec<NewEvent> {
    let introduction = NewEvent { kind: Kind::Other, identifiers: address_identifiers().to_vec(), ..event(dice) };
    let full_mailbox = dice.chance(50);
    let mut events: Vec<NewEvent> = (0..count).map(|_| address_event(dice)).collect();
    for event in &mut events {
        if full_mailbox && dice.chance(70) {
            event.kind = Kind::SoftBounced;
        }
    }
    events.push(introduction);
    events
}

fn address_event(dice: &Dice) -> NewEvent {
    let mut identifiers = address_identifiers().to_vec();
    dice.shuffle(&mut identifiers);
    identifiers.truncate(dice.between(1, 3));
    identifiers.sort();
    let channel = dice.pick(&[None, Some("email"), Some("email"), Some("sms"), Some("push"), Some("web_modal")]);
    let target = match channel {
        Some("email") => dice.maybe(30, " P1@Example.test"),
        Some("sms") => dice.maybe(30, "+49 30 901820-01"),
        _ => None,
    };
    NewEvent {
        kind: dice.pick(&ADDRESS_KINDS),
        channel: channel.map(str::to_owned),
        target_address: target.map(str::to_owned),
        list: dice.maybe(70, dice.pick(&LISTS).to_owned()),
        reason: dice.maybe(70, dice.pick(&["expired", "Returned-To-Sender", "no such word"]).to_owned()),
        updates: (0..dice.below(2)).map(|_| address_update(dice)).collect(),
        identifiers,
        ..event(dice)
    }
}

fn address_update(dice: &Dice) -> AddressUpdate {
    let changes = [AddressChange::OptedOut, AddressChange::Unreachable(ReachabilityType::Other)];
    AddressUpdate {
        address: address_identifiers()[dice.below(4)].clone(),
        at: dice.maybe(50, Micros::from_millis(moment(dice))),
        change: dice.pick(&changes),
    }
}

/// One identifier of each type of address, and one that is none.
pub fn address_identifiers() -> [Identifier; 5] {
    let named = [
        ("email", "p1@example.test"),
        ("phone", "+493090182001"),
        ("pinpoint_endpoint", "endpoint"),
        ("android_push_token", "token"),
        ("user_id", "1"),
    ];
    named.map(|(name, value)| Identifier { name: name.to_owned(), value: value.to_owned() })
}
