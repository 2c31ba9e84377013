//! The catalogue cells of touches: which groups they belong to, and what the groups are called.

use std::collections::HashMap;

use entity::cell;

use super::question::{Dimension, PathStep, Question};
use crate::domain::contribution::CellGroups;
use crate::domain::hash::group_id;

/// Cells that are known, with the values of the dimensions that a question asks for.
#[derive(Clone, Debug, Default)]
pub struct Cells {
    groups: HashMap<i64, CellGroups>,
    values: HashMap<(Dimension, i64), Option<String>>,
}

impl Cells {
    /// Adds cells of the catalogue.
    pub fn extend(&mut self, rows: Vec<cell::Model>, question: &Question) {
        for row in rows {
            let mut number = |dimension: Dimension, value: Option<String>| {
                let number = group_id(value.as_deref());
                let is_path = dimension == Dimension::Channel && question.paths == Some(PathStep::Channel);
                if is_path || question.dimensions.contains(&dimension) {
                    self.values.insert((dimension, number), value);
                }
                number
            };
            let groups = CellGroups {
                run: number(Dimension::Run, row.run),
                treatment: number(Dimension::Treatment, row.treatment),
                touchpoint: number(Dimension::Touchpoint, row.touchpoint),
                channel: number(Dimension::Channel, row.channel),
            };
            self.groups.insert(row.id, groups);
        }
    }

    /// The groups of a cell; none where it is not known.
    pub fn groups(&self, cell: i64) -> Option<&CellGroups> {
        self.groups.get(&cell)
    }

    /// The value that a group shares; none where it has none.
    pub fn value(&self, dimension: Dimension, number: i64) -> Option<String> {
        self.values.get(&(dimension, number)).cloned().flatten()
    }

    /// Adds the cells that somebody else knows.
    pub fn absorb(&mut self, other: Self) {
        self.groups.extend(other.groups);
        self.values.extend(other.values);
    }
}
