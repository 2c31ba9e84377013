//! Sets of customers by one thing that they have in common, in order of their ids: whole, or a stretch of them. Every
//! statement walks an index; merged customers never come.

use entity::{customer, identifier, profile_attribute, recipient, suppression};
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query, SelectStatement, SimpleExpr};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, DatabaseBackend};

use super::Store;
use super::page::PageEnd;
use crate::Result;
use crate::domain::profile::Comparison;
use crate::domain::workspace::WorkspaceId;

/// Which of a set's customers are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// Only ids above this one.
    pub after: Option<i64>,
    /// Only ids below this one.
    pub before: Option<i64>,
    /// The end that is counted from: the smallest ids first, or the largest.
    pub from: PageEnd,
    /// Most ids; none: all.
    pub limit: Option<u64>,
}

impl Stretch {
    /// The whole set.
    pub const ALL: Self = Self { after: None, before: None, from: PageEnd::Start, limit: None };

    fn narrow(&self, statement: &mut SelectStatement, column: &SimpleExpr) {
        let order = if self.from == PageEnd::Start { Order::Asc } else { Order::Desc };
        if let Some(after) = self.after {
            statement.and_where(column.clone().gt(after));
        }
        if let Some(before) = self.before {
            statement.and_where(column.clone().lt(before));
        }
        statement.order_by(CUSTOMER, order);
        if let Some(limit) = self.limit {
            statement.limit(limit);
        }
    }
}

/// What the customers of a set have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Common {
    /// That they are customers of the workspace.
    Nothing,
    /// An identifier of a type, if given one whose value begins so.
    Identifier {
        /// The type.
        name: String,
        /// How the value begins.
        prefix: Option<String>,
    },
    /// An attribute that compares so.
    Attribute {
        /// The name.
        name: String,
        /// How it compares.
        comparison: Comparison,
    },
    /// That something happened to them in a campaign.
    Campaign(i64),
    /// That an address of theirs cannot be reached.
    Suppressed,
}

const CUSTOMER: &str = "customer";

/// The ids of a set, or of a stretch of it, in the stretch's order.
pub async fn ids(store: &Store, workspace: WorkspaceId, common: &Common, stretch: Stretch) -> Result<Vec<i64>> {
    let mut ids = Vec::new();
    for statement in statements(store, workspace, common, stretch) {
        for row in store.db().query_all(&statement).await? {
            ids.push(row.try_get::<i64>("", CUSTOMER)?);
        }
    }
    if stretch.from == PageEnd::Start {
        ids.sort_unstable();
    } else {
        ids.sort_unstable_by(|a, b| b.cmp(a));
    }
    ids.truncate(stretch.limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX));
    Ok(ids)
}

/// The statements that together find a stretch of a set: one, or one for each shard.
pub fn statements(store: &Store, workspace: WorkspaceId, common: &Common, stretch: Stretch) -> Vec<SelectStatement> {
    match common {
        Common::Nothing => vec![of_workspace(workspace, stretch)],
        Common::Identifier { name, prefix } => {
            vec![with_identifier(store, workspace, (name, prefix.as_deref()), stretch)]
        }
        Common::Attribute { name, comparison } => vec![with_attribute(workspace, name, comparison, stretch)],
        Common::Suppressed => vec![suppressed(workspace, stretch)],
        Common::Campaign(campaign) => {
            store.all_shards().into_iter().map(|shard| in_campaign(shard, *campaign, stretch)).collect()
        }
    }
}

fn of_workspace(workspace: WorkspaceId, stretch: Stretch) -> SelectStatement {
    let mut statement = Query::select()
        .expr_as(Expr::col(customer::Column::Id), CUSTOMER)
        .from(customer::Entity)
        .and_where(customer::Column::Workspace.eq(workspace.0))
        // As a sum it is no index: without statistics, SQLite would take it for narrower than the workspace.
        .and_where(Expr::col(customer::Column::MergedInto).add(0).is_null())
        .and_where(customer::Column::ErasedAt.is_null())
        .take();
    stretch.narrow(&mut statement, &Expr::col(customer::Column::Id));
    statement
}

