//! What became of many records: the sum of reports, by form, kind and reason.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::report::{DialectCounts, Report};
use crate::{Error, Result};

/// The sum of reports. Its JSON form is stored.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tally {
    /// What became of the records.
    #[serde(flatten)]
    pub counts: DialectCounts,
    /// The same by the form that they came in; `auto` where that could not be told.
    pub dialects: BTreeMap<String, DialectCounts>,
    /// New events by the public name of their kind.
    pub kinds: BTreeMap<String, u64>,
    /// Quarantined records by their reason code.
    pub reasons: BTreeMap<String, u64>,
}

impl Tally {
    /// Adds a report.
    pub fn add_report(&mut self, report: &Report) {
        for (dialect, counts) in &report.dialects {
            self.counts += *counts;
            *self.dialects.entry((*dialect).to_owned()).or_default() += *counts;
        }
        for (kind, events) in &report.kinds {
            *self.kinds.entry(kind.name().to_owned()).or_default() += events;
        }
        for code in report.results.iter().filter_map(|result| result.code) {
            *self.reasons.entry(code.to_owned()).or_default() += 1;
        }
    }

    /// Adds another sum.
    pub fn add(&mut self, other: &Self) {
        self.counts += other.counts;
        for (dialect, counts) in &other.dialects {
            *self.dialects.entry(dialect.clone()).or_default() += *counts;
        }
        for (sums, others) in [(&mut self.kinds, &other.kinds), (&mut self.reasons, &other.reasons)] {
            for (name, count) in others {
                *sums.entry(name.clone()).or_default() += count;
            }
        }
    }

    /// The stored form.
    pub(super) fn encode(&self) -> Result<String> {
        serde_json::to_string(self).map_err(|error| Error::Corrupt(format!("a tally cannot be written: {error}")))
    }

    /// Reads the stored form.
    pub fn decode(text: &str) -> Result<Self> {
        serde_json::from_str(text).map_err(|error| Error::Corrupt(format!("import_journal.tally: {error}")))
    }
}

impl DialectCounts {
    /// Number of records.
    pub fn records(&self) -> u64 {
        self.accepted + self.duplicates + self.quarantined + self.dropped
    }
}

impl std::ops::AddAssign for DialectCounts {
    fn add_assign(&mut self, other: Self) {
        self.accepted += other.accepted;
        self.duplicates += other.duplicates;
        self.quarantined += other.quarantined;
        self.dropped += other.dropped;
        self.events += other.events;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::kind::Kind;

    #[test]
    fn reports_add_up_and_come_back_from_their_stored_form() {
        let counts = DialectCounts { accepted: 2, duplicates: 1, quarantined: 0, dropped: 0, events: 3 };
        let report = Report {
            dialects: BTreeMap::from([("odp", counts), ("ses", counts)]),
            kinds: BTreeMap::from([(Kind::Sent, 6)]),
            ..Report::default()
        };
        let mut tally = Tally::default();
        tally.add_report(&report);
        let mut twice = Tally::decode(&tally.encode().unwrap()).unwrap();
        assert_eq!(twice, tally);
        twice.add(&tally);
        assert_eq!(twice.counts, DialectCounts { accepted: 8, duplicates: 4, quarantined: 0, dropped: 0, events: 12 });
        assert_eq!(twice.dialects["ses"].events, 6);
        assert_eq!(twice.kinds, BTreeMap::from([("SENT".to_owned(), 12)]));
    }
}
