//! Quarantined records on their way in again: read by the present program and settings as if they came now from where
//! they came then, and committed together with the mark that they were replayed. Whatever happens, and however many try
//! at once, the events of a record come once.
//!
//! A record is taken as a whole or not at all: where its text holds several records, none is taken unless all can be.
//! One that is refused again keeps its state and tells the new reason.

use std::collections::HashMap;
use std::time::Duration;

use futures_util::future::try_join_all;

use super::queue::Ingest;
use super::report::{Batch, Replay, Report};
use crate::dialect::{self, Reading};
use crate::domain::event::{Dialect, Format, Record, Rejection, RejectionCode};
use crate::domain::quarantine::{kept_path, kept_text};
use crate::domain::time::Micros;
use crate::domain::workspace::WorkspaceId;
use crate::store::quarantine::{QuarantineFilter, QuarantinePosition, QuarantinedHead};
use crate::store::quarantine_change::{self, RefusedAgain};
use crate::store::{self, Store};
use crate::{Error, Result};

/// What is read in place of what is stored.
#[derive(Clone, Debug, Default)]
pub struct Correction {
    /// A corrected text; without it the stored one.
    pub text: Option<Vec<u8>>,
    /// Another form; without it the stored one.
    pub dialect: Option<Dialect>,
}

/// What became of a record that was replayed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Replayed {
    /// It was taken.
    Taken(Box<Report>),
    /// It was refused again.
    Refused(Rejection),
    /// It had been replayed before.
    Before,
    /// Only its beginning is kept, so that it cannot be read as it is stored.
    Incomplete,
}

/// Where records are replayed.
#[derive(Clone, Copy, Debug)]
pub struct ReplayContext<'a> {
    /// The database.
    pub store: &'a Store,
    /// The way in.
    pub ingest: &'a Ingest,
    /// The workspace that they belong to.
    pub workspace: WorkspaceId,
}

/// Which records of the quarantine are replayed, as they are stored, the earliest received first.
#[derive(Clone, Debug)]
pub struct ReplayRange {
    /// Which records.
    pub filter: QuarantineFilter,
    /// Only those received after this one.
    pub after: Option<QuarantinePosition>,
    /// Most records.
    pub limit: u64,
    /// A form to read them in, in place of the stored one.
    pub dialect: Option<Dialect>,
}

/// What became of the records of a range.
#[derive(Clone, Debug, Default)]
pub struct ReplayedRange {
    /// Each with what became of it, in order.
    pub records: Vec<(QuarantinedHead, Replayed)>,
    /// Where to go on; none where no record is left.
    pub next: Option<QuarantinePosition>,
}

/// Most records that are read from one text: what is committed at once is held at once.
const MAX_RECORDS: usize = 10_000;
/// Records that are held at a time.
const AT_ONCE: usize = 500;
/// Bytes of records that are held at a time; a larger record is held alone.
const BYTES_AT_ONCE: i64 = 16 * 1024 * 1024;
/// How long to wait where the queue is full, and how often.
const PAUSE: Duration = Duration::from_millis(100);
const PAUSES: u32 = 50;

/// Replays one record, as it is stored or corrected.
pub async fn replay_one(
    context: ReplayContext<'_>,
    head: &QuarantinedHead,
    correction: &Correction,
) -> Result<Replayed> {
    let stored = match correction.text {
        Some(_) => HashMap::new(),
        None => store::quarantine::raws(context.store, context.workspace, std::slice::from_ref(&head.id)).await?,
    };
    let work = Work { context, correction };
    let replayed = replay_portion(work, vec![head.clone()], stored).await?.pop();
    replayed.map(|(_, replayed)| replayed).ok_or_else(|| damaged(head, "replay"))
}

/// Replays the records of a range.
pub async fn replay_range(context: ReplayContext<'_>, range: &ReplayRange) -> Result<ReplayedRange> {
    let ReplayContext { store, workspace, .. } = context;
    let slice = store::quarantine::walk(store, workspace, &range.filter, range.after.as_ref(), range.limit).await?;
    let next = slice.rows.last().filter(|_| slice.has_next).map(QuarantinePosition::of);
    let correction = Correction { text: None, dialect: range.dialect };
    let mut records = Vec::with_capacity(slice.rows.len());
    for heads in portions(slice.rows) {
        let ids: Vec<Vec<u8>> = heads.iter().map(|head| head.id.clone()).collect();
        let raws = store::quarantine::raws(store, workspace, &ids).await?;
        records.extend(replay_portion(Work { context, correction: &correction }, heads, raws).await?);
    }
    Ok(ReplayedRange { records, next })
}

async fn replay_portion(
    work: Work<'_>,
    heads: Vec<QuarantinedHead>,
    mut raws: HashMap<Vec<u8>, Vec<u8>>,
) -> Result<Vec<(QuarantinedHead, Replayed)>> {
    // All at once: what waits together is committed together.
    let replays = heads.iter().map(|head| work.replay(head, raws.remove(&head.id).unwrap_or_default()));
    let outcomes = try_join_all(replays).await?;
    let judged = heads.iter().zip(&outcomes);
    let refused: Vec<RefusedAgain> =
        judged.filter_map(|(head, outcome)| refused_again(head, outcome, work.correction)).collect();
    quarantine_change::refuse(work.context.store, work.context.workspace, &refused).await?;
    Ok(heads.into_iter().zip(outcomes.into_iter().map(|outcome| outcome.replayed)).collect())
}

