//! Folds the new events into the states of the addresses they concern, and keeps their history and the list of those that
//! cannot be reached.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::group::{Fresh, Work};
use super::identify::Identified;
use super::prepare::{PreparedConcern, PreparedEvent};
use super::report::EventId;
use crate::Result;
use crate::domain::address::concerned_among;
use crate::domain::address_days::{AddressDays, may_differ};
use crate::domain::identifier_type::IdentifierTypes;
use crate::domain::identity::IdentifierId;
use crate::domain::reachability::{AddressChange, AddressState, EventRef, Reachability};
use crate::domain::time::Micros;
use crate::store::hot::{Column, IdentityLock, Rows, tables};

/// The addresses that a group concerns, by shard and id.
pub(super) type Concerned<'a> = BTreeMap<(i16, IdentifierId), Address<'a>>;

/// An address, the customer it names, and what the group changes of it.
#[derive(Debug)]
pub(super) struct Address<'a> {
    pub(super) workspace: i32,
    pub(super) name: &'a str,
    pub(super) value: &'a str,
    pub(super) owner: Option<i64>,
    /// Whether its owner was looked up, because no event of the group names it.
    is_foreign: bool,
    changes: Vec<Change>,
}

#[derive(Clone, Copy, Debug)]
struct Change {
    event: usize,
    at: Micros,
    what: AddressChange,
}

/// What the fold left behind.
#[derive(Debug, Default)]
pub(super) struct Folded {
    /// The states of the addresses concerned.
    pub(super) states: HashMap<IdentifierId, AddressState>,
    /// Owners of addresses that, on any day, can be reached further or less far than before, with their workspace.
    pub(super) owners: BTreeMap<i64, i32>,
}

/// Which addresses the events concern, and whose they are.
pub(super) async fn concerned<'a>(
    work: &mut Work<'_>,
    fresh: &[Fresh<'a>],
    identified: &Identified,
) -> Result<Concerned<'a>> {
    let mut concerned = Concerned::new();
    for (index, event) in fresh.iter().enumerate() {
        let workspace = event.batch.workspace;
        let types = &work.settings_of(workspace)?.own.identifier_types;
        let mut add = |(id, name, value): Named<'a>, at: Option<Micros>, change: AddressChange| {
            let address = concerned.entry((work.shards.of_bytes(&id), id)).or_insert_with(|| {
                let owner = identified.owner(&id);
                Address { workspace, name, value, owner, is_foreign: owner.is_none(), changes: Vec::new() }
            });
            address.changes.push(Change { event: index, at: at.unwrap_or_else(|| event.occurred_at()), what: change });
        };
        for update in &event.event.updates {
            let address = &update.address;
            let (name, value) = (&address.identifier.name, &address.identifier.value);
            add((address.id, name, value), update.at, update.change);
        }
        if let Some(change) = &event.event.change {
            for named in changed_by_kind(event.event, &change.concern, types) {
                add(named, None, change.change);
            }
        }
    }
    let owners = foreign_owners(work, &concerned).await?;
    for ((_, id), address) in &mut concerned {
        address.owner = address.owner.or_else(|| owners.get(id).copied());
    }
    Ok(concerned)
}

/// Id, type and value of an address.
type Named<'a> = (IdentifierId, &'a str, &'a str);

fn changed_by_kind<'a>(
    event: &'a PreparedEvent,
    concern: &'a PreparedConcern,
    types: &IdentifierTypes,
) -> Vec<Named<'a>> {
    match concern {
        PreparedConcern::Address(address) => {
            vec![(address.id, &address.identifier.name, &address.identifier.value)]
        }
        PreparedConcern::Among(concern) => {
            let named: Vec<(&str, &str)> =
                event.identifiers.iter().map(|named| (named.name.as_str(), named.value.as_str())).collect();
            let concerned = concerned_among(&named, concern, event.place.channel.as_deref(), types);
            concerned
                .into_iter()
                .map(|index| (event.identifiers[index].named.id, named[index].0, named[index].1))
                .collect()
        }
    }
}

