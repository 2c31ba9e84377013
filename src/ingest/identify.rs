//! Whose the new events and profiles are: loads the links they touch, lets the rules of `domain::identity` decide, and writes what
//! changed. Merges, moves and first identifications need the exclusive identity lock, because two transactions that
//! each see half of it would decide differently than one after the other.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::group::{Fresh, Work};
use super::identity_history::TracedChange;
use super::ids::next_id;
use super::merge::{FreshMerge, MergeOutcome, load_merged, merge_all};
use super::prepare::PreparedIdentifier;
use super::profile::FreshProfile;
use super::reach::OwnAddress;
use crate::Result;
use crate::domain::day::day_in_zone;
use crate::domain::identifier_type::IdentifierTypes;
use crate::domain::identity::{IdentifierId, IdentityChange, IdentityOutcome, NamedIdentifier, Resolver};
use crate::domain::time::Micros;
use crate::store::hot::{Column, IdentityLock, Repoint, Rows, tables};

/// Identifiers that are named together, by an event or a profile.
#[derive(Clone, Copy, Debug)]
pub(super) struct Named<'a> {
    pub(super) identifiers: &'a [PreparedIdentifier],
    pub(super) workspace: i32,
    /// When, by the event's or profile's own time.
    at: Micros,
}

impl<'a> Named<'a> {
    /// Those of an event.
    pub(super) fn of_event(fresh: &Fresh<'a>) -> Self {
        Self { identifiers: &fresh.event.identifiers, workspace: fresh.batch.workspace, at: fresh.occurred_at() }
    }

    /// Those of a profile.
    pub(super) fn of_profile(fresh: &FreshProfile<'a>) -> Self {
        Self { identifiers: &fresh.profile.identifiers, workspace: fresh.batch.workspace, at: fresh.at() }
    }
}

/// What a group says about who is who, in order: first events and profiles, then merges by hand.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arrivals<'a> {
    /// Identifiers that are named together.
    pub(super) named: &'a [Named<'a>],
    /// Customers that somebody says are one.
    pub(super) merges: &'a [FreshMerge<'a>],
}

impl Arrivals<'_> {
    /// Whether nothing is said.
    pub(super) fn is_empty(&self) -> bool {
        self.named.is_empty() && self.merges.is_empty()
    }
}

/// The customers of the new events, and the merges that they caused.
#[derive(Debug)]
pub(super) struct Identified {
    /// The customer of each event, then of each profile, in order; it stands for itself.
    pub(super) customers: Vec<i64>,
    /// What became of each merge by hand, in order.
    pub(super) merges: Vec<MergeOutcome>,
    /// Every merge and move between stored customers, in order.
    pub(super) changes: Vec<TracedChange>,
    /// Stored customers that were merged: (merged, survivor).
    pub(super) merged: Vec<(i64, i64)>,
    /// New customers, with their workspace.
    pub(super) created: BTreeMap<i64, i32>,
    /// Addresses that changed hands or channels.
    pub(super) addresses: ChangedAddresses,
    /// Stored identifiers that were named on an earlier day than ever before.
    pub(super) earlier: Vec<NamedEarlier>,
    resolver: Resolver,
}

/// A stored identifier that was named on an earlier day than its row knows.
#[derive(Clone, Copy, Debug)]
pub(super) struct NamedEarlier {
    pub(super) shard: i16,
    pub(super) id: IdentifierId,
    pub(super) day: i32,
    pub(super) owner: i64,
    pub(super) workspace: i32,
}

/// A new customer whose identifiers are all new.
#[derive(Clone, Debug)]
pub(super) struct NewCustomer {
    /// The earliest day on which one of them was named.
    pub(super) known_since: i32,
    pub(super) addresses: Vec<OwnAddress>,
}