/// Why a record of which only the beginning is kept cannot be replayed as it is stored.
pub fn incomplete(head: &QuarantinedHead) -> Rejection {
    let QuarantinedHead { raw_len, kept_len, .. } = head;
    let message = format!(
        "of the record's {raw_len} bytes only the first {kept_len} are kept: replay it with a corrected text, or send it \
         again from where it came"
    );
    Rejection::new(RejectionCode::TooLarge, "", message)
}

/// As many records as may be held at a time, in order.
fn portions(heads: Vec<QuarantinedHead>) -> Vec<Vec<QuarantinedHead>> {
    let mut portions: Vec<Vec<QuarantinedHead>> = Vec::new();
    let mut bytes = 0;
    for head in heads {
        bytes += head.kept_len;
        match portions.last_mut() {
            Some(portion) if portion.len() < AT_ONCE && bytes <= BYTES_AT_ONCE => portion.push(head),
            _ => {
                bytes = head.kept_len;
                portions.push(vec![head]);
            }
        }
    }
    portions
}

/// What is new about a record that was refused again. A trial with another text or form says nothing about the stored one.
fn refused_again(head: &QuarantinedHead, outcome: &Outcome, correction: &Correction) -> Option<RefusedAgain> {
    let Replayed::Refused(rejection) = &outcome.replayed else { return None };
    if correction.text.is_some() || correction.dialect.is_some() {
        return None;
    }
    let format = outcome.format;
    let same = head.dialect == format.name()
        && head.code == rejection.code.name()
        && head.path == kept_path(&rejection.path)
        && head.message == kept_text(&rejection.message);
    (!same).then(|| RefusedAgain { id: head.id.clone(), format, rejection: rejection.clone() })
}

/// What became of a record, and the form that it has.
struct Outcome {
    replayed: Replayed,
    format: Format,
}

#[derive(Clone, Copy)]
struct Work<'a> {
    context: ReplayContext<'a>,
    correction: &'a Correction,
}

impl Work<'_> {
    async fn replay(&self, head: &QuarantinedHead, stored: Vec<u8>) -> Result<Outcome> {
        let Correction { text, dialect } = self.correction;
        let known = Format::from_name(&head.dialect);
        let format = dialect.map(Format::Of).or(known).ok_or_else(|| damaged(head, "dialect"))?;
        if text.is_none() && head.kept_len < head.raw_len {
            return Ok(Outcome { replayed: Replayed::Incomplete, format });
        }
        // What lies too far ahead is told from when it was received, as it was then.
        let reading = Reading { now: Micros(head.received_at), ..self.context.ingest.reading(format) };
        let records = read(reading, text.as_deref().unwrap_or(&stored));
        match first_refusal(&records) {
            Some((rejection, told)) => {
                let format = told.map_or(format, Format::Of);
                Ok(Outcome { replayed: Replayed::Refused(rejection), format })
            }
            None => Ok(Outcome { replayed: self.submit(head, records).await?, format }),
        }
    }

    async fn submit(&self, head: &QuarantinedHead, records: Vec<Record>) -> Result<Replayed> {
        let id = head.id.as_slice().try_into().map_err(|_| damaged(head, "id"))?;
        let resolution = if self.correction.text.is_some() { "corrected" } else { "as stored" };
        let resolution = match self.correction.dialect {
            Some(dialect) => format!("{resolution}, as {}", dialect.name()),
            None => resolution.to_owned(),
        };
        let replay = Replay { id, received_at: Micros(head.received_at), resolution };
        let batch = Batch::replaying(self.context.workspace, head.source.clone(), records, replay);
        let report = self.submit_patiently(batch).await?;
        if report.was_replayed_before {
            return Ok(Replayed::Before);
        }
        metrics::counter!("campaignql_quarantine_replayed_total").increment(1);
        Ok(Replayed::Taken(Box::new(report)))
    }

    /// A replay is in no hurry: senders of new events come first.
    async fn submit_patiently(&self, batch: Batch) -> Result<Report> {
        for _ in 0..PAUSES {
            match self.context.ingest.submit(batch.clone()).await {
                Err(Error::Unavailable { .. }) => tokio::time::sleep(PAUSE).await,
                other => return other,
            }
        }
        self.context.ingest.submit(batch).await
    }
}

fn read(reading: Reading, text: &[u8]) -> Vec<Record> {
    dialect::read(reading, text).take(MAX_RECORDS + 1).collect()
}

/// Why the text cannot be taken as a whole, and the form of the record that stands in the way.
fn first_refusal(records: &[Record]) -> Option<(Rejection, Option<Dialect>)> {
    if records.is_empty() {
        return Some((Rejection::new(RejectionCode::NotJson, "", "the text holds no record"), None));
    }
    if records.len() > MAX_RECORDS {
        let message = format!("the text holds more than the maximum of {MAX_RECORDS} records");
        return Some((Rejection::new(RejectionCode::TooLarge, "", message), None));
    }
    let refused = |record: &Record| Some((record.outcome.as_ref().err()?.clone(), record.dialect));
    records.iter().find_map(refused)
}

fn damaged(head: &QuarantinedHead, what: &str) -> Error {
    Error::Corrupt(format!("{what} of the quarantined record at {} of {}", head.position, head.source))
}
