//! The events of a customer and of all that became part of it, with every field: by the customer that they were stored for,
//! the latest first.

use std::collections::{BTreeSet, HashMap};

use entity::{campaign, cell, event, event_type};
use serde_json::{Value, json};

use super::document::Document;
use super::{Question, event_id, id, time};
use crate::Result;
use crate::domain::event::Automation;
use crate::domain::kind::Kind;
use crate::store::event::EventFilter;
use crate::store::event_by_time::{self, TimePosition};
use crate::store::event_details::EventDetails;
use crate::store::page::{Page, PageEnd};
use crate::store::{self};

/// Events that are held at a time.
const PAGE: u64 = 500;

/// What the numbers in events stand for, learned page by page.
#[derive(Default)]
struct Catalogue {
    cells: HashMap<i64, cell::Model>,
    types: HashMap<i64, event_type::Model>,
    campaigns: HashMap<i64, campaign::Model>,
}

/// Writes all events; their number.
pub(super) async fn write(question: Question<'_>, document: &mut Document<'_, '_>, customers: &[i64]) -> Result<u64> {
    let (mut catalogue, mut number) = (Catalogue::default(), 0);
    document.begin_list("events")?;
    for customer in customers {
        let filter = EventFilter { customers: Some(vec![*customer]), ..EventFilter::default() };
        let mut page = Page { after: None, before: None, from: PageEnd::Start, limit: PAGE };
        loop {
            let slice = event_by_time::page(question.store, question.workspace.id, &filter, &page).await?;
            page.after = slice.rows.last().map(TimePosition::of);
            catalogue.learn(question, &slice.rows).await?;
            for row in &slice.rows {
                document.item(&catalogue.shown(row)?)?;
            }
            number += slice.rows.len() as u64;
            if !slice.has_next {
                break;
            }
        }
    }
    document.end_list()?;
    Ok(number)
}

impl Catalogue {
    async fn learn(&mut self, question: Question<'_>, events: &[event::Model]) -> Result<()> {
        let Question { store, workspace, .. } = question;
        let unknown = |ids: BTreeSet<i64>, is_known: &dyn Fn(&i64) -> bool| -> Vec<i64> {
            ids.into_iter().filter(|id| !is_known(id)).collect()
        };
        let cells = unknown(events.iter().map(|row| row.cell).collect(), &|id| self.cells.contains_key(id));
        let cells = store::cell::find_many(store, workspace.id, &cells).await?;
        let campaigns =
            unknown(cells.iter().map(|cell| cell.campaign).collect(), &|id| self.campaigns.contains_key(id));
        let campaigns = store::campaign::find_many(store, workspace.id, &campaigns).await?;
        let types = unknown(events.iter().map(|row| row.event_type).collect(), &|id| self.types.contains_key(id));
        let types = store::event_type::find_many(store, workspace.id, &types).await?;
        self.cells.extend(cells.into_iter().map(|row| (row.id, row)));
        self.campaigns.extend(campaigns.into_iter().map(|row| (row.id, row)));
        self.types.extend(types.into_iter().map(|row| (row.id, row)));
        Ok(())
    }

    fn shown(&self, row: &event::Model) -> Result<Value> {
        let details = EventDetails::decode(&row.details)?;
        let (cell, event_type) = (self.cells.get(&row.cell), self.types.get(&row.event_type));
        let campaign = cell.and_then(|cell| self.campaigns.get(&cell.campaign)).map(|campaign| {
            json!({
                "id": id("Campaign", campaign.id), "source": campaign.namespace, "externalId": campaign.external_id,
                "name": campaign.name,
            })
        });
        let named: Vec<Value> =
            details.identifiers.iter().map(|(name, value)| json!({"type": name, "value": value})).collect();
        let notes: Vec<Value> =
            details.notes.iter().map(|(code, message)| json!({"code": code, "message": message})).collect();
        let automation = match Automation::from_code(row.automation as u8) {
            Automation::Unknown => None,
            Automation::Human => Some("HUMAN"),
            Automation::Machine => Some("MACHINE"),
        };
        Ok(json!({
            "id": event_id((row.shard, row.seq)), "customer": id("Customer", row.customer),
            "type": event_type.map(|row| &row.r#type), "action": event_type.map(|row| &row.action),
            "kind": Kind::from_code(row.kind as u8).name(), "occurredAt": time(row.occurred_at),
            "receivedAt": time(row.received_at), "sentAt": details.sent_at.map(time), "identifiers": named,
            "channel": cell.map(|cell| &cell.channel), "campaign": campaign, "run": cell.map(|cell| &cell.run),
            "treatment": cell.map(|cell| &cell.treatment), "touchpoint": cell.map(|cell| &cell.touchpoint),
            "source": cell.map(|cell| &cell.source), "content": details.content, "list": details.list,
            "messageId": details.message_id, "targetAddress": details.target_address, "url": details.url,
            "reason": details.reason, "automation": automation, "automationRule": details.automation_rule,
            "notes": notes, "data": details.data,
        }))
    }
}