/// Addresses that changed hands or channels.
#[derive(Debug, Default)]
pub(super) struct ChangedAddresses {
    /// Customers who gained or lost one, or whose was seen on another channel, with their workspace; also those between whom
    /// another identifier moved, since when they are known depends on it.
    pub(super) relinked: BTreeMap<i64, i32>,
    /// Those that were never linked before.
    pub(super) new: Vec<IdentifierId>,
    /// New customers who have no other than new identifiers.
    pub(super) of_new: HashMap<i64, NewCustomer>,
}

impl Identified {
    /// The customer that an identifier names, if the group mentions it.
    pub(super) fn owner(&self, id: &IdentifierId) -> Option<i64> {
        self.resolver.owner(id)
    }
}

/// Why a group could not be identified under the shared lock. Its transaction must be rolled back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Obstacle {
    /// Customers merge, are identified, or identifiers move or are seen on another channel.
    LinksChange,
    /// Another transaction has linked one of the new identifiers meanwhile.
    LostRace,
}

/// A stored identifier, or one about to be.
#[derive(Clone, Debug)]
struct IdentifierRow {
    workspace: i32,
    name: String,
    value: String,
    customer: i64,
    channels: BTreeSet<String>,
    linked_at: i64,
    first_day: i32,
}

/// A stored customer, or one about to be.
#[derive(Clone, Copy, Debug)]
pub(super) struct CustomerRow {
    pub(super) workspace: i32,
    pub(super) is_identified: bool,
    pub(super) merged_into: Option<i64>,
    pub(super) created_at: i64,
    /// Whether nothing but a nameless shell is left.
    pub(super) is_erased: bool,
}

/// Resolves everybody who is named, merges who is said to be one, and writes customers and identifiers.
pub(super) async fn identify(
    work: &mut Work<'_>,
    arrivals: &Arrivals<'_>,
    lock: IdentityLock,
) -> Result<Result<Identified, Obstacle>> {
    let Arrivals { named, merges } = *arrivals;
    let mentions = mentioned(work, arrivals)?;
    let stored = load_identifiers(work, &mentions).await?;
    let mut customers = load_customers(work, stored.values().map(|row| row.customer)).await?;
    load_merged(work, merges, &mut customers).await?;
    let mut resolver = Resolver::default();
    for (id, row) in &stored {
        resolver.know(*id, row.customer, customers.get(&row.customer).is_some_and(|c| c.is_identified));
    }
    let mut new_id = next_id;
    let mut owners = Vec::with_capacity(named.len());
    for (by, named) in named.iter().enumerate() {
        let types = &work.settings_of(named.workspace)?.own.identifier_types;
        let identifiers: Vec<NamedIdentifier> = named.identifiers.iter().map(|i| typed(i, types)).collect();
        owners.push(resolver.resolve(by, &identifiers, &mut new_id));
    }
    let merges = merge_all(&mut resolver, merges, named.len(), &customers);
    let owners = owners.into_iter().map(|customer| resolver.find(customer)).collect();
    let outcome = resolver.finish();
    let seen_elsewhere = newly_seen_channels(&mentions, &stored);
    let changes_links = !outcome.merged.is_empty()
        || !outcome.identified.is_empty()
        || !seen_elsewhere.is_empty()
        || outcome.linked.iter().any(|(_, _, is_new)| !is_new);
    if lock == IdentityLock::Shared && changes_links {
        return Ok(Err(Obstacle::LinksChange));
    }
    let writer = Writer { arrivals, mentions, stored, customers, now: Micros::now().0 };
    if !writer.write(work, &outcome, &seen_elsewhere).await? {
        return Ok(Err(Obstacle::LostRace));
    }
    let created = writer.workspaces_of_created(&outcome);
    let addresses = writer.changed_addresses(work, &outcome, &seen_elsewhere, &resolver)?;
    let changes = writer.traced(&outcome);
    let earlier = writer.named_earlier(work, &resolver);
    Ok(Ok(Identified {
        customers: owners,
        merges,
        changes,
        merged: outcome.merged,
        created,
        addresses,
        earlier,
        resolver,
    }))
}

