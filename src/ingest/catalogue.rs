//! The tables that events point to: campaigns, cells, event types, identifier types, lists, texts of details. Ids are hashes of what they
//! stand for, so that writing one twice, from anywhere, changes nothing.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::detail::UsedDetails;
use super::group::{Fresh, Work};
use super::identify::Named;
use super::memory::{KnownCell, Memory};
use super::prepare::Place;
use crate::Result;
use crate::domain::contribution::CellGroups;
use crate::domain::hash::{campaign_id, group_id, list_id, optional_hash_with};
use crate::domain::identifier::{Confidence, rule_by_name};
use crate::domain::time::Micros;
use crate::store::hot::{Column, Rows, tables};

/// The catalogue entries of the new events, in order.
#[derive(Debug)]
pub(super) struct Catalogue {
    /// The campaign of each event; 0: none.
    pub(super) campaigns: Vec<i64>,
    /// The cell of each event.
    pub(super) cells: Vec<i64>,
    /// What the committer may remember once the group is committed.
    pub(super) learned: Memory,
}

/// A vendor's campaign id in a workspace: (workspace, namespace, external id).
type Alias<'a> = (i32, &'static str, &'a str);

/// Finds or writes the entries of all events, and the identifier types of everybody who is named.
pub(super) async fn resolve(
    work: &mut Work<'_>,
    fresh: &[Fresh<'_>],
    named: &[Named<'_>],
    customers: &[i64],
) -> Result<Catalogue> {
    let mut learned = Memory::default();
    let known = resolve_campaigns(work, fresh, &mut learned).await?;
    let campaigns: Vec<i64> =
        fresh.iter().map(|fresh| alias_of(fresh).map_or(0, |alias| known.get(&alias).copied().unwrap_or(0))).collect();
    let cells = write_cells(work, fresh, &campaigns, &mut learned).await?;
    write_event_types(work, fresh, &mut learned).await?;
    write_identifier_types(work, named, &mut learned).await?;
    write_lists(work, fresh, &mut learned).await?;
    let details = UsedDetails::of_events(work, fresh, (customers, &campaigns));
    learned.shared_details = details.write(work).await?;
    Ok(Catalogue { campaigns, cells, learned })
}

fn alias_of<'a>(fresh: &Fresh<'a>) -> Option<Alias<'a>> {
    let campaign = fresh.event.campaign.as_ref()?;
    Some((fresh.batch.workspace, campaign.namespace.name(), &campaign.external_id))
}

async fn resolve_campaigns<'a>(
    work: &mut Work<'_>,
    fresh: &[Fresh<'a>],
    learned: &mut Memory,
) -> Result<HashMap<Alias<'a>, i64>> {
    let mut names: BTreeMap<Alias<'a>, Option<&str>> = BTreeMap::new();
    for event in fresh {
        if let (Some(alias), Some(campaign)) = (alias_of(event), &event.event.campaign) {
            let name = names.entry(alias).or_default();
            *name = name.or(campaign.name.as_deref());
        }
    }
    let aliases: Vec<Alias<'a>> = names.keys().copied().collect();
    let mut known = load_aliases(work, &aliases).await?;
    let missing: Vec<Alias<'a>> = aliases.into_iter().filter(|alias| !known.contains_key(alias)).collect();
    write_campaigns(work, &missing, &names).await?;
    known.extend(missing.iter().map(|alias| (*alias, campaign_id(alias.0, alias.1, alias.2))));
    let mut unnamed: Vec<(i64, String)> = names
        .iter()
        .filter_map(|(alias, name)| Some((*known.get(alias)?, (*name)?.to_owned())))
        .filter(|(campaign, _)| !work.memory.named_campaigns.contains(campaign))
        .collect();
    unnamed.sort_unstable();
    unnamed.dedup_by_key(|named| named.0);
    work.connection.name_campaigns(&unnamed).await?;
    learned.named_campaigns.extend(unnamed.iter().map(|named| named.0));
    Ok(known)
}

