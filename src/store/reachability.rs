//! The state of addresses, and how many customers can be reached on a channel.

use std::collections::HashMap;

use entity::{address_state, identifier};
use sea_orm::sea_query::{Alias, CaseStatement, Expr, ExprTrait, LikeExpr, Query, SelectStatement, SimpleExpr};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter};

use super::Store;
use crate::Result;
use crate::domain::identifier::{BUILT_IN, PUSH_TOKEN_SUFFIX, serves_channel};
use crate::domain::workspace::WorkspaceId;

/// The states of several addresses by identifier id; addresses of which nothing is known are left out.
pub async fn states(
    store: &Store,
    workspace: WorkspaceId,
    ids: &[[u8; 16]],
) -> Result<HashMap<Vec<u8>, address_state::Model>> {
    let mut shards: Vec<i16> = ids.iter().map(|id| store.shards().of_bytes(id)).collect();
    shards.sort_unstable();
    shards.dedup();
    let rows = address_state::Entity::find()
        .filter(address_state::Column::Shard.is_in(shards))
        .filter(address_state::Column::Id.is_in(ids.iter().map(|id| id.to_vec())))
        .filter(address_state::Column::Workspace.eq(workspace.0))
        .all(store.db())
        .await?;
    Ok(rows.into_iter().map(|row| (row.id.clone(), row)).collect())
}

/// How far the best address of a customer gets on a channel. The furthest comes last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum BestAddress {
    /// Unreachable, with the code of the reachability type.
    Unreachable(u8),
    /// Reachable, and the recipient refused.
    OptedOut,
    /// Reachable, and the recipient never agreed on a channel that needs it.
    NoConsent,
    /// Reachable and consented.
    Consented,
}

/// A number of customers whose best address gets equally far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReachCount {
    /// How far.
    pub best: BestAddress,
    /// Customers.
    pub customers: i64,
}

/// How an address without a consent update counts on a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DefaultConsent {
    /// As consented.
    In,
    /// As not consented.
    Out,
}

/// The customers that have an address of the channel, by how far the best of their addresses gets. Of several
/// addresses that get equally far the reason with the smaller code counts.
pub async fn best_addresses(
    store: &Store,
    workspace: WorkspaceId,
    channel: &str,
    default_consent: DefaultConsent,
) -> Result<Vec<ReachCount>> {
    #[derive(FromQueryResult)]
    struct Row {
        best: i32,
        customers: i64,
    }
    let counted = Query::select()
        .expr_as(Expr::col(BEST).cast_as("integer"), BEST)
        .expr_as(Expr::col(identifier::Column::Customer).count(), CUSTOMERS)
        .from_subquery(best_of_each(workspace, channel, default_consent), "reached")
        .group_by_col(BEST)
        .take();
    let rows = store.db().query_all(&counted).await?;
    rows.iter()
        .map(|row| {
            let Row { best, customers } = Row::from_query_result(row, "")?;
            Ok(ReachCount { best: unrank(best), customers })
        })
        .collect()
}

const BEST: &str = "best";
const CUSTOMERS: &str = "customers";

const RANK_CONSENTED: i32 = 1_000;
const RANK_NO_CONSENT: i32 = 901;
const RANK_OPTED_OUT: i32 = 900;
/// Minus the code of the reachability type.
const RANK_UNREACHABLE: i32 = 256;

fn unrank(rank: i32) -> BestAddress {
    match rank {
        RANK_CONSENTED => BestAddress::Consented,
        RANK_NO_CONSENT => BestAddress::NoConsent,
        RANK_OPTED_OUT => BestAddress::OptedOut,
        _ => BestAddress::Unreachable(u8::try_from(RANK_UNREACHABLE - rank).unwrap_or(u8::MAX)),
    }
}

fn best_of_each(workspace: WorkspaceId, channel: &str, default_consent: DefaultConsent) -> SelectStatement {
    let state = |column| Expr::col((address_state::Entity, column));
    let unreachable = state(address_state::Column::Unreachable);
    let consent = state(address_state::Column::Consent);
    let without_consent = match default_consent {
        DefaultConsent::In => RANK_CONSENTED,
        DefaultConsent::Out => RANK_NO_CONSENT,
    };
    let rank = CaseStatement::new()
        .case(unreachable.clone().gt(0), Expr::val(RANK_UNREACHABLE).sub(unreachable))
        .case(consent.clone().eq(CONSENT_IN), RANK_CONSENTED)
        .case(consent.eq(CONSENT_OUT), RANK_OPTED_OUT)
        .finally(without_consent);
    let own = |column| Expr::col((identifier::Entity, column));
    Query::select()
        .column((identifier::Entity, identifier::Column::Customer))
        .expr_as(SimpleExpr::Case(Box::new(rank)).max(), Alias::new(BEST))
        .from(identifier::Entity)
        .left_join(
            address_state::Entity,
            Condition::all()
                .add(state(address_state::Column::Shard).equals((identifier::Entity, identifier::Column::Shard)))
                .add(state(address_state::Column::Id).equals((identifier::Entity, identifier::Column::Id))),
        )
        .and_where(own(identifier::Column::Workspace).eq(workspace.0))
        .cond_where(addresses_of(channel))
        .group_by_col((identifier::Entity, identifier::Column::Customer))
        .take()
}

/// Stored codes of consent.
const CONSENT_IN: i16 = 1;
const CONSENT_OUT: i16 = 2;

/// Identifiers whose type serves the channel, or that were seen on it where the type has no channel of its own.
fn addresses_of(channel: &str) -> Condition {
    let name = || Expr::col((identifier::Entity, identifier::Column::Name));
    let mut any = Condition::any();
    for (built_in, rule) in BUILT_IN {
        if rule.seen_on_channel {
            any = any.add(name().eq(built_in).and(was_seen_on(channel)));
        } else if serves_channel(built_in, channel) {
            any = any.add(name().eq(built_in));
        }
    }
    if serves_channel(&format!("any{PUSH_TOKEN_SUFFIX}"), channel) {
        let pattern = format!("%{}", PUSH_TOKEN_SUFFIX.replace('_', r"\_"));
        any = any.add(name().like(LikeExpr::new(pattern).escape('\\')));
    }
    any
}

/// Channels are kept separated by spaces; none has a space within.
fn was_seen_on(channel: &str) -> SimpleExpr {
    let literal = channel.replace('\\', r"\\").replace('%', r"\%").replace('_', r"\_");
    let channels = Expr::col((identifier::Entity, identifier::Column::Channels));
    let like = |pattern: String| channels.clone().like(LikeExpr::new(pattern).escape('\\'));
    channels
        .clone()
        .eq(channel)
        .or(like(format!("{literal} %")))
        .or(like(format!("% {literal}")))
        .or(like(format!("% {literal} %")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_lead_back_to_how_far_an_address_gets() {
        assert_eq!(unrank(RANK_CONSENTED), BestAddress::Consented);
        assert_eq!(unrank(RANK_OPTED_OUT), BestAddress::OptedOut);
        assert_eq!(unrank(RANK_NO_CONSENT), BestAddress::NoConsent);
        assert_eq!(unrank(RANK_UNREACHABLE - 3), BestAddress::Unreachable(3));
        let furthest_last = [RANK_UNREACHABLE - 1, RANK_OPTED_OUT, RANK_NO_CONSENT, RANK_CONSENTED];
        assert!(furthest_last.is_sorted());
    }
}