/// The identifier with the confidence that its type has in the workspace.
fn typed(identifier: &PreparedIdentifier, types: &IdentifierTypes) -> NamedIdentifier {
    let registered = types.registered(&identifier.name);
    let is_high = registered.map_or(identifier.named.is_high, |registered| registered.is_high);
    NamedIdentifier { is_high, ..identifier.named.clone() }
}

/// An identifier as the group mentions it.
#[derive(Debug)]
struct Mention<'a> {
    identifier: &'a PreparedIdentifier,
    workspace: i32,
    seen_on: BTreeSet<&'a str>,
    /// The earliest day on which it is named, in the workspace's zone.
    first_day: i32,
}

fn mentioned<'a>(work: &Work<'_>, arrivals: &Arrivals<'a>) -> Result<BTreeMap<IdentifierId, Mention<'a>>> {
    let mut mentions = BTreeMap::new();
    let mut mention = |identifier: &'a PreparedIdentifier, workspace, day: i32| {
        let new = || Mention { identifier, workspace, seen_on: BTreeSet::new(), first_day: day };
        let mention = mentions.entry(identifier.named.id).or_insert_with(new);
        mention.seen_on.extend(identifier.seen_on.as_deref());
        mention.first_day = mention.first_day.min(day);
    };
    for named in arrivals.named {
        let day = day_in_zone(named.at, work.settings_of(named.workspace)?.zone);
        named.identifiers.iter().for_each(|identifier| mention(identifier, named.workspace, day));
    }
    for merge in arrivals.merges {
        // A merge tells nothing of the time from which an identifier is known.
        merge.identifiers().for_each(|identifier| mention(identifier, merge.workspace, i32::MAX));
    }
    Ok(mentions)
}

async fn load_identifiers(
    work: &mut Work<'_>,
    mentions: &BTreeMap<IdentifierId, Mention<'_>>,
) -> Result<HashMap<IdentifierId, IdentifierRow>> {
    let mut keys: Vec<(i16, &IdentifierId)> = mentions.keys().map(|id| (work.shards.of_bytes(id), id)).collect();
    keys.sort_unstable();
    let keys = Rows::new(vec![
        Column::I16(keys.iter().map(|key| key.0).collect()),
        Column::Bytes(keys.iter().map(|key| key.1.to_vec()).collect()),
    ]);
    let rows = work.connection.select(&tables::IDENTIFIER, &["shard", "id"], &keys).await?;
    let mut stored = HashMap::with_capacity(rows.len());
    for (row, id) in rows.bytes(1)?.iter().enumerate() {
        let Ok(id) = id.as_slice().try_into() else { continue };
        let value = IdentifierRow {
            workspace: rows.i32s(2)?[row],
            name: rows.texts(3)?[row].clone(),
            value: rows.texts(4)?[row].clone(),
            customer: rows.i64s(5)?[row],
            channels: rows.texts(6)?[row].split_whitespace().map(str::to_owned).collect(),
            linked_at: rows.i64s(7)?[row],
            first_day: rows.i32s(8)?[row],
        };
        stored.insert(id, value);
    }
    Ok(stored)
}

/// The rows of customers, by id.
pub(super) async fn load_customers(
    work: &mut Work<'_>,
    ids: impl Iterator<Item = i64>,
) -> Result<HashMap<i64, CustomerRow>> {
    let customers: BTreeSet<(i16, i64)> = ids.map(|id| (work.shards.of_id(id), id)).collect();
    let keys = Rows::new(vec![
        Column::I16(customers.iter().map(|key| key.0).collect()),
        Column::I64(customers.iter().map(|key| key.1).collect()),
    ]);
    let rows = work.connection.select(&tables::CUSTOMER, &["shard", "id"], &keys).await?;
    let mut found = HashMap::with_capacity(rows.len());
    for (row, id) in rows.i64s(1)?.iter().enumerate() {
        // Nobody becomes part of the shell of an erased customer.
        if rows.opt_i64s(6)?[row].is_some() {
            continue;
        }
        let value = CustomerRow {
            workspace: rows.i32s(2)?[row],
            is_identified: rows.bools(3)?[row],
            merged_into: rows.opt_i64s(4)?[row],
            created_at: rows.i64s(5)?[row],
            is_erased: rows.opt_i64s(6)?[row].is_some(),
        };
        found.insert(*id, value);
    }
    Ok(found)
}