fn with_identifier(
    store: &Store,
    workspace: WorkspaceId,
    (name, prefix): (&str, Option<&str>),
    stretch: Stretch,
) -> SelectStatement {
    let mut statement = Query::select()
        .distinct()
        .column(identifier::Column::Customer)
        .from(identifier::Entity)
        .and_where(identifier::Column::Workspace.eq(workspace.0))
        .and_where(identifier::Column::Name.eq(name))
        .take();
    if let Some(prefix) = prefix {
        // In the order of the index, which is that of bytes on both databases.
        let value = || match store.db().get_database_backend() {
            DatabaseBackend::Postgres => Expr::cust("\"value\" COLLATE \"C\""),
            _ => Expr::col(identifier::Column::Value),
        };
        statement.and_where(value().gte(prefix));
        if let Some(end) = after_all_with_prefix(prefix) {
            statement.and_where(value().lt(end));
        }
    }
    // As a sum it is no index: the one by customer would walk everybody's identifiers.
    stretch.narrow(&mut statement, &Expr::col(identifier::Column::Customer).add(0));
    statement
}

fn with_attribute(workspace: WorkspaceId, name: &str, comparison: &Comparison, stretch: Stretch) -> SelectStatement {
    let key = || Expr::col(profile_attribute::Column::SortKey);
    let mut statement = Query::select()
        .column(profile_attribute::Column::Customer)
        .from(profile_attribute::Entity)
        .and_where(profile_attribute::Column::Workspace.eq(workspace.0))
        .and_where(profile_attribute::Column::Name.eq(name))
        .take();
    match comparison {
        Comparison::Equals(value) => statement.and_where(key().eq(value.sort_key())),
        other => {
            let (from, until) = other.range();
            statement.and_where(key().gte(from)).and_where(key().lt(until))
        }
    };
    stretch.narrow(&mut statement, &Expr::col(profile_attribute::Column::Customer));
    statement
}

fn in_campaign(shard: i16, campaign: i64, stretch: Stretch) -> SelectStatement {
    let mut statement = Query::select()
        .column(recipient::Column::Customer)
        .from(recipient::Entity)
        .and_where(recipient::Column::Shard.eq(shard))
        .and_where(recipient::Column::Campaign.eq(campaign))
        .and_where(Expr::exists(erased_recipient()).not())
        .take();
    stretch.narrow(&mut statement, &Expr::col((recipient::Entity, recipient::Column::Customer)));
    statement
}

/// The shell of an erased customer, whose state goes on counting.
fn erased_recipient() -> SelectStatement {
    let same = |of_customer, of_recipient| {
        Expr::col((customer::Entity, of_customer)).equals((recipient::Entity, of_recipient))
    };
    Query::select()
        .expr(Expr::val(1))
        .from(customer::Entity)
        .and_where(same(customer::Column::Shard, recipient::Column::Shard))
        .and_where(same(customer::Column::Id, recipient::Column::Customer))
        .and_where(customer::Column::ErasedAt.is_not_null())
        .take()
}

fn suppressed(workspace: WorkspaceId, stretch: Stretch) -> SelectStatement {
    let of_identifier = |column| (identifier::Entity, column);
    let of_suppression = |column| Expr::col((suppression::Entity, column));
    let same = Condition::all()
        .add(of_suppression(suppression::Column::Shard).equals(of_identifier(identifier::Column::Shard)))
        .add(of_suppression(suppression::Column::Id).equals(of_identifier(identifier::Column::Id)));
    let mut statement = Query::select()
        .distinct()
        .column(of_identifier(identifier::Column::Customer))
        .from(suppression::Entity)
        .inner_join(identifier::Entity, same)
        .and_where(of_suppression(suppression::Column::Workspace).eq(workspace.0))
        // Reason 0 has bounced, and can still be reached.
        .and_where(of_suppression(suppression::Column::Reason).gt(0))
        .take();
    // As a sum it is no index: the one by customer would walk everybody's identifiers.
    stretch.narrow(&mut statement, &Expr::col(of_identifier(identifier::Column::Customer)).add(0));
    statement
}

/// The smallest text that is larger than every one that begins so; none where there is none.
fn after_all_with_prefix(prefix: &str) -> Option<String> {
    let mut kept: Vec<char> = prefix.chars().collect();
    while let Some(last) = kept.pop() {
        // The surrogates between are no characters.
        let next = if last == '\u{d7ff}' { Some('\u{e000}') } else { char::from_u32(last as u32 + 1) };
        if let Some(next) = next {
            kept.push(next);
            return Some(kept.into_iter().collect());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_prefix_is_the_next_text() {
        for (prefix, expected) in [
            ("ada", Some("adb")),
            ("a\u{10ffff}", Some("b")),
            ("a\u{d7ff}", Some("a\u{e000}")),
            ("\u{10ffff}", None),
            ("", None),
        ] {
            assert_eq!(after_all_with_prefix(prefix).as_deref(), expected, "{prefix:?}");
        }
    }
}
