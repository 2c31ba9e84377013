//! Lists that are brought along: suppression lists and members of lists, in whatever columns they have, and CSV, which
//! exported endpoints come in too. A row becomes a record, a JSON object of its cells, and goes on as every record does.

pub mod members;
pub mod suppressions;

mod columns;
mod given;
mod header;
mod row;
mod rows;
mod time;
mod whom;

pub use columns::field_names;
pub use given::{Given, parse_as_of, parse_reason};
pub use header::Header;
pub use row::ATTRIBUTE_LEFT_OUT;

pub(super) use columns::{Column, DEFAULT_TIME, column};
pub(super) use header::FirstLine;
pub(super) use row::attributes;
pub(super) use rows::RowCutter;
pub(super) use time::parse_list_time;
