//! Who may write an import's journal: the import that was started last. One that is still at work from before ends at its
//! next batch, so that two of them take nothing twice.

use super::journal::{self, Key};
use crate::domain::time::Micros;
use crate::domain::workspace::WorkspaceId;
use crate::store::Store;
use crate::store::hot::{Column, HotConnection, IdentityLock, Rows, tables};
use crate::{Error, Result};

/// Stands for the file in the row that tells who may write the others.
const NO_FILE: [u8; 16] = [0; 16];

/// The right to write the journal of an import.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The import: a hash of what it was told to do.
    pub run: [u8; 16],
    workspace: i32,
    /// Differs between any two claims.
    number: i64,
}

impl Claim {
    /// Claims a run. What its journal says afterwards changes only under this claim.
    pub async fn take(store: &Store, workspace: WorkspaceId, run: [u8; 16]) -> Result<Self> {
        let claim = Self { run, workspace: workspace.0, number: rand::random() };
        let mut connection = begin(store, run).await?;
        connection.put(&tables::IMPORT_JOURNAL, &claim.row()).await?;
        connection.commit().await?;
        Ok(claim)
    }

    /// Forgets what the journal says of the run, once everything of it is read.
    pub async fn complete(self, store: &Store) -> Result<()> {
        let mut connection = begin(store, self.run).await?;
        let rows =
            connection.select(&tables::IMPORT_JOURNAL, &["workspace", "run", "file"], &keys(&[self.key()])).await?;
        self.check(&rows, (!rows.is_empty()).then_some(0))?;
        delete(&mut connection, self.workspace, self.run).await?;
        connection.commit().await
    }

    /// Forgets what the journal says of a run, whoever wrote it.
    pub async fn forget(store: &Store, workspace: WorkspaceId, run: [u8; 16]) -> Result<()> {
        let mut connection = begin(store, run).await?;
        delete(&mut connection, workspace.0, run).await?;
        connection.commit().await
    }

    /// The key of its row.
    pub(super) fn key(&self) -> Key {
        (self.workspace, self.run, NO_FILE)
    }

    /// Makes sure that the row, if there is one, holds this claim.
    pub(super) fn check(&self, rows: &Rows, row: Option<usize>) -> Result<()> {
        match row {
            Some(row) if rows.i64s(journal::TEXTS)?[row] == self.number => Ok(()),
            _ => Err(Error::BadInput("another import of the same files was started and goes on with them".to_owned())),
        }
    }

    fn row(self) -> Rows {
        let mut columns = keys(&[self.key()]).columns;
        columns.extend([
            Column::Text(vec![String::new()]),
            Column::I64(vec![0]),
            Column::I64(vec![0]),
            Column::I64(vec![self.number]),
            Column::I64(vec![0]),
            Column::Bool(vec![false]),
            Column::Text(vec!["{}".to_owned()]),
            Column::I64(vec![Micros::now().0]),
        ]);
        Rows::new(columns)
    }
}

/// Columns of keys.
pub(super) fn keys(keys: &[Key]) -> Rows {
    Rows::new(vec![
        Column::I32(keys.iter().map(|key| key.0).collect()),
        Column::Bytes(keys.iter().map(|key| key.1.to_vec()).collect()),
        Column::Bytes(keys.iter().map(|key| key.2.to_vec()).collect()),
    ])
}

async fn begin(store: &Store, run: [u8; 16]) -> Result<HotConnection> {
    let mut connection = HotConnection::open(store).await?;
    connection.begin(IdentityLock::Shared).await?;
    connection.lock_imports(&[run]).await?;
    Ok(connection)
}

async fn delete(connection: &mut HotConnection, workspace: i32, run: [u8; 16]) -> Result<()> {
    let of_run = Rows::new(vec![Column::I32(vec![workspace]), Column::Bytes(vec![run.to_vec()])]);
    let mut rows = connection.select(&tables::IMPORT_JOURNAL, &["workspace", "run"], &of_run).await?;
    rows.columns.truncate(tables::IMPORT_JOURNAL.key.len());
    connection.delete(&tables::IMPORT_JOURNAL, &rows).await
}