/// The owners of the addresses that no event of the group names.
async fn foreign_owners(work: &mut Work<'_>, concerned: &Concerned<'_>) -> Result<HashMap<IdentifierId, i64>> {
    let foreign: Vec<&(i16, IdentifierId)> =
        concerned.iter().filter(|(_, address)| address.is_foreign).map(|(key, _)| key).collect();
    let keys = Rows::new(vec![
        Column::I16(foreign.iter().map(|key| key.0).collect()),
        Column::Bytes(foreign.iter().map(|key| key.1.to_vec()).collect()),
    ]);
    let rows = work.connection.select(&tables::IDENTIFIER, &["shard", "id"], &keys).await?;
    let ids = rows.bytes(1)?.iter().zip(rows.i64s(5)?);
    Ok(ids.filter_map(|(id, customer)| Some((id.as_slice().try_into().ok()?, *customer))).collect())
}

/// Whether the addresses that no event of the group names still have the owners that were looked up before the shards were
/// locked: else an owner's shard may not be.
pub(super) async fn still_owned(work: &mut Work<'_>, concerned: &Concerned<'_>, lock: IdentityLock) -> Result<bool> {
    // Alone, nobody links anything meanwhile.
    if lock == IdentityLock::Exclusive {
        return Ok(true);
    }
    let owners = foreign_owners(work, concerned).await?;
    let foreign = concerned.iter().filter(|(_, address)| address.is_foreign);
    Ok(foreign.into_iter().all(|((_, id), address)| owners.get(id).copied() == address.owner))
}

/// Folds every change. The shards must be locked.
pub(super) async fn fold_addresses(work: &mut Work<'_>, concerned: &Concerned<'_>, ids: &[EventId]) -> Result<Folded> {
    let mut stored = load_states(work, concerned.keys()).await?;
    let mut folded = Folded::default();
    let mut changes = Changes::default();
    for ((shard, id), address) in concerned {
        let rules = work.settings_of(address.workspace)?.day_rules();
        let before = stored.remove(id).unwrap_or_default();
        let mut state = before.clone();
        for Change { event, at, what: change } in &address.changes {
            let event = (ids[*event].shard, ids[*event].seq);
            state.apply(*change, *at, event, rules.zone);
            changes
                .history
                .extend(change.code().map(|code| (*shard, *id, at.0, event.0, event.1, code, change.list())));
        }
        if state == before {
            folded.states.insert(*id, state);
            continue;
        }
        let (was, is) = (before.reachability(rules.soft_bounce_limit), state.reachability(rules.soft_bounce_limit));
        changes.suppress((*shard, *id), address, (&before, was), (&state, is));
        if let Some(owner) = address.owner
            && may_differ(&before, &state)
            && AddressDays::of(&before, rules) != AddressDays::of(&state, rules)
        {
            folded.owners.insert(owner, address.workspace);
        }
        let unreachable = is.unreachable.map_or(0, |reason| reason as i16);
        changes.states.push(((*shard, *id), address.workspace, unreachable, state.consent_code(), state.encode()));
        folded.states.insert(*id, state);
    }
    changes.write(work).await?;
    Ok(folded)
}

/// The stored states of addresses; those of which nothing is known are left out. The shards must be locked.
pub(super) async fn load_states(
    work: &mut Work<'_>,
    keys: impl Iterator<Item = &(i16, IdentifierId)>,
) -> Result<HashMap<IdentifierId, AddressState>> {
    let keys: Vec<&(i16, IdentifierId)> = keys.collect();
    let keys = Rows::new(vec![
        Column::I16(keys.iter().map(|key| key.0).collect()),
        Column::Bytes(keys.iter().map(|key| key.1.to_vec()).collect()),
    ]);
    let rows = work.connection.select(&tables::ADDRESS_STATE, &["shard", "id"], &keys).await?;
    let mut states = HashMap::with_capacity(rows.len());
    for (id, state) in rows.bytes(1)?.iter().zip(rows.bytes(5)?) {
        if let Ok(id) = id.as_slice().try_into() {
            states.insert(id, AddressState::decode(state)?);
        }
    }
    Ok(states)
}

type Key = (i16, IdentifierId);
type HistoryRow = (i16, IdentifierId, i64, i16, i64, i16, i64);

/// What is to be written.
#[derive(Default)]
struct Changes {
    states: Vec<(Key, i32, i16, i16, Vec<u8>)>,
    history: BTreeSet<HistoryRow>,
    suppressed: Suppressed,
    lifted: Vec<Key>,
}

