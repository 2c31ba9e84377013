//! The history of who is who: a row for every merge and move, with what caused it.

use super::group::Work;
use super::ids::next_id;
use super::merge::FreshMerge;
use super::report::EventId;
use crate::Result;
use crate::domain::identity::IdentityChange;
use crate::store::hot::{Column, Rows, tables};

/// A merge or a move between stored customers.
#[derive(Clone, Debug)]
pub(super) struct TracedChange {
    pub(super) workspace: i32,
    pub(super) change: IdentityChange,
    /// Type and value of the identifier that was named.
    pub(super) identifier: Option<(String, String)>,
    /// UTC microseconds.
    pub(super) at: i64,
}

/// What may have caused a change, numbered in this order.
#[derive(Clone, Copy, Debug)]
pub(super) struct Causes<'a> {
    /// The new events.
    pub(super) events: &'a [EventId],
    /// How many profiles there are.
    pub(super) profiles: usize,
    /// The merges by hand.
    pub(super) merges: &'a [FreshMerge<'a>],
}

impl<'a> Causes<'a> {
    fn event(&self, number: usize) -> Option<EventId> {
        self.events.get(number).copied()
    }

    fn merge(&self, number: usize) -> Option<&'a FreshMerge<'a>> {
        self.merges.get(number.checked_sub(self.events.len() + self.profiles)?)
    }
}

/// Writes every change.
pub(super) async fn write_changes(work: &mut Work<'_>, changes: &[TracedChange], causes: &Causes<'_>) -> Result<()> {
    let traced = || changes.iter();
    let event = |traced: &TracedChange| causes.event(traced.change.by);
    let merge = |traced: &TracedChange| causes.merge(traced.change.by);
    let rows = Rows::new(vec![
        Column::I16(traced().map(|traced| work.shards.of_id(traced.change.customer)).collect()),
        Column::I64(traced().map(|_| next_id()).collect()),
        Column::I32(traced().map(|traced| traced.workspace).collect()),
        Column::I64(traced().map(|traced| traced.change.customer).collect()),
        Column::I64(traced().map(|traced| traced.change.other).collect()),
        Column::Text(traced().map(|traced| traced.change.cause.name().to_owned()).collect()),
        Column::OptText(traced().map(|traced| Some(traced.identifier.as_ref()?.0.clone())).collect()),
        Column::OptText(traced().map(|traced| Some(traced.identifier.as_ref()?.1.clone())).collect()),
        Column::I64(traced().map(|traced| traced.at).collect()),
        Column::I16(traced().map(|traced| event(traced).map_or(0, |id| id.shard)).collect()),
        Column::I64(traced().map(|traced| event(traced).map_or(0, |id| id.seq)).collect()),
        Column::I64(traced().map(|traced| merge(traced).map_or(0, |fresh| fresh.merge.api_key)).collect()),
        Column::OptText(traced().map(|traced| merge(traced)?.merge.reason.clone()).collect()),
    ]);
    work.connection.insert(&tables::IDENTITY_CHANGE, &rows).await
}
