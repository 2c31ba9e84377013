//! Events: one, and its fields.

use std::sync::OnceLock;

use async_graphql::{Context, ID, Object, SimpleObject};

use super::campaign::{self, Campaign};
use super::customer::{self, Customer};
use super::error::Result;
use super::identifier::Identifier;
use super::kind::EventKind;
use super::loader::{CellKey, ClickKey, EventKey, EventTypeKey, load};
use super::node::NodeId;
use super::scalar::{DateTime, Json};
use super::source::{EventAutomation, EventDialect};
use crate::analytics::automation::Click;
use crate::domain::event::{Automation, Dialect};
use crate::domain::kind::Kind;
use crate::domain::reachability::EventRef;
use crate::domain::recipient::MessageKey;
use crate::domain::time::Micros;
use crate::store::event_details::EventDetails;

/// An event.
#[derive(Clone, Debug)]
pub struct Event {
    row: entity::event::Model,
    details: OnceLock<EventDetails>,
}

impl From<entity::event::Model> for Event {
    fn from(row: entity::event::Model) -> Self {
        Self { row, details: OnceLock::new() }
    }
}

/// Something that the reader of an event should know about how it was taken.
#[derive(Clone, Debug, SimpleObject)]
pub struct EventNote {
    /// Stable code, such as `IDENTIFIER_DROPPED`.
    code: String,
    /// What happened, naming the value and the rule.
    message: String,
}

/// Something that happened to, or was done by, a customer. Never changed after it was taken.
#[Object]
impl Event {
    /// Opaque, unique over all types, and stable.
    pub async fn id(&self) -> ID {
        NodeId::Event((self.row.shard, self.row.seq)).encode()
    }

    /// The vendor's own word, lower-case.
    #[graphql(name = "type")]
    async fn event_type(&self, ctx: &Context<'_>) -> Result<String> {
        Ok(self.catalogued_type(ctx).await?.r#type)
    }

    /// The vendor's second word, lower-case; null where it has none.
    async fn action(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        Ok(self.catalogued_type(ctx).await?.action)
    }

    /// What it means.
    fn kind(&self) -> EventKind {
        Kind::from_code(self.row.kind as u8).into()
    }

    /// When it happened; for a record without a time, when it was taken in.
    fn occurred_at(&self) -> DateTime {
        DateTime(Micros(self.row.occurred_at))
    }

    /// When it was taken in.
    fn received_at(&self) -> DateTime {
        DateTime(Micros(self.row.received_at))
    }

    /// Who it named, in normal form, sorted by type and value.
    fn identifiers(&self) -> Result<Vec<Identifier>> {
        let identifiers = self.details()?.identifiers.iter();
        Ok(identifiers.map(|(name, value)| Identifier { name: name.clone(), value: value.clone() }).collect())
    }

    /// The customer it belongs to now: the one that it was taken for, or the one that this became part of.
    async fn customer(&self, ctx: &Context<'_>) -> Result<Option<Customer>> {
        customer::find(ctx, self.row.customer).await
    }

    /// Channel, lower-case; null where none is known.
    async fn channel(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        Ok(self.cell(ctx).await?.channel)
    }

    /// The campaign; null where it belongs to none.
    async fn campaign(&self, ctx: &Context<'_>) -> Result<Option<Campaign>> {
        match self.cell(ctx).await?.campaign {
            0 => Ok(None),
            id => campaign::find(ctx, id).await,
        }
    }

    /// The vendor's id of the run (a single execution) of the campaign.
    async fn run(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        Ok(self.cell(ctx).await?.run)
    }

    /// The vendor's id of the treatment (variant) that the recipient got.
    async fn treatment(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        Ok(self.cell(ctx).await?.treatment)
    }

    /// The vendor's id of the touchpoint (step within the campaign).
    async fn touchpoint(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        Ok(self.cell(ctx).await?.touchpoint)
    }

    /// The vendor's id or name of the content.
    fn content(&self) -> Result<Option<&str>> {
        Ok(self.details()?.content.as_deref())
    }

    /// The vendor's id of the list concerned.
    fn list(&self) -> Result<Option<&str>> {
        Ok(self.details()?.list.as_deref())
    }

    /// The vendor's id of the message.
    fn message_id(&self) -> Result<Option<&str>> {
        Ok(self.details()?.message_id.as_deref())
    }

    /// The address whose state it changes; it names nobody.
    fn target_address(&self) -> Result<Option<&str>> {
        Ok(self.details()?.target_address.as_deref())
    }

    /// The link, of a click.
    fn url(&self) -> Result<Option<&str>> {
        Ok(self.details()?.url.as_deref())
    }

    /// Why, of skips, failures, bounces and reachability updates.
    fn reason(&self) -> Result<Option<&str>> {
        Ok(self.details()?.reason.as_deref())
    }

    /// Who acted: the vendor's verdict; without one MACHINE where the click is one of a burst, that is where three or more
    /// links of one message were clicked within one second (both ends included), and otherwise UNKNOWN. A burst shows with
    /// the clicks that complete it, so that UNKNOWN may become MACHINE. A message is one message id of one customer, or
    /// where there is none one campaign, run, treatment and touchpoint; reports call everybody human who is not MACHINE.
    async fn automation(&self, ctx: &Context<'_>) -> Result<EventAutomation> {
        let verdict = self.vendors_verdict();
        let is_burst = verdict == Automation::Unknown && self.is_burst(ctx).await?;
        Ok(if is_burst { EventAutomation::Machine } else { verdict.into() })
    }

    /// The rule that gave the verdict: the vendor and its field, such as `ses.isBotEvent`, or `native.automation` where the sender of a
    /// typed event gave it; `burst` where the speed of clicks did. Null where `automation` is UNKNOWN, and for events that
    /// were taken before rules were kept.
    async fn automation_rule(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        match self.vendors_verdict() {
            Automation::Unknown if self.is_burst(ctx).await? => Ok(Some(BURST.to_owned())),
            Automation::Unknown => Ok(None),
            Automation::Human | Automation::Machine => Ok(self.details()?.automation_rule.clone()),
        }
    }

    /// When the vendor says that the message was sent; null where it does not.
    fn sent_at(&self) -> Result<Option<DateTime>> {
        Ok(self.details()?.sent_at.map(|at| DateTime(Micros(at))))
    }

    /// The form that it came in.
    async fn source(&self, ctx: &Context<'_>) -> Result<EventDialect> {
        let source = self.cell(ctx).await?.source;
        let dialect = Dialect::from_name(&source);
        Ok(dialect.ok_or_else(|| crate::Error::Corrupt(format!("dialect {source}")))?.into())
    }

    /// Everything else that came, as an object, without loss.
    fn data(&self) -> Result<Json> {
        Ok(Json(self.details()?.data.clone().into()))
    }

    /// What to know about how it was taken, such as an identifier that means nobody.
    fn notes(&self) -> Result<Vec<EventNote>> {
        let notes = self.details()?.notes.iter();
        Ok(notes.map(|(code, message)| EventNote { code: code.clone(), message: message.clone() }).collect())
    }
}

const BURST: &str = "burst";

impl Event {
    fn vendors_verdict(&self) -> Automation {
        Automation::from_code(self.row.automation as u8)
    }

