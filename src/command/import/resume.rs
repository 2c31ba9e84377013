//! What an earlier run of the same command left to do. The journal is written with the events: see `ingest::journal`.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf, absolute};
use std::time::{SystemTime, UNIX_EPOCH};

use entity::import_journal::Model as Row;

use super::paths::Input;
use super::reading::Task;
use super::totals::Totals;
use crate::Result;
use crate::command::output;
use crate::dialect::Given;
use crate::domain::event::Format;
use crate::domain::hash::hash128;
use crate::domain::time::Micros;
use crate::domain::workspace::WorkspaceId;
use crate::ingest::{Claim, MarkedFile, Tally};

/// Where reading of an input begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Start {
    /// Texts that are committed.
    pub(super) texts: u64,
    /// Records that they were.
    pub(super) records: u64,
}

/// What is left to do.
#[derive(Debug)]
pub(super) struct Remainder {
    pub(super) tasks: Vec<Task>,
    /// Number of each task's input among all.
    pub(super) inputs: Vec<usize>,
}

/// Names what an import was told to do: the same command from the same folder is the same run.
pub(super) fn run_id(workspace: WorkspaceId, format: Format, given: &Given, paths: &[PathBuf]) -> [u8; 16] {
    let workspace = workspace.0.to_be_bytes();
    let paths: Vec<PathBuf> = paths.iter().map(|path| whole(path)).collect();
    let mut parts: Vec<&[u8]> = vec![b"import", &workspace, format.name().as_bytes()];
    let given = (!given.is_empty()).then(|| format!("{given:?}"));
    parts.extend(given.as_ref().map(String::as_bytes));
    parts.extend(paths.iter().map(|path| path.as_os_str().as_encoded_bytes()));
    hash128(&parts)
}

/// A file as the journal knows it.
pub(super) fn marked_file(claim: Claim, path: &Path, size: u64, modified: SystemTime) -> MarkedFile {
    MarkedFile {
        claim,
        id: file_id(path),
        path: path.display().to_string(),
        size: size.cast_signed(),
        modified_at: micros(modified),
    }
}

/// Leaves out what is done, begins the rest where it stands, and adds what was done before to the totals.
pub(super) fn remainder(inputs: &[Input], rows: Vec<Row>, totals: &mut Totals) -> Result<Remainder> {
    let mut rows: HashMap<Vec<u8>, Row> = rows.into_iter().map(|row| (row.file.clone(), row)).collect();
    let mut left = Remainder { tasks: Vec::new(), inputs: Vec::new() };
    let mut begun = Vec::new();
    for (number, input) in inputs.iter().enumerate() {
        let row = match input {
            Input::File(path) => rows.remove(&file_id(path)[..]).filter(|row| is_unchanged(path, row)),
            Input::Stdin | Input::Stream(_) => None,
        };
        let mut start = Start::default();
        if let Some(row) = row {
            let tally = Tally::decode(&row.tally)?;
            start = Start { texts: row.texts.cast_unsigned(), records: tally.counts.records() };
            totals.add_earlier(Some(number), &row.path, &tally);
            if row.is_done {
                continue;
            }
            begun.push(format!("{} at byte {}", row.path, row.byte_offset));
        }
        left.tasks.push(Task { input: input.clone(), start });
        left.inputs.push(number);
    }
    // What was imported of a file that is gone since stays imported.
    for row in rows.into_values().filter(|row| !Path::new(&row.path).exists()) {
        totals.add_earlier(None, &row.path, &Tally::decode(&row.tally)?);
    }
    tell(inputs.len(), left.tasks.len(), &begun);
    Ok(left)
}

fn tell(files: usize, left: usize, begun: &[String]) {
    let done = files - left;
    match begun {
        [] if done == 0 => {}
        [] => output::notice(&format!("{done} of {files} files done before")),
        begun => output::notice(&format!("{done} of {files} files done before, going on in {}", begun.join(", in "))),
    }
}

fn is_unchanged(path: &Path, row: &Row) -> bool {
    let same = fs::metadata(path).is_ok_and(|metadata| {
        let modified = metadata.modified().unwrap_or(UNIX_EPOCH);
        metadata.len().cast_signed() == row.size && micros(modified).0 == row.modified_at
    });
    if !same {
        output::notice(&format!("{} was changed since it was read: it is read again from its beginning", row.path));
    }
    same
}

fn file_id(path: &Path) -> [u8; 16] {
    hash128(&[b"file", whole(path).as_os_str().as_encoded_bytes()])
}

/// The path from the root, links as they are.
fn whole(path: &Path) -> PathBuf {
    absolute(path).unwrap_or_else(|_| path.to_owned())
}

fn micros(time: SystemTime) -> Micros {
    let since = time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros());
    Micros(i64::try_from(since).unwrap_or(i64::MAX))
}
