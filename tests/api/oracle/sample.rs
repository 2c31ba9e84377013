//! Short ways to write events for the oracle's own tests.

use campaignql::dialect::blank_event;
use campaignql::domain::event::{CampaignRef, Dialect, EventKey, Namespace, NewEvent};
use campaignql::domain::identifier::Identifier;
use campaignql::domain::kind::Kind;
use campaignql::domain::time::Micros;

use super::Oracle;

/// An event under construction.
pub struct Sample(NewEvent);

/// The identifier of `type:value`.
pub fn identifier(text: &str) -> Identifier {
    let (name, value) = text.split_once(':').expect("type:value");
    Identifier { name: name.to_owned(), value: value.to_owned() }
}

/// An event of campaign `c` that names these identifiers (`type:value`, separated by spaces), at 0 s.
pub fn event(identifiers: &str) -> Sample {
    let identifiers = identifiers.split(' ').map(identifier).collect();
    let campaign = CampaignRef { namespace: Namespace::Odp, external_id: "c".to_owned(), name: None };
    Sample(NewEvent {
        kind: Kind::Sent,
        occurred_at: Some(Micros(0)),
        identifiers,
        channel: Some("email".to_owned()),
        campaign: Some(campaign),
        ..blank_event(Dialect::Odp, "email")
    })
}

impl Sample {
    /// At this second.
    pub fn at(self, second: i64) -> Self {
        self.at_ms(second * 1_000)
    }

    /// At this millisecond.
    pub fn at_ms(self, millisecond: i64) -> Self {
        self.with(|event| event.occurred_at = Some(Micros::from_millis(millisecond)))
    }

    /// Of this kind.
    pub fn kind(self, kind: Kind) -> Self {
        self.with(|event| event.kind = kind)
    }

    /// Of this run.
    pub fn run(self, run: &str) -> Self {
        self.with(|event| event.run = Some(run.to_owned()))
    }

    /// Of this message.
    pub fn message(self, id: &str) -> Self {
        self.with(|event| event.message_id = Some(id.to_owned()))
    }

    /// A click on this link.
    pub fn click(self, url: &str) -> Self {
        self.kind(Kind::Clicked).with(|event| event.url = Some(url.to_owned()))
    }

    /// With this key.
    pub fn key(self, key: u8) -> Self {
        self.with(|event| event.key = EventKey::Known([key; 16]))
    }

    /// With any other change.
    pub fn with(mut self, change: impl FnOnce(&mut NewEvent)) -> Self {
        change(&mut self.0);
        self
    }

    /// The event.
    pub fn make(self) -> NewEvent {
        self.0
    }
}

/// An oracle over these events, in UTC.
pub fn oracle(events: Vec<NewEvent>) -> Oracle {
    Oracle::new(events, chrono_tz::UTC)
}