async fn load_aliases<'a>(work: &mut Work<'_>, aliases: &[Alias<'a>]) -> Result<HashMap<Alias<'a>, i64>> {
    let keys = Rows::new(vec![
        Column::I32(aliases.iter().map(|alias| alias.0).collect()),
        Column::Text(aliases.iter().map(|alias| alias.1.to_owned()).collect()),
        Column::Text(aliases.iter().map(|alias| alias.2.to_owned()).collect()),
    ]);
    let by = &["workspace", "namespace", "external_id"];
    let rows = work.connection.select(&tables::CAMPAIGN_ALIAS, by, &keys).await?;
    let mut found = HashMap::new();
    for row in 0..rows.len() {
        let alias = (rows.i32s(0)?[row], rows.texts(1)?[row].as_str(), rows.texts(2)?[row].as_str());
        // The caller's own text outlives this function; the row's does not.
        if let Some(own) = aliases.iter().find(|own| **own == alias) {
            found.insert(*own, rows.i64s(3)?[row]);
        }
    }
    Ok(found)
}

async fn write_campaigns(
    work: &mut Work<'_>,
    missing: &[Alias<'_>],
    names: &BTreeMap<Alias<'_>, Option<&str>>,
) -> Result<()> {
    let mut new: Vec<(i64, Alias<'_>)> =
        missing.iter().map(|alias| (campaign_id(alias.0, alias.1, alias.2), *alias)).collect();
    new.sort_unstable();
    let name_of = |alias: &Alias<'_>| names.get(alias).copied().flatten().map(str::to_owned);
    let ids = Column::I64(new.iter().map(|campaign| campaign.0).collect());
    let workspaces = Column::I32(new.iter().map(|campaign| campaign.1.0).collect());
    let namespaces = Column::Text(new.iter().map(|campaign| campaign.1.1.to_owned()).collect());
    let external_ids = Column::Text(new.iter().map(|campaign| campaign.1.2.to_owned()).collect());
    let campaigns = Rows::new(vec![
        ids.clone(),
        workspaces.clone(),
        namespaces.clone(),
        external_ids.clone(),
        Column::OptText(new.iter().map(|campaign| name_of(&campaign.1)).collect()),
        Column::Text(vec!["[]".to_owned(); new.len()]),
        Column::I64(vec![Micros::now().0; new.len()]),
        Column::OptI64(vec![None; new.len()]),
    ]);
    work.connection.insert_new(&tables::CAMPAIGN, &campaigns).await?;
    let aliases = Rows::new(vec![workspaces, namespaces, external_ids, ids]);
    work.connection.insert_new(&tables::CAMPAIGN_ALIAS, &aliases).await?;
    Ok(())
}

async fn write_cells(
    work: &mut Work<'_>,
    fresh: &[Fresh<'_>],
    campaigns: &[i64],
    learned: &mut Memory,
) -> Result<Vec<i64>> {
    let mut new: BTreeMap<i64, (i32, i64, &Place, &'static str)> = BTreeMap::new();
    let mut cells = Vec::with_capacity(fresh.len());
    for (event, campaign) in fresh.iter().zip(campaigns) {
        let place = &event.event.place;
        let cell = cell_id(event.batch.workspace, *campaign, place, event.event.dialect.name());
        cells.push(cell);
        if !work.memory.cells.contains_key(&cell) {
            new.insert(cell, (event.batch.workspace, *campaign, place, event.event.dialect.name()));
        }
    }
    let rows = Rows::new(vec![
        Column::I64(new.keys().copied().collect()),
        Column::I32(new.values().map(|cell| cell.0).collect()),
        Column::I64(new.values().map(|cell| cell.1).collect()),
        Column::OptText(new.values().map(|cell| cell.2.run.clone()).collect()),
        Column::OptText(new.values().map(|cell| cell.2.treatment.clone()).collect()),
        Column::OptText(new.values().map(|cell| cell.2.touchpoint.clone()).collect()),
        Column::OptText(new.values().map(|cell| cell.2.channel.clone()).collect()),
        Column::Text(new.values().map(|cell| cell.3.to_owned()).collect()),
    ]);
    work.connection.insert_new(&tables::CELL, &rows).await?;
    let known = |cell: &(i32, i64, &Place, &'static str)| KnownCell { workspace: cell.0, groups: groups_of(cell.2) };
    learned.cells.extend(new.iter().map(|(id, cell)| (*id, known(cell))));
    Ok(cells)
}

fn cell_id(workspace: i32, campaign: i64, place: &Place, source: &str) -> i64 {
    let parts: [&[u8]; 3] = [&workspace.to_be_bytes(), &campaign.to_be_bytes(), source.as_bytes()];
    optional_hash_with(b"cell", &parts, &[&place.run, &place.treatment, &place.touchpoint, &place.channel])
}

fn groups_of(place: &Place) -> CellGroups {
    CellGroups {
        run: group_id(place.run.as_deref()),
        treatment: group_id(place.treatment.as_deref()),
        touchpoint: group_id(place.touchpoint.as_deref()),
        channel: group_id(place.channel.as_deref()),
    }
}

/// Loads cells that stored states name and that are not remembered.
pub(super) async fn load_cells(work: &mut Work<'_>, cells: BTreeSet<i64>) -> Result<HashMap<i64, KnownCell>> {
    let keys = Rows::new(vec![Column::I64(cells.into_iter().collect())]);
    let rows = work.connection.select(&tables::CELL, &["id"], &keys).await?;
    let mut found = HashMap::with_capacity(rows.len());
    for (row, id) in rows.i64s(0)?.iter().enumerate() {
        let groups = CellGroups {
            run: group_id(rows.opt_texts(3)?[row].as_deref()),
            treatment: group_id(rows.opt_texts(4)?[row].as_deref()),
            touchpoint: group_id(rows.opt_texts(5)?[row].as_deref()),
            channel: group_id(rows.opt_texts(6)?[row].as_deref()),
        };
        found.insert(*id, KnownCell { workspace: rows.i32s(1)?[row], groups });
    }
    Ok(found)
}

async fn write_event_types(work: &mut Work<'_>, fresh: &[Fresh<'_>], learned: &mut Memory) -> Result<()> {
    let unknown = fresh.iter().filter(|fresh| !work.memory.event_types.contains(&fresh.event.event_type));
    let new: BTreeMap<i64, &Fresh<'_>> = unknown.map(|fresh| (fresh.event.event_type, fresh)).collect();
    let rows = Rows::new(vec![
        Column::I64(new.keys().copied().collect()),
        Column::I32(new.values().map(|fresh| fresh.batch.workspace).collect()),
        Column::Text(new.values().map(|fresh| fresh.event.type_name.clone()).collect()),
        Column::OptText(new.values().map(|fresh| fresh.event.action.clone()).collect()),
        Column::I16(new.values().map(|fresh| i16::from(fresh.event.kind.code())).collect()),
    ]);
    work.connection.insert_new(&tables::EVENT_TYPE, &rows).await?;
    learned.event_types.extend(new.keys());
    Ok(())
}

async fn write_identifier_types(work: &mut Work<'_>, named: &[Named<'_>], learned: &mut Memory) -> Result<()> {
    let mut new = BTreeSet::new();
    for named in named {
        for identifier in named.identifiers {
            let key = (named.workspace, identifier.name.clone());
            if !work.memory.identifier_types.contains(&key) {
                new.insert(key);
            }
        }
    }
    let rule = |name: &str| rule_by_name(name);
    let is_high = |name: &str| rule(name).is_some_and(|rule| rule.confidence == Confidence::High);
    let channels = |name: &str| rule(name).map_or(String::new(), |rule| rule.channels.join(" "));
    let rows = Rows::new(vec![
        Column::I32(new.iter().map(|key| key.0).collect()),
        Column::Text(new.iter().map(|key| key.1.clone()).collect()),
        Column::Bool(new.iter().map(|key| is_high(&key.1)).collect()),
        Column::Text(new.iter().map(|key| channels(&key.1)).collect()),
        Column::I64(vec![Micros::now().0; new.len()]),
    ]);
    work.connection.insert_new(&tables::IDENTIFIER_TYPE, &rows).await?;
    learned.identifier_types.extend(new);
    Ok(())
}

async fn write_lists(work: &mut Work<'_>, fresh: &[Fresh<'_>], learned: &mut Memory) -> Result<()> {
    let mut new: BTreeMap<(i32, i64), &str> = BTreeMap::new();
    for event in fresh {
        let Some(name) = &event.event.list else { continue };
        let key = (event.batch.workspace, list_id(name));
        if !work.memory.lists.contains(&key) {
            new.insert(key, name);
        }
    }
    let rows = Rows::new(vec![
        Column::I32(new.keys().map(|key| key.0).collect()),
        Column::I64(new.keys().map(|key| key.1).collect()),
        Column::Text(new.values().map(|name| (*name).to_owned()).collect()),
        Column::I64(vec![Micros::now().0; new.len()]),
    ]);
    work.connection.insert_new(&tables::LIST, &rows).await?;
    learned.lists.extend(new.into_keys());
    Ok(())
}
