//! Records that could not be taken.

use std::sync::Arc;

use async_graphql::{Context, ID, Object};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::context::{caller, store};
use super::error::Result;
use super::loader::{RawKey, load};
use super::node::NodeId;
use super::page::{Connection, CursorText, PageArguments, foreign_cursor};
use super::quarantine_filter::{QuarantineFilter, QuarantineState};
use super::scalar::{BigInt, DateTime};
use super::source::EventDialect;
use super::user_error::{UserError, UserErrorCode};
use crate::domain::event::Format;
use crate::domain::quarantine::RecordState;
use crate::domain::time::Micros;
use crate::store;
use crate::store::quarantine::{QuarantinePosition, QuarantinedHead};

/// A record that could not be taken.
#[derive(Clone, Debug)]
pub struct QuarantinedRecord {
    id: [u8; 16],
    row: QuarantinedHead,
}

impl TryFrom<QuarantinedHead> for QuarantinedRecord {
    type Error = crate::Error;

    fn try_from(row: QuarantinedHead) -> crate::Result<Self> {
        let id = row.id.as_slice().try_into();
        let id = id.map_err(|_| crate::Error::Corrupt("id of a quarantined record".to_owned()))?;
        Ok(Self { id, row })
    }
}

/// A record that could not be taken, kept as it came. A repeat of it adds nothing, whatever became of the first.
#[Object]
impl QuarantinedRecord {
    /// Opaque, unique over all types, and stable.
    pub async fn id(&self) -> ID {
        NodeId::QuarantinedRecord(self.id).encode()
    }

    /// The form that it came in; null where that could not be told.
    fn dialect(&self) -> Result<Option<EventDialect>> {
        dialect(&self.row.dialect)
    }

    /// Stable reason code, such as `MISSING_IDENTIFIER`.
    fn code(&self) -> &str {
        &self.row.code
    }

    /// JSON path of the offending field, such as `data.ts`; empty for the whole record.
    fn path(&self) -> &str {
        &self.row.path
    }

    /// What is wrong, naming the value and the rule.
    fn message(&self) -> &str {
        &self.row.message
    }

    /// What became of it.
    fn state(&self) -> Result<QuarantineState> {
        let state = RecordState::from_code(self.row.state);
        Ok(state.ok_or_else(|| crate::Error::Corrupt(format!("quarantine state {}", self.row.state)))?.into())
    }

    /// When it was replayed or discarded; null while it is open.
    fn resolved_at(&self) -> Option<DateTime> {
        self.row.resolved_at.map(|at| DateTime(Micros(at)))
    }

    /// Of a discarded record the reason that was given; of a replayed one how it was read: `as stored` or `corrected`, and
    /// in which form where another was named. Null while it is open.
    fn resolution(&self) -> Option<&str> {
        self.row.resolution.as_deref()
    }

    /// The record as text; bytes that are not UTF-8 are shown as U+FFFD. Of a record over 16 MiB the first 64 KiB.
    async fn raw(&self, ctx: &Context<'_>) -> Result<String> {
        Ok(String::from_utf8_lossy(&self.kept(ctx).await?).into_owned())
    }

    /// The record's bytes in Base64, exactly as they came. Of a record over 16 MiB the first 64 KiB.
    async fn raw_base64(&self, ctx: &Context<'_>) -> Result<String> {
        Ok(STANDARD.encode(self.kept(ctx).await?.as_slice()))
    }

    /// Length of the whole record in bytes.
    fn raw_length(&self) -> BigInt {
        BigInt(self.row.raw_len)
    }

    /// BLAKE3 hash of the whole record in lower-case hexadecimal, where `raw` is not all of it; null where it is.
    fn whole_hash(&self) -> Option<&str> {
        self.row.whole_hash.as_deref()
    }

    /// The route or file that it came by.
    fn source(&self) -> &str {
        &self.row.source
    }

    /// Index of the record in its request or file, from 0.
    fn position(&self) -> BigInt {
        BigInt(self.row.position)
    }

