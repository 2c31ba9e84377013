//! Keeps blocked identifiers out: what names nobody but erased customers is dropped, and of everything else the blocked
//! identifiers are taken out. Asks the database once a group, and not at all where no workspace of it has blocks.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap, HashSet};

use super::erase;
use super::group::{FoldSettings, Position, Work};
use super::prepare::{PreparedBatch, PreparedConcern, PreparedEvent, PreparedIdentifier, PreparedProfile};
use crate::Result;
use crate::domain::block::{BlockHash, Blocks};
use crate::domain::hash::identifier_id;
use crate::domain::identifier::Identifier;
use crate::domain::identity::IdentifierId;
use crate::domain::mention::{Mentions, candidates};
use crate::domain::profile::AttributeValue;
use crate::domain::time::Micros;
use crate::store::event_details::EventDetails;
use crate::store::hot::{Column, Rows, tables};

/// What a group may take of its batches.
#[derive(Debug, Default)]
pub(super) struct Screened {
    /// Events that are not taken as they came, by position and number within their record: changed, or dropped.
    events: HashMap<(usize, usize, usize), Option<PreparedEvent>>,
    /// The same of profile updates, by batch and number.
    profiles: HashMap<(usize, usize), Option<PreparedProfile>>,
    /// Bad records that are not kept.
    records: HashSet<(usize, usize)>,
}

impl Screened {
    /// An event as it is taken, if it is.
    pub(super) fn event<'a>(
        &'a self,
        position: Position,
        number: usize,
        event: &'a PreparedEvent,
    ) -> Option<&'a PreparedEvent> {
        match self.events.get(&(position.batch, position.record, number)) {
            Some(changed) => changed.as_ref(),
            None => Some(event),
        }
    }

    /// A profile update as it is taken, if it is.
    pub(super) fn profile<'a>(
        &'a self,
        (batch, number): (usize, usize),
        profile: &'a PreparedProfile,
    ) -> Option<&'a PreparedProfile> {
        match self.profiles.get(&(batch, number)) {
            Some(changed) => changed.as_ref(),
            None => Some(profile),
        }
    }

    /// Whether a bad record may be kept.
    pub(super) fn keeps(&self, batch: usize, record: usize) -> bool {
        !self.records.contains(&(batch, record))
    }

    /// Whether something of a record was dropped: the record itself, or an event of it.
    pub(super) fn drops(&self, position: Position, events: usize) -> bool {
        let dropped = |number| self.events.get(&(position.batch, position.record, number)).is_some_and(Option::is_none);
        !self.keeps(position.batch, position.record) || (!self.events.is_empty() && (0..events).any(dropped))
    }
}

/// Asks which identifiers of the group are blocked, and takes them out.
pub(super) async fn screen(work: &mut Work<'_>, batches: &[&PreparedBatch]) -> Result<Screened> {
    let now = Micros::now();
    let blocks_of =
        |settings: &FoldSettings| settings.own.blocks.as_ref().filter(|blocks| blocks.may_hold(now)).cloned();
    let keys: HashMap<i32, Blocks> =
        work.settings.iter().filter_map(|(workspace, settings)| Some((*workspace, blocks_of(settings)?))).collect();
    if keys.is_empty() {
        return Ok(Screened::default());
    }
    let named = Named::of(batches, &keys);
    let mut blocked = HashSet::new();
    for (workspace, ids) in &named.ids {
        if let Some(blocks) = keys.get(workspace) {
            blocked.extend(blocked_of(work, *workspace, (ids, blocks), now).await?);
        }
    }
    let mut screened = Screened::default();
    if blocked.is_empty() {
        return Ok(screened);
    }
    for (batch_number, batch) in batches.iter().enumerate() {
        for (record_number, record) in batch.records.iter().enumerate() {
            for (number, event) in record.outcome.iter().flatten().enumerate() {
                if let Some(changed) = without(event, &blocked)? {
                    screened.events.insert((batch_number, record_number, number), changed.left());
                }
            }
            let named = named.records.get(&(batch_number, record_number));
            if named.is_some_and(|ids| ids.iter().any(|id| blocked.contains(id))) {
                screened.records.insert((batch_number, record_number));
            }
        }
        for (number, profile) in batch.profiles.iter().enumerate() {
            if let Some(changed) = profile_without(profile, &blocked) {
                screened.profiles.insert((batch_number, number), changed.left());
            }
        }
    }
    Ok(screened)
}

