//! How far an import has come, written in the transaction of the events that it speaks of: whatever happens, a file goes
//! on exactly behind its last committed record.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::claim::{Claim, keys};
use super::group::Work;
use super::prepare::PreparedBatch;
use super::report::Report;
use super::tally::Tally;
use crate::domain::time::Micros;
use crate::store::hot::{Column, Rows, tables};
use crate::{Error, Result};

/// A file that is being imported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarkedFile {
    /// The import that reads it.
    pub claim: Claim,
    /// The file: a hash of its path.
    pub id: [u8; 16],
    /// Its path, for people.
    pub path: String,
    /// Its size in bytes.
    pub size: i64,
    /// When it was changed last.
    pub modified_at: Micros,
}

/// Which part of a file a batch is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The file.
    pub file: Arc<MarkedFile>,
    /// Texts of the file before this batch. It is committed only where the journal stands here.
    pub from: u64,
    /// Texts up to the end of this batch.
    pub to: u64,
    /// Byte offset, after decompression, of that end.
    pub end_offset: u64,
    /// Whether the file ends there.
    pub is_last: bool,
}

/// Workspace, run, file.
pub(super) type Key = (i32, [u8; 16], [u8; 16]);

/// Number of the column that says how many texts are committed.
pub(super) const TEXTS: usize = 6;

/// Where the files of a group stand: what is committed, then what will be with the group.
pub(super) struct Journal {
    stands: BTreeMap<Key, Stand>,
}

/// The row of a file.
struct Stand {
    file: Arc<MarkedFile>,
    texts: u64,
    end_offset: u64,
    is_done: bool,
    tally: Tally,
}

/// Loads the rows of the group's files and makes sure that their imports are still the ones to read them, and that each
/// batch goes on where its file stands: one that comes after one that failed fails the group.
pub(super) async fn load(work: &mut Work<'_>, batches: &[&PreparedBatch]) -> Result<Journal> {
    let mut stands: BTreeMap<Key, Stand> = BTreeMap::new();
    for (key, mark) in marks(batches) {
        stands.entry(key).or_insert_with(|| Stand::at_start(Arc::clone(&mark.file)));
    }
    if stands.is_empty() {
        return Ok(Journal { stands });
    }
    let mut claims: Vec<Claim> = stands.values().map(|stand| stand.file.claim).collect();
    claims.dedup();
    let mut runs: Vec<[u8; 16]> = claims.iter().map(|claim| claim.run).collect();
    runs.dedup();
    work.connection.lock_imports(&runs).await?;
    let mut wanted: Vec<Key> = claims.iter().map(Claim::key).chain(stands.keys().copied()).collect();
    wanted.sort_unstable();
    wanted.dedup();
    let rows = work.connection.select(&tables::IMPORT_JOURNAL, &["workspace", "run", "file"], &keys(&wanted)).await?;
    let found = (0..rows.len()).map(|row| Ok((key_at(&rows, row)?, row))).collect::<Result<HashMap<Key, usize>>>()?;
    for claim in claims {
        claim.check(&rows, found.get(&claim.key()).copied())?;
    }
    for (key, stand) in &mut stands {
        if let Some(row) = found.get(key) {
            stand.go_on(&rows, *row)?;
        }
    }
    let mut texts: BTreeMap<Key, u64> = stands.iter().map(|(key, stand)| (*key, stand.texts)).collect();
    for (key, mark) in marks(batches) {
        let stand = texts.entry(key).or_default();
        if *stand != mark.from {
            return Err(out_of_turn(mark, *stand));
        }
        *stand = mark.to;
    }
    Ok(Journal { stands })
}

/// Writes how far the files are with this group.
pub(super) async fn advance(
    work: &mut Work<'_>,
    mut journal: Journal,
    batches: &[&PreparedBatch],
    reports: &[Report],
) -> Result<()> {
    for (batch, report) in batches.iter().zip(reports) {
        if let Some(mark) = &batch.mark
            && let Some(stand) = journal.stands.get_mut(&key_of(batch, mark))
        {
            stand.texts = mark.to;
            stand.end_offset = mark.end_offset;
            stand.is_done = mark.is_last;
            stand.tally.add_report(report);
        }
    }
    let Journal { stands } = journal;
    let mut columns = keys(&stands.keys().copied().collect::<Vec<_>>()).columns;
    let tallies = stands.values().map(|stand| stand.tally.encode()).collect::<Result<_>>()?;
    columns.extend([
        Column::Text(stands.values().map(|stand| stand.file.path.clone()).collect()),
        Column::I64(stands.values().map(|stand| stand.file.size).collect()),
        Column::I64(stands.values().map(|stand| stand.file.modified_at.0).collect()),
        Column::I64(stands.values().map(|stand| stand.texts.cast_signed()).collect()),
        Column::I64(stands.values().map(|stand| stand.end_offset.cast_signed()).collect()),
        Column::Bool(stands.values().map(|stand| stand.is_done).collect()),
        Column::Text(tallies),
        Column::I64(vec![Micros::now().0; stands.len()]),
    ]);
    work.connection.put(&tables::IMPORT_JOURNAL, &Rows::new(columns)).await
}

impl Stand {
    fn at_start(file: Arc<MarkedFile>) -> Self {
        Self { file, texts: 0, end_offset: 0, is_done: false, tally: Tally::default() }
    }

    /// Takes a row over, unless the file was changed since: then it begins again.
    fn go_on(&mut self, rows: &Rows, row: usize) -> Result<()> {
        let is_same = rows.i64s(4)?[row] == self.file.size && rows.i64s(5)?[row] == self.file.modified_at.0;
        if is_same {
            self.texts = rows.i64s(TEXTS)?[row].cast_unsigned();
            self.end_offset = rows.i64s(7)?[row].cast_unsigned();
            self.is_done = rows.bools(8)?[row];
            self.tally = Tally::decode(&rows.texts(9)?[row])?;
        }
        Ok(())
    }
}

fn marks<'a>(batches: &[&'a PreparedBatch]) -> impl Iterator<Item = (Key, &'a Mark)> {
    batches.iter().filter_map(|batch| batch.mark.as_ref().map(|mark| (key_of(batch, mark), mark)))
}

fn key_of(batch: &PreparedBatch, mark: &Mark) -> Key {
    (batch.workspace, mark.file.claim.run, mark.file.id)
}

fn key_at(rows: &Rows, row: usize) -> Result<Key> {
    Ok((rows.i32s(0)?[row], hash_of(&rows.bytes(1)?[row])?, hash_of(&rows.bytes(2)?[row])?))
}

fn hash_of(bytes: &[u8]) -> Result<[u8; 16]> {
    bytes.try_into().map_err(|_| Error::Corrupt("import_journal: a key is no 128-bit hash".to_owned()))
}

fn out_of_turn(mark: &Mark, stand: u64) -> Error {
    Error::BadInput(format!(
        "{} is committed up to record text {stand}, and what was read begins at {}: an earlier part of it failed",
        mark.file.path, mark.from
    ))
}