    /// Byte offset of the record in its body or file, after decompression.
    fn byte_offset(&self) -> BigInt {
        BigInt(self.row.byte_offset)
    }

    /// When it was received first.
    fn received_at(&self) -> DateTime {
        DateTime(Micros(self.row.received_at))
    }
}

impl QuarantinedRecord {
    /// The row without its bytes.
    pub fn head(&self) -> &QuarantinedHead {
        &self.row
    }

    async fn kept(&self, ctx: &Context<'_>) -> Result<Arc<Vec<u8>>> {
        Ok(load(ctx, RawKey(self.id)).await?.unwrap_or_default())
    }
}

/// The dialect of a stored name; none where the form could not be told.
pub fn dialect(name: &str) -> Result<Option<EventDialect>> {
    match Format::from_name(name) {
        Some(Format::Of(dialect)) => Ok(Some(dialect.into())),
        Some(Format::Auto) => Ok(None),
        None => Err(crate::Error::Corrupt(format!("dialect {name}")).into()),
    }
}

/// The record of an id.
pub async fn find(ctx: &Context<'_>, id: [u8; 16]) -> Result<Option<QuarantinedRecord>> {
    let found = store::quarantine::find(store(ctx)?, caller(ctx)?.workspace_id(), &id).await?;
    Ok(found.map(QuarantinedRecord::try_from).transpose()?)
}

/// The record that a global id names, with its own id.
pub async fn find_by_id(ctx: &Context<'_>, id: &ID) -> Result<Option<([u8; 16], QuarantinedRecord)>> {
    let Some(NodeId::QuarantinedRecord(number)) = NodeId::decode(id) else { return Ok(None) };
    Ok(find(ctx, number).await?.map(|record| (number, record)))
}

/// What is wrong with an id that names no record.
pub fn unknown(id: &ID) -> UserError {
    let message = format!("{} names no quarantined record", id.as_str());
    UserError::new(UserErrorCode::NotFound, &["input", "id"], message)
}

/// What is wrong with a record that was replayed.
pub fn already_replayed(id: &ID) -> UserError {
    let message = format!("{} was replayed before: its events were taken, and it stays as it is", id.as_str());
    UserError::new(UserErrorCode::AlreadyReplayed, &["input", "id"], message)
}

const ORDER: &str = "quarantine";

/// A page of records, the latest received first.
pub async fn list(
    ctx: &Context<'_>,
    filter: Option<QuarantineFilter>,
    arguments: PageArguments,
) -> Result<Connection<QuarantinedRecord>> {
    let filter = QuarantineFilter::parse(filter)?;
    let page = arguments.page(|cursor| read_position(&cursor))?;
    let (store, workspace) = (store(ctx)?.clone(), caller(ctx)?.workspace_id());
    let slice = store::quarantine::page(&store, workspace, &filter, &page).await?;
    let rows = slice.try_map(|row| {
        let cursor = write_position(&QuarantinePosition::of(&row));
        Ok::<_, crate::Error>((QuarantinedRecord::try_from(row)?, cursor))
    })?;
    let total = Arc::new(move || {
        let (store, filter) = (store.clone(), filter.clone());
        Box::pin(async move { store::quarantine::count(&store, workspace, &filter).await }) as _
    });
    Ok(Connection::new(rows, total))
}

/// Where a record stands, as a cursor.
pub fn write_position(position: &QuarantinePosition) -> CursorText {
    CursorText::new(ORDER, [position.received_at.to_string(), STANDARD.encode(&position.id)])
}

/// The place that a cursor names.
pub fn read_position(cursor: &CursorText) -> Result<QuarantinePosition> {
    let [received_at, id] = cursor.parts(ORDER)? else { return Err(foreign_cursor()) };
    let received_at = received_at.parse().map_err(|_| foreign_cursor())?;
    Ok(QuarantinePosition { received_at, id: STANDARD.decode(id).map_err(|_| foreign_cursor())? })
}
