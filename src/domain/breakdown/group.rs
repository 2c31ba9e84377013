//! Groups as small numbers: while states are read, runs, treatments and details are numbered as they come; at the end the
//! numbers become what they stand for.

use super::{BreakdownQuestion, Dimension, detail_dimension};
use crate::domain::contribution::CellGroups;
use crate::domain::kind::Kind;
use crate::domain::message_facts::Placed;
use crate::domain::number_map::NumberMap;

/// What a group stands for. What was not asked for is 0 or none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GroupKey {
    /// Hash of the run (`domain::hash::group_id`).
    pub run: i64,
    /// Hash of the treatment.
    pub treatment: i64,
    /// Hash of the touchpoint.
    pub touchpoint: i64,
    /// Hash of the channel.
    pub channel: i64,
    /// First day of the group in the question's zone: of a week its Monday, of a month its first, of a week within a
    /// month the later of the two.
    pub day: i32,
    /// Hash of the url, list or reason (`domain::recipient::detail_id`), and which of them; none for facts without.
    pub detail: Option<(Dimension, i64)>,
}

/// A cell as counting sees it: its groups, and numbers that stand for its run and for the group that it is in.
#[derive(Clone, Copy, Debug)]
pub(super) struct IndexedCell<'a> {
    pub(super) groups: &'a CellGroups,
    pub(super) run: u32,
    pub(super) group: u32,
}

impl Placed for IndexedCell<'_> {
    fn groups(&self) -> &CellGroups {
        self.groups
    }
}

/// The cells of a campaign, numbered for a question.
#[derive(Debug)]
pub struct CellIndex {
    places: NumberMap<i64, u32>,
    cells: Vec<(CellGroups, u32, u32)>,
    /// What the numbers of groups stand for.
    keys: Vec<GroupKey>,
}

impl CellIndex {
    /// Numbers the cells of a campaign: all that its states name.
    pub fn new(cells: impl IntoIterator<Item = (i64, CellGroups)>, question: &BreakdownQuestion) -> Self {
        let mut index = Self { places: NumberMap::default(), cells: Vec::new(), keys: Vec::new() };
        let (mut runs, mut groups) = (NumberMap::<i64, u32>::default(), std::collections::HashMap::new());
        for (id, cell) in cells {
            let next = runs.len() as u32;
            let run = *runs.entry(cell.run).or_insert(next);
            let asked = |dimension, group| if question.has(dimension) { group } else { 0 };
            let key = GroupKey {
                run: asked(Dimension::Run, cell.run),
                treatment: asked(Dimension::Treatment, cell.treatment),
                touchpoint: asked(Dimension::Touchpoint, cell.touchpoint),
                channel: asked(Dimension::Channel, cell.channel),
                ..GroupKey::default()
            };
            let group = *groups.entry(key).or_insert_with(|| {
                index.keys.push(key);
                index.keys.len() as u32 - 1
            });
            index.places.insert(id, index.cells.len() as u32);
            index.cells.push((cell, run, group));
        }
        index
    }

    pub(super) fn place(&self, cell: i64) -> Option<u32> {
        self.places.get(&cell).copied()
    }

    pub(super) fn cell(&self, place: u32) -> IndexedCell<'_> {
        let (groups, run, group) = &self.cells[place as usize];
        IndexedCell { groups, run: *run, group: *group }
    }

    pub(super) fn key(&self, group: u32) -> GroupKey {
        self.keys[group as usize]
    }
}

/// The details that make groups, numbered as they come. 0 stands for none.
#[derive(Debug)]
pub(super) struct DetailIndex {
    urls: bool,
    lists: bool,
    reasons: bool,
    numbers: NumberMap<(u32, i64), u32>,
    details: Vec<(Dimension, i64)>,
}

impl DetailIndex {
    pub(super) fn new(question: &BreakdownQuestion) -> Self {
        Self {
            urls: question.has(Dimension::Url),
            lists: question.has(Dimension::List),
            reasons: question.has(Dimension::Reason),
            numbers: NumberMap::default(),
            details: Vec::new(),
        }
    }

    /// Whether details make groups.
    pub(super) fn is_asked(&self) -> bool {
        self.urls || self.lists || self.reasons
    }

    /// The number of the detail of an event of this kind.
    pub(super) fn number(&mut self, kind: Kind, detail: i64) -> u32 {
        if detail == 0 {
            return 0;
        }
        let Some(dimension) = detail_dimension(kind) else { return 0 };
        let is_asked = match dimension {
            Dimension::Url => self.urls,
            Dimension::List => self.lists,
            _ => self.reasons,
        };
        if !is_asked {
            return 0;
        }
        let details = &mut self.details;
        *self.numbers.entry((dimension as u32, detail)).or_insert_with(|| {
            details.push((dimension, detail));
            details.len() as u32
        })
    }

    pub(super) fn detail(&self, number: u32) -> Option<(Dimension, i64)> {
        number.checked_sub(1).map(|index| self.details[index as usize])
    }
}
