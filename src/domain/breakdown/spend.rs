//! What messages cost: of each the latest price that a record told, at the time of that record.

use super::BreakdownQuestion;
use super::calendar::Calendar;
use super::group::CellIndex;
use crate::domain::recipient::Unpacked;
use crate::{Error, Result};

/// Adds up states one after the other. Several counters may share the states of a campaign.
pub struct SpendCounter<'c> {
    cells: &'c CellIndex,
    calendar: Calendar,
    /// Hashes of the channels whose messages count.
    channels: Vec<i64>,
    unpacked: Unpacked,
    spend: Spend,
}

/// What some messages cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spend {
    /// How many have a price.
    pub messages: i64,
    /// Billionths of a US dollar.
    pub nanos: i128,
}

impl Spend {
    /// What several counters found.
    pub fn sum(parts: impl IntoIterator<Item = Self>) -> Self {
        parts.into_iter().fold(Self::default(), |sum, part| Self {
            messages: sum.messages + part.messages,
            nanos: sum.nanos + part.nanos,
        })
    }
}

impl<'c> SpendCounter<'c> {
    /// A counter of nothing yet; `channels` are hashes of names.
    pub fn new(question: &BreakdownQuestion, cells: &'c CellIndex, channels: Vec<i64>) -> Self {
        let (unpacked, spend) = (Unpacked::default(), Spend::default());
        Self { cells, calendar: Calendar::new(question), channels, unpacked, spend }
    }

    /// Adds up one more recipient, by its packed state.
    pub fn add(&mut self, state: &[u8]) -> Result<()> {
        self.unpacked.read(state)?;
        for price in self.unpacked.messages.iter().filter_map(|message| message.price) {
            let cell = self.unpacked.cells[price.cell];
            let groups = self
                .cells
                .groups_of(cell)
                .ok_or_else(|| Error::Corrupt(format!("a recipient names the unknown cell {cell}")))?;
            if self.channels.contains(&groups.channel) && self.calendar.place(price.at).is_in {
                self.spend.messages += 1;
                self.spend.nanos += i128::from(price.nanos);
            }
        }
        Ok(())
    }

    /// What it came to.
    pub fn finish(self) -> Spend {
        self.spend
    }
}