/// Removes quarantined records of which something was dropped when they were replayed.
pub(super) async fn forget_replayed(
    work: &mut Work<'_>,
    batches: &[&PreparedBatch],
    screened: &Screened,
) -> Result<()> {
    if screened.events.is_empty() {
        return Ok(());
    }
    let batch_drops = |number: usize| screened.events.keys().any(|(batch, _, _)| *batch == number);
    let replays = batches.iter().enumerate().filter(|(number, _)| batch_drops(*number));
    let replays = replays.filter_map(|(_, batch)| batch.replay.as_ref());
    let records: BTreeSet<_> = replays.map(|replay| (work.shards.of_bytes(&replay.id), replay.id.to_vec())).collect();
    erase::forget_records(work, &records).await?;
    Ok(())
}

/// Every identifier that a group names in workspaces with blocks.
struct Named {
    ids: HashMap<i32, HashSet<IdentifierId>>,
    /// What bad records may name.
    records: HashMap<(usize, usize), Vec<IdentifierId>>,
}

impl Named {
    fn of(batches: &[&PreparedBatch], keys: &HashMap<i32, Blocks>) -> Self {
        let mut named = Self { ids: HashMap::new(), records: HashMap::new() };
        for (batch_number, batch) in batches.iter().enumerate().filter(|(_, batch)| keys.contains_key(&batch.workspace))
        {
            let ids = named.ids.entry(batch.workspace).or_default();
            for (record_number, record) in batch.records.iter().enumerate() {
                match &record.outcome {
                    Ok(events) => events.iter().for_each(|event| ids.extend(ids_of(event))),
                    Err(rejected) => {
                        let id = |named: Identifier| identifier_id(batch.workspace, &named.name, &named.value);
                        let found: Vec<IdentifierId> = candidates(&rejected.raw).into_iter().map(id).collect();
                        ids.extend(found.iter().copied());
                        named.records.insert((batch_number, record_number), found);
                    }
                }
            }
            for profile in &batch.profiles {
                ids.extend(profile.identifiers.iter().map(|identifier| identifier.named.id));
            }
        }
        named
    }
}

/// Identifiers, target address and updated addresses.
fn ids_of(event: &PreparedEvent) -> impl Iterator<Item = IdentifierId> {
    let updated = event.updates.iter().map(|update| update.address.id);
    let target = event.target.iter().map(|target| target.id);
    event.identifiers.iter().map(|identifier| identifier.named.id).chain(updated).chain(target)
}

/// Which identifiers of a workspace are blocked. Either the blocks are looked up or all of them are read: whichever is less.
async fn blocked_of(
    work: &mut Work<'_>,
    workspace: i32,
    (ids, blocks): (&HashSet<IdentifierId>, &Blocks),
    now: Micros,
) -> Result<HashSet<IdentifierId>> {
    let hashed: HashMap<BlockHash, IdentifierId> = ids.iter().map(|id| (blocks.key.hash(id), *id)).collect();
    let rows = if hashed.len() < blocks.identifiers {
        let keys = hashed.keys().map(|hash| hash.to_vec()).collect();
        let keys = Rows::new(vec![Column::I32(vec![workspace; hashed.len()]), Column::Bytes(keys)]);
        work.connection.select(&tables::BLOCKED_IDENTIFIER, &["workspace", "hash"], &keys).await?
    } else {
        let key = Rows::new(vec![Column::I32(vec![workspace])]);
        work.connection.select(&tables::BLOCKED_IDENTIFIER, &["workspace"], &key).await?
    };
    let mut blocked = HashSet::new();
    for (hash, until) in rows.bytes(1)?.iter().zip(rows.i64s(3)?) {
        let hash: Option<BlockHash> = hash.as_slice().try_into().ok();
        if *until > now.0 {
            blocked.extend(hash.and_then(|hash| hashed.get(&hash)));
        }
    }
    Ok(blocked)
}

