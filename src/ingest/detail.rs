//! The texts of urls and reasons: recipients' states hold hashes of them, so that reports can be made by them; here stands
//! what the hashes mean. Such a text may be personal (a link with a token, a refusal in one's own words). So each row
//! names the customer whose events alone have it, until another's have it too: erasing a customer removes its own rows.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::group::{Fresh, Work};
use crate::domain::breakdown::{Dimension, detail_dimension};
use crate::domain::kind::Kind;
use crate::store::hot::{Column, Rows, tables};
use crate::{Error, Result};

/// What reports may group an event by beside its place: the url of a click, the list that is joined or left, the reason why
/// something went wrong.
pub(super) fn detail_of<'a>(
    kind: Kind,
    (url, list, reason): (Option<&'a str>, Option<&'a str>, Option<&'a str>),
) -> Option<&'a str> {
    match detail_dimension(kind)? {
        Dimension::Url => url,
        Dimension::List => list,
        _ => reason,
    }
}

/// Whether the text of an event of this kind is kept here. Lists have a table of their own.
pub(super) fn is_kept(kind: Kind) -> bool {
    detail_dimension(kind).is_some_and(|dimension| dimension != Dimension::List)
}

/// Texts that the committer knows to be of several customers, by workspace and hash: these rows never change any more.
pub(super) type SharedDetails = HashSet<(i32, i64)>;

/// Texts in use: (shard, workspace, hash), in order.
#[derive(Default)]
pub(super) struct UsedDetails<'a>(BTreeMap<(i16, i32, i64), Used<'a>>);

struct Used<'a> {
    text: &'a str,
    /// The only customer that uses it; none: several do.
    customer: Option<i64>,
}

impl<'a> UsedDetails<'a> {
    /// Those of a group's new events.
    pub(super) fn of_events(work: &Work<'_>, fresh: &[Fresh<'a>], (customers, campaigns): (&[i64], &[i64])) -> Self {
        let mut used = Self::default();
        for (index, fresh) in fresh.iter().enumerate() {
            let Some(text) = fresh.event.detail_text.as_deref().filter(|_| campaigns[index] != 0) else { continue };
            used.add(work, (fresh.batch.workspace, fresh.event.detail), text, customers[index]);
        }
        used
    }

    /// A customer uses a text.
    pub(super) fn add(&mut self, work: &Work<'_>, (workspace, id): (i32, i64), text: &'a str, customer: i64) {
        if work.memory.shared_details.contains(&(workspace, id)) {
            return;
        }
        let key = (work.shards.of_id(id), workspace, id);
        let used = self.0.entry(key).or_insert(Used { text, customer: Some(customer) });
        used.customer = used.customer.filter(|only| *only == customer);
    }

    /// Writes the texts that are not there, and notes which are used by several customers now. Gives those that are.
    pub(super) async fn write(self, work: &mut Work<'_>) -> Result<SharedDetails> {
        let new = work.connection.insert_new(&tables::DETAIL, &self.rows()).await?;
        let new: BTreeSet<(i16, i32, i64)> = keys_of(&new)?.collect();
        let mut shared: SharedDetails = self.0.iter().filter(|(_, used)| used.customer.is_none()).map(pair).collect();
        let known: Vec<(i16, i32, i64)> = self.0.keys().filter(|key| !new.contains(key)).copied().collect();
        let by = &["shard", "workspace", "id"];
        let stored = work.connection.select(&tables::DETAIL, by, &key_rows(&known)).await?;
        let owners = owners_of(&stored)?;
        let differs = |(key, owner): (&(i16, i32, i64), &Option<i64>)| match owner {
            Some(owner) if self.0[key].customer != Some(*owner) => Some((*key, *owner)),
            _ => None,
        };
        let differing: BTreeMap<(i16, i32, i64), i64> = owners.iter().filter_map(differs).collect();
        let survivors = survivors(work, differing.values().copied()).await?;
        let is_of_several = |(key, owner): &(&(i16, i32, i64), &i64)| {
            let survivor = survivors.get(*owner).copied().unwrap_or(**owner);
            self.0[*key].customer != Some(survivor)
        };
        let changed: Vec<(i16, i32, i64)> = differing.iter().filter(is_of_several).map(|(key, _)| *key).collect();
        let mut rows = key_rows(&changed);
        rows.columns.push(Column::Text(changed.iter().map(|key| self.0[key].text.to_owned()).collect()));
        rows.columns.push(Column::OptI64(vec![None; changed.len()]));
        work.connection.put(&tables::DETAIL, &rows).await?;
        let known_as_shared = owners.iter().filter(|(_, owner)| owner.is_none()).map(|(key, _)| key);
        shared.extend(known_as_shared.chain(&changed).map(|(_, workspace, id)| (*workspace, *id)));
        Ok(shared)
    }

    fn rows(&self) -> Rows {
        let keys: Vec<(i16, i32, i64)> = self.0.keys().copied().collect();
        let mut rows = key_rows(&keys);
        rows.columns.push(Column::Text(self.0.values().map(|used| used.text.to_owned()).collect()));
        rows.columns.push(Column::OptI64(self.0.values().map(|used| used.customer).collect()));
        rows
    }
}

fn pair((key, _): (&(i16, i32, i64), &Used<'_>)) -> (i32, i64) {
    (key.1, key.2)
}

fn key_rows(keys: &[(i16, i32, i64)]) -> Rows {
    Rows::new(vec![
        Column::I16(keys.iter().map(|key| key.0).collect()),
        Column::I32(keys.iter().map(|key| key.1).collect()),
        Column::I64(keys.iter().map(|key| key.2).collect()),
    ])
}

fn keys_of(rows: &Rows) -> Result<impl Iterator<Item = (i16, i32, i64)>> {
    let (shards, workspaces, ids) = (rows.i16s(0)?, rows.i32s(1)?, rows.i64s(2)?);
    let places = shards.iter().zip(workspaces).zip(ids);
    Ok(places.map(|((shard, workspace), id)| (*shard, *workspace, *id)))
}

fn owners_of(stored: &Rows) -> Result<BTreeMap<(i16, i32, i64), Option<i64>>> {
    let Some(Column::OptI64(owners)) = stored.columns.get(4) else {
        return Err(Error::Corrupt("texts of details have no column of their customers".to_owned()));
    };
    Ok(keys_of(stored)?.zip(owners.iter().copied()).collect())
}

/// Whom customers that were merged became part of.
pub(super) async fn survivors(work: &mut Work<'_>, customers: impl Iterator<Item = i64>) -> Result<HashMap<i64, i64>> {
    let keys: BTreeSet<(i16, i64)> = customers.map(|customer| (work.shards.of_id(customer), customer)).collect();
    let keys = Rows::new(vec![
        Column::I16(keys.iter().map(|key| key.0).collect()),
        Column::I64(keys.iter().map(|key| key.1).collect()),
    ]);
    let rows = work.connection.select(&tables::CUSTOMER, &["shard", "id"], &keys).await?;
    let Some(Column::OptI64(merged_into)) = rows.columns.get(4) else {
        return Err(Error::Corrupt("customers have no column of whom they became part of".to_owned()));
    };
    let merged = rows.i64s(1)?.iter().zip(merged_into);
    Ok(merged.filter_map(|(customer, survivor)| Some((*customer, (*survivor)?))).collect())
}