    /// Whether it is one of a burst of clicks, if its vendor says nothing.
    async fn is_burst(&self, ctx: &Context<'_>) -> Result<bool> {
        if Kind::from_code(self.row.kind as u8) != Kind::Clicked {
            return Ok(false);
        }
        let cell = self.cell(ctx).await?;
        let message = MessageKey::of(self.row.message, [&cell.run, &cell.treatment, &cell.touchpoint]);
        let at = Micros(self.row.occurred_at);
        let click = Click { campaign: cell.campaign, customer: self.row.customer, message, at };
        Ok(load(ctx, ClickKey(click)).await?.unwrap_or_default())
    }

    fn details(&self) -> Result<&EventDetails> {
        if let Some(details) = self.details.get() {
            return Ok(details);
        }
        let details = EventDetails::decode(&self.row.details)?;
        Ok(self.details.get_or_init(|| details))
    }

    async fn catalogued_type(&self, ctx: &Context<'_>) -> Result<entity::event_type::Model> {
        let found = load(ctx, EventTypeKey(self.row.event_type)).await?;
        Ok(found.ok_or_else(|| crate::Error::Corrupt(format!("event type {} is missing", self.row.event_type)))?)
    }

    async fn cell(&self, ctx: &Context<'_>) -> Result<entity::cell::Model> {
        let found = load(ctx, CellKey(self.row.cell)).await?;
        Ok(found.ok_or_else(|| crate::Error::Corrupt(format!("cell {} is missing", self.row.cell)))?)
    }
}

/// The event of a number.
pub async fn find(ctx: &Context<'_>, id: EventRef) -> Result<Option<Event>> {
    Ok(load(ctx, EventKey(id)).await?.map(Event::from))
}