/// An event or a profile update of which something is not taken.
enum Changed<T> {
    Dropped,
    Kept(Box<T>),
}

impl<T> Changed<T> {
    fn left(self) -> Option<T> {
        match self {
            Self::Dropped => None,
            Self::Kept(left) => Some(*left),
        }
    }
}

/// The event without blocked identifiers and without every text that names one; none where it names none.
fn without(event: &PreparedEvent, blocked: &HashSet<IdentifierId>) -> Result<Option<Changed<PreparedEvent>>> {
    if !ids_of(event).any(|id| blocked.contains(&id)) {
        return Ok(None);
    }
    let is_blocked = |id: &IdentifierId| blocked.contains(id);
    if event.identifiers.iter().all(|identifier| is_blocked(&identifier.named.id)) {
        return Ok(Some(Changed::Dropped));
    }
    let own = event.identifiers.iter().filter(|identifier| is_blocked(&identifier.named.id)).map(identifier_of);
    let updated = event.updates.iter().map(|update| &update.address).chain(&event.target);
    let updated = updated.filter(|address| is_blocked(&address.id)).map(|address| address.identifier.clone());
    let gone: BTreeSet<Identifier> = own.chain(updated).collect();
    let gone: Vec<Identifier> = gone.into_iter().collect();
    let mut kept = event.clone();
    kept.identifiers.retain(|identifier| !is_blocked(&identifier.named.id));
    kept.updates.retain(|update| !is_blocked(&update.address.id));
    kept.target = kept.target.filter(|target| !is_blocked(&target.id));
    // What was said of the blocked address says nothing of the others.
    kept.change = kept.change.filter(|change| match &change.concern {
        PreparedConcern::Address(address) => !is_blocked(&address.id),
        PreparedConcern::Among(concern) => !gone.iter().any(|identifier| concern.is_value(&identifier.value)),
    });
    let mentions = Mentions::of(&gone);
    kept.detail_text = kept.detail_text.filter(|text| !mentions.in_text(text));
    let mut details = EventDetails::decode(&kept.details)?;
    details.forget(&gone);
    kept.details = details.encode();
    Ok(Some(Changed::Kept(Box::new(kept))))
}

fn identifier_of(named: &PreparedIdentifier) -> Identifier {
    Identifier { name: named.name.clone(), value: named.value.clone() }
}

/// The same of a profile update.
fn profile_without(profile: &PreparedProfile, blocked: &HashSet<IdentifierId>) -> Option<Changed<PreparedProfile>> {
    let (gone, left): (Vec<PreparedIdentifier>, Vec<PreparedIdentifier>) =
        profile.identifiers.iter().cloned().partition(|identifier| blocked.contains(&identifier.named.id));
    if gone.is_empty() {
        return None;
    }
    if left.is_empty() {
        return Some(Changed::Dropped);
    }
    let gone: Vec<Identifier> = gone.iter().map(identifier_of).collect();
    let mentions = Mentions::of(&gone);
    let mut attributes = profile.attributes.clone();
    attributes.retain(|name, value| {
        let text: Cow<'_, str> = match value {
            AttributeValue::Text(text) => Cow::Borrowed(text),
            other => other.to_json().to_string().into(),
        };
        !mentions.in_text(name) && !mentions.in_text(&text)
    });
    Some(Changed::Kept(Box::new(PreparedProfile { identifiers: left, attributes, at: profile.at })))
}
