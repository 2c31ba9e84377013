//! What people do with quarantined records. That a record was replayed is written by ingestion, with its events.

use entity::quarantine;
use entity::quarantine::Column;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, TransactionTrait};

use super::quarantine::{IDS_OF_ONE_STATEMENT, among};
use super::{Store, audit};
use crate::Result;
use crate::domain::audit::AuditEntry;
use crate::domain::event::{Format, Rejection};
use crate::domain::quarantine::{ERASED, RecordState, kept_path, kept_text};
use crate::domain::time::Micros;
use crate::domain::workspace::WorkspaceId;

/// A record that was refused again: why, and the form that it has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedAgain {
    /// The record.
    pub id: Vec<u8>,
    /// The form; `Auto` where it still cannot be told.
    pub format: Format,
    /// Why.
    pub rejection: Rejection,
}

/// Writes why records were refused this time, in place of the last time, in one transaction. Their states stay.
pub async fn refuse(store: &Store, workspace: WorkspaceId, refused: &[RefusedAgain]) -> Result<()> {
    if refused.is_empty() {
        return Ok(());
    }
    let transaction = store.db().begin().await?;
    for record in refused {
        let RefusedAgain { id, format, rejection } = record;
        let update = quarantine::Entity::update_many()
            .col_expr(Column::Dialect, Expr::value(format.name()))
            .col_expr(Column::Code, Expr::value(rejection.code.name()))
            .col_expr(Column::Path, Expr::value(kept_path(&rejection.path)))
            .col_expr(Column::Message, Expr::value(kept_text(&rejection.message)))
            .filter(among(store, std::slice::from_ref(id)))
            .filter(Column::Workspace.eq(workspace.0))
            .filter(Column::State.is_not_in([RecordState::Replayed.code(), ERASED]));
        update.exec(&transaction).await?;
    }
    transaction.commit().await?;
    Ok(())
}

/// Marks open records as discarded, for a reason, with an entry in the audit log; the number of those that were open.
pub async fn discard(
    store: &Store,
    workspace: WorkspaceId,
    (ids, reason): (&[Vec<u8>], &str),
    entry: &AuditEntry,
) -> Result<u64> {
    let mut discarded = 0;
    let transaction = store.db().begin().await?;
    for ids in ids.chunks(IDS_OF_ONE_STATEMENT) {
        let update = quarantine::Entity::update_many()
            .col_expr(Column::State, Expr::value(RecordState::Discarded.code()))
            .col_expr(Column::ResolvedAt, Expr::value(Micros::now().0))
            .col_expr(Column::Resolution, Expr::value(kept_text(reason)))
            .filter(among(store, ids))
            .filter(Column::Workspace.eq(workspace.0))
            .filter(Column::State.eq(RecordState::Open.code()));
        discarded += update.exec(&transaction).await?.rows_affected;
    }
    if discarded > 0 {
        audit::insert(&transaction, workspace, &entry.clone().with("records", discarded)).await?;
    }
    transaction.commit().await?;
    metrics::counter!("campaignql_quarantine_discarded_total").increment(discarded);
    Ok(discarded)
}