/// Stored identifiers seen on channels that their rows do not name yet.
fn newly_seen_channels(
    mentions: &BTreeMap<IdentifierId, Mention<'_>>,
    stored: &HashMap<IdentifierId, IdentifierRow>,
) -> Vec<IdentifierId> {
    let is_newly_seen = |id: &IdentifierId, mention: &Mention<'_>| {
        stored.get(id).is_some_and(|row| mention.seen_on.iter().any(|channel| !row.channels.contains(*channel)))
    };
    mentions.iter().filter(|(id, mention)| is_newly_seen(id, mention)).map(|(id, _)| *id).collect()
}

/// Whom an identifier is to name.
#[derive(Clone, Copy, Debug)]
struct Link {
    customer: i64,
    /// Whether it named another person before.
    is_moved: bool,
}

struct Writer<'a> {
    arrivals: &'a Arrivals<'a>,
    mentions: BTreeMap<IdentifierId, Mention<'a>>,
    stored: HashMap<IdentifierId, IdentifierRow>,
    customers: HashMap<i64, CustomerRow>,
    now: i64,
}

const IDENTIFIERS_OF_MERGED: Repoint = Repoint { table: "identifier", set: "customer", column: "customer" };
const ALIASES_OF_MERGED: Repoint = Repoint { table: "customer", set: "merged_into", column: "merged_into" };

