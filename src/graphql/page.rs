//! Pages of lists: the arguments `first`, `after`, `last`, `before`, opaque cursors, and the connection types.

use std::sync::Arc;

use async_graphql::{Enum, Object, OutputType, SimpleObject};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::future::BoxFuture;

use super::address_history::AddressChange;
use super::audience::Audience;
use super::audit_log::AuditEntry;
use super::campaign::Campaign;
use super::customer::Customer;
use super::error::{Fault, Result};
use super::event::Event;
use super::identity_history::IdentityChange;
use super::limits::{DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE};
use super::list::List;
use super::quarantine::QuarantinedRecord;
use super::scalar::BigInt;
use super::suppression::Suppression;
use crate::store::page::{Page, PageEnd, Slice};

/// In which direction a list runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum OrderDirection {
    /// The smallest, or the earliest, first.
    Asc,
    /// The largest, or the latest, first.
    Desc,
}

/// The arguments of a page, as they came.
#[derive(Clone, Debug, Default)]
pub struct PageArguments {
    /// Rows from the start.
    pub first: Option<i32>,
    /// Only rows behind this cursor.
    pub after: Option<String>,
    /// Rows from the end.
    pub last: Option<i32>,
    /// Only rows before this cursor.
    pub before: Option<String>,
}

impl PageArguments {
    /// The page that is meant, its cursors read by `position`.
    pub fn page<P>(self, position: impl FnMut(CursorText) -> Result<P>) -> Result<Page<P>> {
        let (name, size, from) = match (self.first, self.last) {
            (Some(_), Some(_)) => return Err(Fault::bad_input("first and last exclude each other: give one of them")),
            (None, Some(last)) => ("last", last, PageEnd::End),
            (Some(first), None) => ("first", first, PageEnd::Start),
            (None, None) => ("first", DEFAULT_PAGE_SIZE as i32, PageEnd::Start),
        };
        if size < 1 {
            return Err(Fault::bad_input(format!("{name}: {size} is below the minimum of 1")));
        }
        if size as usize > MAX_PAGE_SIZE {
            return Err(Fault::bad_input(format!("{name}: {size} exceeds the maximum page size of {MAX_PAGE_SIZE}")));
        }
        let cursor = |text: Option<String>| text.map(|text| CursorText::decode(&text)).transpose();
        let page = Page { after: cursor(self.after)?, before: cursor(self.before)?, from, limit: size as u64 };
        page.try_map(position)
    }
}

/// What stands in a cursor: the name of the list's order, and the parts of a position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CursorText {
    parts: Vec<String>,
}

const SEPARATOR: char = '\u{1f}';

impl CursorText {
    /// A cursor of a list in the order of that name.
    pub fn new(order: &str, parts: impl IntoIterator<Item = String>) -> Self {
        Self { parts: std::iter::once(order.to_owned()).chain(parts).collect() }
    }

    /// The opaque text.
    pub fn encode(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.parts.join(&SEPARATOR.to_string()))
    }

    /// The parts of a position in a list of that order; a cursor of another list is bad input.
    pub fn parts(&self, order: &str) -> Result<&[String]> {
        match self.parts.split_first() {
            Some((name, parts)) if name == order => Ok(parts),
            _ => Err(foreign_cursor()),
        }
    }

    /// The only and numeric parts of a position.
    pub fn numbers(&self, order: &str) -> Result<Vec<i64>> {
        self.parts(order)?.iter().map(|part| part.parse().map_err(|_| foreign_cursor())).collect()
    }

    /// Reads the opaque text.
    pub fn decode(text: &str) -> Result<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| foreign_cursor())?;
        let text = String::from_utf8(bytes).map_err(|_| foreign_cursor())?;
        Ok(Self { parts: text.split(SEPARATOR).map(str::to_owned).collect() })
    }
}

/// What a cursor that was not given out for this list is answered with.
pub fn foreign_cursor() -> Fault {
    Fault::bad_input("the cursor is not one of this list in this order: take cursors from pageInfo or edges")
}

/// Where a page stands in its list.
#[derive(Clone, Debug, SimpleObject)]
pub struct PageInfo {
    /// Whether the list goes on behind this page.
    has_next_page: bool,
    /// Whether the list has rows before this page.
    has_previous_page: bool,
    /// Cursor of the first row; null on an empty page.
    start_cursor: Option<String>,
    /// Cursor of the last row, for `after`; null on an empty page.
    end_cursor: Option<String>,
}