/// Rows of addresses that ever bounced or cannot be reached.
#[derive(Default)]
pub(super) struct Suppressed(Vec<(Key, i32, String, String, i16, i64, EventRef)>);

impl Suppressed {
    /// Takes an address that bounced or cannot be reached.
    pub(super) fn push(&mut self, key: Key, workspace: i32, named: (&str, &str), is: Reachability) {
        let reason = is.unreachable.map_or(0, |reason| reason as i16);
        let since = is.since.filter(|_| reason > 0).map_or(0, |at| at.0);
        let event = is.event.filter(|_| reason > 0).unwrap_or_default();
        self.0.push((key, workspace, named.0.to_owned(), named.1.to_owned(), reason, since, event));
    }

    /// Writes them.
    pub(super) async fn write(self, work: &mut Work<'_>) -> Result<()> {
        let rows = self.0;
        let rows = Rows::new(vec![
            Column::I16(rows.iter().map(|row| row.0.0).collect()),
            Column::Bytes(rows.iter().map(|row| row.0.1.to_vec()).collect()),
            Column::I32(rows.iter().map(|row| row.1).collect()),
            Column::Text(rows.iter().map(|row| row.2.clone()).collect()),
            Column::Text(rows.iter().map(|row| row.3.clone()).collect()),
            Column::I16(rows.iter().map(|row| row.4).collect()),
            Column::I64(rows.iter().map(|row| row.5).collect()),
            Column::I16(rows.iter().map(|row| row.6.0).collect()),
            Column::I64(rows.iter().map(|row| row.6.1).collect()),
        ]);
        work.connection.put(&tables::SUPPRESSION, &rows).await
    }
}

impl Changes {
    /// Keeps a row for every address that ever bounced or cannot be reached, so that a change of the soft-bounce limit finds
    /// all that it may concern, today or on any day.
    fn suppress(
        &mut self,
        key: Key,
        address: &Address<'_>,
        (before, was): (&AddressState, Reachability),
        (state, is): (&AddressState, Reachability),
    ) {
        let is_troubled =
            |state: &AddressState, reached: Reachability| reached.unreachable.is_some() || state.has_bounced();
        match (is_troubled(before, was), is_troubled(state, is)) {
            (true, false) => self.lifted.push(key),
            (true, true) if was == is => {}
            (_, true) => self.suppressed.push(key, address.workspace, (address.name, address.value), is),
            (false, false) => {}
        }
    }

    async fn write(self, work: &mut Work<'_>) -> Result<()> {
        let states = &self.states;
        let rows = Rows::new(vec![
            Column::I16(states.iter().map(|row| row.0.0).collect()),
            Column::Bytes(states.iter().map(|row| row.0.1.to_vec()).collect()),
            Column::I32(states.iter().map(|row| row.1).collect()),
            Column::I16(states.iter().map(|row| row.2).collect()),
            Column::I16(states.iter().map(|row| row.3).collect()),
            Column::Bytes(states.iter().map(|row| row.4.clone()).collect()),
        ]);
        work.connection.put(&tables::ADDRESS_STATE, &rows).await?;
        let history = &self.history;
        let rows = Rows::new(vec![
            Column::I16(history.iter().map(|row| row.0).collect()),
            Column::Bytes(history.iter().map(|row| row.1.to_vec()).collect()),
            Column::I64(history.iter().map(|row| row.2).collect()),
            Column::I16(history.iter().map(|row| row.3).collect()),
            Column::I64(history.iter().map(|row| row.4).collect()),
            Column::I16(history.iter().map(|row| row.5).collect()),
            Column::I64(history.iter().map(|row| row.6).collect()),
        ]);
        work.connection.insert(&tables::ADDRESS_CHANGE, &rows).await?;
        self.suppressed.write(work).await?;
        let lifted = Rows::new(vec![
            Column::I16(self.lifted.iter().map(|key| key.0).collect()),
            Column::Bytes(self.lifted.iter().map(|key| key.1.to_vec()).collect()),
        ]);
        work.connection.delete(&tables::SUPPRESSION, &lifted).await
    }
}
