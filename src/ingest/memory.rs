//! What a committer remembers between groups: catalogue rows that never change once written, so that two servers may
//! both remember them. Forgetting any of it costs a query, never an answer.

use std::collections::{HashMap, HashSet};

use super::detail::SharedDetails;
use crate::domain::contribution::CellGroups;

/// A catalogue cell as reports need it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct KnownCell {
    pub(super) workspace: i32,
    pub(super) groups: CellGroups,
}

/// Catalogue rows known to be committed.
#[derive(Debug, Default)]
pub(super) struct Memory {
    pub(super) cells: HashMap<i64, KnownCell>,
    pub(super) event_types: HashSet<i64>,
    pub(super) identifier_types: HashSet<(i32, String)>,
    pub(super) lists: HashSet<(i32, i64)>,
    pub(super) shared_details: SharedDetails,
    /// Campaigns that have a name: it never becomes unknown again.
    pub(super) named_campaigns: HashSet<i64>,
}

/// Entries after which a catalogue is forgotten and learned anew: some 100 MB at most.
const MOST_REMEMBERED: usize = 500_000;

impl Memory {
    /// Takes what a group wrote, once it is committed.
    pub(super) fn learn(&mut self, learned: Self) {
        self.cells.extend(learned.cells);
        self.event_types.extend(learned.event_types);
        self.identifier_types.extend(learned.identifier_types);
        self.lists.extend(learned.lists);
        self.shared_details.extend(learned.shared_details);
        self.named_campaigns.extend(learned.named_campaigns);
    }

    /// Keeps memory bounded where ids are without end.
    pub(super) fn forget_if_large(&mut self) {
        if self.cells.len() > MOST_REMEMBERED {
            self.cells.clear();
        }
        if self.event_types.len() > MOST_REMEMBERED {
            self.event_types.clear();
        }
        if self.identifier_types.len() > MOST_REMEMBERED {
            self.identifier_types.clear();
        }
        if self.lists.len() > MOST_REMEMBERED {
            self.lists.clear();
        }
        if self.shared_details.len() > MOST_REMEMBERED {
            self.shared_details.clear();
        }
        if self.named_campaigns.len() > MOST_REMEMBERED {
            self.named_campaigns.clear();
        }
    }
}