/// A row and its place in the list.
#[derive(Debug, SimpleObject)]
#[graphql(concrete(name = "AddressChangeEdge", params(AddressChange)))]
#[graphql(concrete(name = "CampaignEdge", params(Campaign)))]
#[graphql(concrete(name = "EventEdge", params(Event)))]
#[graphql(concrete(name = "AudienceEdge", params(Audience)))]
#[graphql(concrete(name = "AuditEntryEdge", params(AuditEntry)))]
#[graphql(concrete(name = "CustomerEdge", params(Customer)))]
#[graphql(concrete(name = "IdentityChangeEdge", params(IdentityChange)))]
#[graphql(concrete(name = "ListEdge", params(List)))]
#[graphql(concrete(name = "QuarantinedRecordEdge", params(QuarantinedRecord)))]
#[graphql(concrete(name = "SuppressionEdge", params(Suppression)))]
pub struct Edge<T: OutputType> {
    /// The row.
    node: T,
    /// Its place, for `after` and `before`: opaque, valid only for the same list in the same order.
    cursor: String,
}

/// Counts the whole list, when asked to.
pub type Total = Arc<dyn Fn() -> BoxFuture<'static, crate::Result<i64>> + Send + Sync>;

/// A page of a list.
pub struct Connection<T: OutputType> {
    edges: Vec<Edge<T>>,
    page_info: PageInfo,
    total: Total,
}

impl<T: OutputType> Connection<T> {
    /// A page with the cursor of every row.
    pub fn new(slice: Slice<(T, CursorText)>, total: Total) -> Self {
        let edges: Vec<Edge<T>> =
            slice.rows.into_iter().map(|(node, cursor)| Edge { node, cursor: cursor.encode() }).collect();
        let page_info = PageInfo {
            has_next_page: slice.has_next,
            has_previous_page: slice.has_previous,
            start_cursor: edges.first().map(|edge| edge.cursor.clone()),
            end_cursor: edges.last().map(|edge| edge.cursor.clone()),
        };
        Self { edges, page_info, total }
    }
}

/// A page of a list, with the number of rows in the whole list.
#[Object(
    concrete(name = "AddressChangeConnection", params(AddressChange)),
    concrete(name = "CampaignConnection", params(Campaign)),
    concrete(name = "EventConnection", params(Event)),
    concrete(name = "AudienceConnection", params(Audience)),
    concrete(name = "AuditEntryConnection", params(AuditEntry)),
    concrete(name = "CustomerConnection", params(Customer)),
    concrete(name = "IdentityChangeConnection", params(IdentityChange)),
    concrete(name = "ListConnection", params(List)),
    concrete(name = "QuarantinedRecordConnection", params(QuarantinedRecord)),
    concrete(name = "SuppressionConnection", params(Suppression))
)]
impl<T: OutputType> Connection<T>
where
    Edge<T>: OutputType,
{
    /// The rows with their cursors, in the list's order.
    fn edges(&self) -> &[Edge<T>] {
        &self.edges
    }

    /// The rows alone, in the list's order.
    fn nodes(&self) -> Vec<&T> {
        self.edges.iter().map(|edge| &edge.node).collect()
    }

    /// Where the page stands in its list.
    fn page_info(&self) -> &PageInfo {
        &self.page_info
    }

    /// Number of rows in the whole list, exact; counted only when asked for.
    async fn total_count(&self) -> Result<BigInt> {
        Ok(BigInt((self.total)().await?))
    }
}

/// The rows of a page with their cursors, for a list that the store keeps in the opposite order where `mirror` says so.
pub fn in_direction<T>(slice: Slice<T>, direction: OrderDirection, kept: OrderDirection) -> Slice<T> {
    if direction == kept { slice } else { slice.mirrored() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(first: Option<i32>, last: Option<i32>) -> Result<Page<()>> {
        PageArguments { first, last, ..PageArguments::default() }.page(|_| Ok(()))
    }

    #[test]
    fn page_sizes_have_limits() {
        assert_eq!(page(None, None).expect("the default").limit, DEFAULT_PAGE_SIZE as u64);
        assert_eq!(page(None, Some(3)).expect("the last three").from, PageEnd::End);
        for (first, last) in [(Some(0), None), (Some(101), None), (None, Some(-1)), (Some(1), Some(1))] {
            assert_eq!(page(first, last).expect_err("not a page").code(), "BAD_INPUT");
        }
        let message = page(Some(500), None).expect_err("too large").to_string();
        assert_eq!(message, "first: 500 exceeds the maximum page size of 100");
    }

    #[test]
    fn cursors_come_back_and_belong_to_one_order() {
        let cursor = CursorText::new("time", ["-5".to_owned(), "7".to_owned()]);
        let read = CursorText::decode(&cursor.encode()).expect("decodes");
        assert_eq!(read.numbers("time").expect("its order"), [-5, 7]);
        assert!(read.numbers("name").is_err());
        assert!(CursorText::decode("not base64!").is_err());
    }
}