impl Writer<'_> {
    /// Writes the outcome; false where another transaction has linked one of the new identifiers meanwhile.
    async fn write(
        &self,
        work: &mut Work<'_>,
        outcome: &IdentityOutcome,
        seen_elsewhere: &[IdentifierId],
    ) -> Result<bool> {
        let new_links = outcome.linked.iter().filter(|link| link.2);
        let new_links = new_links.map(|link| (link.0, Link { customer: link.1, is_moved: false }));
        let new_rows = self.identifier_rows(work, new_links);
        let inserted = work.connection.insert_new(&tables::IDENTIFIER, &new_rows).await?;
        if inserted.len() != new_rows.len() {
            return Ok(false);
        }
        let created = self.created_rows(work, outcome);
        work.connection.insert(&tables::CUSTOMER, &created).await?;
        let changed = self.changed_customer_rows(work, outcome);
        work.connection.put(&tables::CUSTOMER, &changed).await?;
        work.connection.repoint(&ALIASES_OF_MERGED, &outcome.merged).await?;
        work.connection.repoint(&IDENTIFIERS_OF_MERGED, &outcome.merged).await?;
        let changed = self.identifier_rows(work, self.changed_links(outcome, seen_elsewhere));
        work.connection.put(&tables::IDENTIFIER, &changed).await?;
        Ok(true)
    }

    fn workspaces_of_created(&self, outcome: &IdentityOutcome) -> BTreeMap<i64, i32> {
        let workspaces: HashMap<i64, i32> = outcome
            .linked
            .iter()
            .filter_map(|(id, customer, _)| Some((*customer, self.mentions.get(id)?.workspace)))
            .collect();
        let fallback = self.arrivals.named.first().map_or(0, |named| named.workspace);
        let workspace = |id: &i64| workspaces.get(id).copied().unwrap_or(fallback);
        outcome.created.iter().map(|(id, _)| (*id, workspace(id))).collect()
    }

    /// Customers who gained or lost addresses or channels, and the addresses that were never linked before.
    fn changed_addresses(
        &self,
        work: &Work<'_>,
        outcome: &IdentityOutcome,
        seen_elsewhere: &[IdentifierId],
        resolver: &Resolver,
    ) -> Result<ChangedAddresses> {
        let mut changed = ChangedAddresses::default();
        let new = NewCustomer { known_since: i32::MAX, addresses: Vec::new() };
        changed.of_new.extend(outcome.created.iter().map(|(customer, _)| (*customer, new.clone())));
        for (_, survivor) in &outcome.merged {
            changed.of_new.remove(survivor);
        }
        let linked = outcome.linked.iter().map(|(id, _, is_new)| (id, *is_new));
        for (id, is_new) in linked.chain(seen_elsewhere.iter().map(|id| (id, false))) {
            let Some(mention) = self.mentions.get(id) else { continue };
            let (name, owner) = (&mention.identifier.name, resolver.owner(id));
            let types = &work.settings_of(mention.workspace)?.own.identifier_types;
            let is_address = types.is_messaging(name);
            if is_address || !is_new {
                let before = self.stored.get(id).map(|row| resolver.find(row.customer));
                changed.relinked.extend(before.into_iter().chain(owner).map(|customer| (customer, mention.workspace)));
            }
            if is_new && is_address {
                changed.new.push(*id);
            }
            let Some(owner) = owner else { continue };
            if !is_new {
                changed.of_new.remove(&owner);
            } else if let Some(new) = changed.of_new.get_mut(&owner) {
                new.known_since = new.known_since.min(mention.first_day);
                if is_address {
                    let seen_on: Vec<&str> = mention.seen_on.iter().copied().collect();
                    let channels = types.channels(name, &seen_on.join(" "));
                    new.addresses.push(OwnAddress { id: *id, channels, first_day: mention.first_day });
                }
            }
        }
        Ok(changed)
    }

    /// Stored identifiers that the group names on an earlier day than ever before.
    fn named_earlier(&self, work: &Work<'_>, resolver: &Resolver) -> Vec<NamedEarlier> {
        let earlier = self.stored.iter().filter_map(|(id, row)| {
            let day = self.mentions.get(id)?.first_day;
            let (shard, owner) = (work.shards.of_bytes(id), resolver.owner(id)?);
            (day < row.first_day).then_some(NamedEarlier { shard, id: *id, day, owner, workspace: row.workspace })
        });
        earlier.collect()
    }

    fn created_rows(&self, work: &Work<'_>, outcome: &IdentityOutcome) -> Rows {
        let workspaces = self.workspaces_of_created(outcome);
        let rows = outcome.created.iter().map(|(id, is_identified)| {
            let workspace = workspaces.get(id).copied().unwrap_or_default();
            let (is_identified, created_at) = (*is_identified, self.now);
            (*id, CustomerRow { workspace, is_identified, merged_into: None, created_at, is_erased: false })
        });
        customer_rows(work, rows.collect())
    }

    fn changed_customer_rows(&self, work: &Work<'_>, outcome: &IdentityOutcome) -> Rows {
        let merged = outcome.merged.iter().map(|(merged, survivor)| (*merged, Some(*survivor)));
        let identified = outcome.identified.iter().map(|customer| (*customer, None));
        let rows = merged.chain(identified).filter_map(|(id, merged_into)| {
            let row = self.customers.get(&id)?;
            let is_identified = row.is_identified || merged_into.is_none();
            Some((id, CustomerRow { is_identified, merged_into, ..*row }))
        });
        customer_rows(work, rows.collect())
    }

    /// Stored identifiers with another owner or another channel, with the owner they have now.
    fn changed_links(
        &self,
        outcome: &IdentityOutcome,
        seen_elsewhere: &[IdentifierId],
    ) -> BTreeMap<IdentifierId, Link> {
        let survivors: HashMap<i64, i64> = outcome.merged.iter().copied().collect();
        let mut links = BTreeMap::new();
        for id in seen_elsewhere {
            if let Some(row) = self.stored.get(id) {
                let customer = survivors.get(&row.customer).copied().unwrap_or(row.customer);
                links.insert(*id, Link { customer, is_moved: false });
            }
        }
        let moved = outcome.linked.iter().filter(|link| !link.2);
        links.extend(moved.map(|link| (link.0, Link { customer: link.1, is_moved: true })));
        links
    }

    fn identifier_rows(&self, work: &Work<'_>, links: impl IntoIterator<Item = (IdentifierId, Link)>) -> Rows {
        let mut rows: Vec<(i16, IdentifierId, IdentifierRow)> = links
            .into_iter()
            .filter_map(|(id, link)| Some((work.shards.of_bytes(&id), id, self.identifier_row(&id, link)?)))
            .collect();
        rows.sort_unstable_by_key(|row| (row.0, row.1));
        let spaced = |channels: &BTreeSet<String>| channels.iter().map(String::as_str).collect::<Vec<_>>().join(" ");
        Rows::new(vec![
            Column::I16(rows.iter().map(|row| row.0).collect()),
            Column::Bytes(rows.iter().map(|row| row.1.to_vec()).collect()),
            Column::I32(rows.iter().map(|row| row.2.workspace).collect()),
            Column::Text(rows.iter().map(|row| row.2.name.clone()).collect()),
            Column::Text(rows.iter().map(|row| row.2.value.clone()).collect()),
            Column::I64(rows.iter().map(|row| row.2.customer).collect()),
            Column::Text(rows.iter().map(|row| spaced(&row.2.channels)).collect()),
            Column::I64(rows.iter().map(|row| row.2.linked_at).collect()),
            Column::I32(rows.iter().map(|row| row.2.first_day).collect()),
        ])
    }

    /// A merge keeps the time of the link: the identifier has named a part of the same person since then.
    fn identifier_row(&self, id: &IdentifierId, Link { customer, is_moved }: Link) -> Option<IdentifierRow> {
        let mention = self.mentions.get(id)?;
        let seen_on = mention.seen_on.iter().map(|channel| (*channel).to_owned());
        Some(match self.stored.get(id) {
            Some(row) => {
                let linked_at = if is_moved { self.now } else { row.linked_at };
                let channels = row.channels.iter().cloned().chain(seen_on).collect();
                IdentifierRow { customer, channels, linked_at, ..row.clone() }
            }
            None => IdentifierRow {
                workspace: mention.workspace,
                name: mention.identifier.name.clone(),
                value: mention.identifier.value.clone(),
                customer,
                channels: seen_on.collect(),
                linked_at: self.now,
                first_day: mention.first_day,
            },
        })
    }

    fn traced(&self, outcome: &IdentityOutcome) -> Vec<TracedChange> {
        let traced = |change: &IdentityChange| {
            let mention = change.identifier.as_ref().and_then(|id| self.mentions.get(id));
            let of_stored = self.customers.get(&change.other).map_or(0, |row| row.workspace);
            let named = |mention: &Mention<'_>| (mention.identifier.name.clone(), mention.identifier.value.clone());
            TracedChange {
                workspace: mention.map_or(of_stored, |mention| mention.workspace),
                identifier: mention.map(named),
                at: self.now,
                change: change.clone(),
            }
        };
        outcome.changes.iter().map(traced).collect()
    }
}

fn customer_rows(work: &Work<'_>, mut rows: Vec<(i64, CustomerRow)>) -> Rows {
    rows.sort_unstable_by_key(|row| (work.shards.of_id(row.0), row.0));
    Rows::new(vec![
        Column::I16(rows.iter().map(|row| work.shards.of_id(row.0)).collect()),
        Column::I64(rows.iter().map(|row| row.0).collect()),
        Column::I32(rows.iter().map(|row| row.1.workspace).collect()),
        Column::Bool(rows.iter().map(|row| row.1.is_identified).collect()),
        Column::OptI64(rows.iter().map(|row| row.1.merged_into).collect()),
        Column::I64(rows.iter().map(|row| row.1.created_at).collect()),
        // Erased customers have no identifiers, so that nothing leads here with one.
        Column::OptI64(vec![None; rows.len()]),
    ])
}
