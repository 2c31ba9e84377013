//! Records that could not be taken.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, InputObject, Object};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::context::{caller, store};
use super::error::Result;
use super::node::NodeId;
use super::page::{Connection, CursorText, PageArguments, foreign_cursor};
use super::range::DateTimeRange;
use super::scalar::{BigInt, DateTime};
use super::source::EventDialect;
use crate::domain::event::{Format, RejectionCode};
use crate::domain::time::Micros;
use crate::store;
use crate::store::quarantine::QuarantinePosition;

/// Why a record was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "RejectionCode")]
pub enum QuarantineReason {
    /// The text is not JSON.
    NotJson,
    /// A value has a type that the field does not take.
    WrongType,
    /// A required field is missing, null or empty.
    MissingField,
    /// The event names nobody.
    MissingIdentifier,
    /// A time that no accepted format reads, or one outside the range that can be stored.
    InvalidTime,
    /// A value outside the field's set or form.
    InvalidValue,
    /// A field that the form does not have.
    UnknownField,
    /// The same key twice in one object.
    DuplicateKey,
    /// A value is longer than can be stored.
    TooLarge,
    /// Text with a NUL character or an unpaired surrogate.
    InvalidText,
    /// A record whose vendor cannot be told.
    UnknownFormat,
    /// A message whose signature does not fit it.
    InvalidSignature,
    /// A confirmation that an operator must give by hand.
    ConfirmationRequired,
}

/// A record that could not be taken.
#[derive(Clone, Debug)]
pub struct QuarantinedRecord {
    id: [u8; 16],
    row: entity::quarantine::Model,
}

impl TryFrom<entity::quarantine::Model> for QuarantinedRecord {
    type Error = crate::Error;

    fn try_from(row: entity::quarantine::Model) -> crate::Result<Self> {
        let id = row.id.as_slice().try_into();
        let id = id.map_err(|_| crate::Error::Corrupt("id of a quarantined record".to_owned()))?;
        Ok(Self { id, row })
    }
}

/// A record that could not be taken, kept as it came. A repeat of it adds nothing.
#[Object]
impl QuarantinedRecord {
    /// Opaque, unique over all types, and stable.
    pub async fn id(&self) -> ID {
        NodeId::QuarantinedRecord(self.id).encode()
    }

    /// The form that it came in; null where that could not be told.
    fn dialect(&self) -> Result<Option<EventDialect>> {
        match Format::from_name(&self.row.dialect) {
            Some(Format::Of(dialect)) => Ok(Some(dialect.into())),
            Some(Format::Auto) => Ok(None),
            None => Err(crate::Error::Corrupt(format!("dialect {}", self.row.dialect)).into()),
        }
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

    /// The record as text; bytes that are not UTF-8 are shown as U+FFFD. Of a record over 16 MiB the first 64 KiB.
    fn raw(&self) -> String {
        String::from_utf8_lossy(&self.row.raw).into_owned()
    }

    /// The record's bytes in Base64, exactly as they came. Of a record over 16 MiB the first 64 KiB.
    fn raw_base64(&self) -> String {
        STANDARD.encode(&self.row.raw)
    }

    /// Length of the whole record in bytes.
    fn raw_length(&self) -> BigInt {
        BigInt(self.row.raw_len)
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

/// Which records are wanted. Conditions add up; what is not given admits all.
#[derive(Clone, Debug, Default, InputObject)]
pub struct QuarantineFilter {
    /// That came in this form.
    dialect: Option<EventDialect>,
    /// Refused for this reason.
    code: Option<QuarantineReason>,
    /// First received within this range.
    received_at: Option<DateTimeRange>,
}

/// The record of an id.
pub async fn find(ctx: &Context<'_>, id: [u8; 16]) -> Result<Option<QuarantinedRecord>> {
    let found = store::quarantine::find(store(ctx)?, caller(ctx)?.workspace_id(), &id).await?;
    Ok(found.map(QuarantinedRecord::try_from).transpose()?)
}

const ORDER: &str = "quarantine";

/// A page of records, the latest received first.
pub async fn list(
    ctx: &Context<'_>,
    filter: Option<QuarantineFilter>,
    arguments: PageArguments,
) -> Result<Connection<QuarantinedRecord>> {
    let filter = filter.unwrap_or_default();
    let (received_from, received_until) = DateTimeRange::ends(filter.received_at.as_ref())?;
    let filter = store::quarantine::QuarantineFilter {
        dialect: filter.dialect.map(Into::into),
        code: filter.code.map(|code| RejectionCode::from(code).name().to_owned()),
        received_from,
        received_until,
    };
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

fn write_position(position: &QuarantinePosition) -> CursorText {
    CursorText::new(ORDER, [position.received_at.to_string(), STANDARD.encode(&position.id)])
}

fn read_position(cursor: &CursorText) -> Result<QuarantinePosition> {
    let [received_at, id] = cursor.parts(ORDER)? else { return Err(foreign_cursor()) };
    let received_at = received_at.parse().map_err(|_| foreign_cursor())?;
    Ok(QuarantinePosition { received_at, id: STANDARD.decode(id).map_err(|_| foreign_cursor())? })
}
