//! Lists of customers: which, and in which order.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject};

use super::context::store;
use super::customer::Customer;
use super::error::{Fault, Result};
use super::funnel_counts::FunnelStep;
use super::limits::MAX_FILTER_VALUES;
use super::loader::{CustomerKey, load};
use super::node::NodeId;
use super::page::{Connection, CursorText, PageArguments, foreign_cursor};
use super::reachability_funnel::parse_channel;
use super::scalar::Json;
use super::workspace;
use crate::analytics::customer_list;
use crate::domain::audience::{Leaf, Rule};
use crate::domain::identifier::{self, Normalized};
use crate::domain::profile::{AttributeValue, Comparison, MAX_COMPARED_CHARS, refuse_name};
use crate::store::page::Slice;

/// Which customers are wanted: those who fit all that is given.
#[derive(Clone, Debug, Default, InputObject)]
pub struct CustomerFilter {
    /// With all of these attributes, at most 100.
    attributes: Option<Vec<AttributeFilter>>,
    /// With an identifier that begins so.
    identifier: Option<IdentifierPrefix>,
    /// Who reached a step of a campaign.
    reached: Option<ReachedFilter>,
    /// With an address of a channel that can be reached, or with none that can.
    reachable: Option<ReachableFilter>,
}

/// How an attribute compares: exactly one comparison is given. Values are compared with those of the same type alone:
/// numbers as 64-bit floats, texts by code points.
#[derive(Clone, Debug, InputObject)]
pub struct AttributeFilter {
    /// The name.
    name: String,
    /// This value: a string, a number or a boolean; null: cleared.
    equals: async_graphql::MaybeUndefined<Json>,
    /// A larger value than this string, number or boolean.
    greater_than: Option<Json>,
    /// A smaller value than this string, number or boolean.
    less_than: Option<Json>,
    /// A text that begins so, in the same case.
    starts_with: Option<String>,
}

/// How a value begins.
#[derive(Clone, Debug, InputObject)]
pub struct IdentifierPrefix {
    /// The type, such as `email`.
    #[graphql(name = "type")]
    pub name: String,
    /// The first characters of the value in its normal form (emails in lower case, phone numbers with `+`), at most 255;
    /// without it any value.
    pub starts_with: Option<String>,
}

/// A step of a campaign.
#[derive(Clone, Debug, InputObject)]
pub struct ReachedFilter {
    /// The campaign.
    campaign: ID,
    /// The step; acts of machines do not count, implied steps do.
    step: FunnelStep,
}

/// Whether a customer can be reached on a channel.
#[derive(Clone, Debug, InputObject)]
pub struct ReachableFilter {
    /// The channel, such as email, sms or push, in any case.
    channel: String,
    /// Whether at least one address of the channel can be reached; false: has addresses of it, and none can.
    #[graphql(default = true)]
    is_reachable: bool,
}

impl AttributeFilter {
    /// The question that it means.
    pub fn leaf(self) -> Result<Leaf> {
        let name = self.name.trim().to_owned();
        if let Some(rule) = refuse_name(&name) {
            return Err(Fault::bad_input(rule));
        }
        let equals = match self.equals {
            async_graphql::MaybeUndefined::Undefined => None,
            async_graphql::MaybeUndefined::Null => Some(Json(serde_json::Value::Null)),
            async_graphql::MaybeUndefined::Value(value) => Some(value),
        };
        let value = |json: Option<Json>| json.map(|json| compared(&name, &json.0)).transpose();
        let text =
            self.starts_with.map(|text| compared(&name, &text.clone().into()).map(|_| Comparison::StartsWith(text)));
        let mut given = [
            value(equals)?.map(Comparison::Equals),
            value(self.greater_than)?.map(Comparison::GreaterThan),
            value(self.less_than)?.map(Comparison::LessThan),
            text.transpose()?,
        ]
        .into_iter()
        .flatten();
        match (given.next(), given.next()) {
            (Some(comparison), None) => Ok(Leaf::Attribute { name, comparison }),
            _ => Err(Fault::bad_input(format!(
                "attribute {name}: give exactly one of equals, greaterThan, lessThan and startsWith"
            ))),
        }
    }
}

fn compared(name: &str, json: &serde_json::Value) -> Result<AttributeValue> {
    let length = json.as_str().map_or(0, |text| text.chars().count());
    if length > MAX_COMPARED_CHARS {
        return Err(Fault::bad_input(format!(
            "attribute {name}: a text of {length} characters exceeds the {MAX_COMPARED_CHARS} that are compared"
        )));
    }
    AttributeValue::parse(json).map_err(|rule| Fault::bad_input(format!("attribute {name}: the value {rule}")))
}

/// The question of an identifier type and how its value begins.
pub fn identifier_leaf(name: &str, prefix: Option<String>) -> Result<Leaf> {
    let (canonical, length) =
        (identifier::canonical_name(name), prefix.as_ref().map_or(0, |text| text.chars().count()));
    // A value that is certainly one tells a type that is known from one that is not.
    if identifier::normalize(&canonical, "x1") == Normalized::UnknownType {
        let name: String = name.chars().take(80).collect();
        return Err(Fault::bad_input(format!("identifier type {name:?} is unknown")));
    }
    if length > MAX_COMPARED_CHARS {
        return Err(Fault::bad_input(format!(
            "a prefix of {length} characters exceeds the {MAX_COMPARED_CHARS} that are compared"
        )));
    }
    Ok(Leaf::Identifier { name: canonical, prefix: prefix.filter(|text| !text.is_empty()) })
}

/// The question of a campaign's step.
pub async fn reached_leaf(ctx: &Context<'_>, campaign: &ID, step: FunnelStep, days: Option<u32>) -> Result<Leaf> {
    let missing = || Fault::not_found(format!("campaign: {} names no campaign", campaign.as_str()));
    let number = NodeId::campaign(campaign).ok_or_else(missing)?;
    let known = super::campaign::find(ctx, number).await?.ok_or_else(missing)?;
    Ok(Leaf::Reached { campaign: known.number(), step: step.kind().code(), within_days: days })
}

async fn rule(ctx: &Context<'_>, filter: CustomerFilter) -> Result<Rule> {
    let attributes = filter.attributes.unwrap_or_default();
    if attributes.len() > MAX_FILTER_VALUES {
        let number = attributes.len();
        return Err(Fault::bad_input(format!("attributes: {number} exceed the maximum of {MAX_FILTER_VALUES}")));
    }
    let mut leaves = attributes.into_iter().map(AttributeFilter::leaf).collect::<Result<Vec<_>>>()?;
    if let Some(identifier) = filter.identifier {
        leaves.push(identifier_leaf(&identifier.name, identifier.starts_with)?);
    }
    if let Some(reached) = filter.reached {
        leaves.push(reached_leaf(ctx, &reached.campaign, reached.step, None).await?);
    }
    if let Some(reachable) = filter.reachable {
        let channel = parse_channel(&reachable.channel)?;
        leaves.push(Leaf::Reachable { channel, is_reachable: reachable.is_reachable });
    }
    Ok(Rule::And(leaves.into_iter().map(Rule::Is).collect()))
}

const BY_ID: &str = "customer.id";

/// The page that is meant, of a list of customers by id.
pub fn by_id(arguments: PageArguments) -> Result<crate::store::page::Page<i64>> {
    arguments.page(|cursor| match cursor.numbers(BY_ID)?.as_slice() {
        [id] => Ok(*id),
        _ => Err(foreign_cursor()),
    })
}

/// The customers of a page of ids, each with its cursor.
pub async fn rows(ctx: &Context<'_>, slice: Slice<i64>) -> Result<Slice<(Customer, CursorText)>> {
    let found = futures_util::future::try_join_all(slice.rows.iter().map(|id| load(ctx, CustomerKey(*id)))).await?;
    let rows = slice.rows.iter().zip(found).filter_map(|(id, row)| {
        let cursor = CursorText::new(BY_ID, [id.to_string()]);
        Some((Customer::from(row?), cursor))
    });
    Ok(Slice { rows: rows.collect(), has_previous: slice.has_previous, has_next: slice.has_next })
}

/// A page of customers, the first taken in first.
pub async fn list(
    ctx: &Context<'_>,
    filter: Option<CustomerFilter>,
    arguments: PageArguments,
) -> Result<Connection<Customer>> {
    let (page, rule) = (by_id(arguments)?, rule(ctx, filter.unwrap_or_default()).await?);
    let (store, workspace) = (store(ctx)?.clone(), workspace::fresh(ctx).await?);
    let slice = customer_list::page(&store, &workspace, &rule, &page).await?;
    let total = Arc::new(move || {
        let (store, workspace, rule) = (store.clone(), workspace.clone(), rule.clone());
        Box::pin(async move { customer_list::count(&store, &workspace, &rule).await }) as _
    });
    Ok(Connection::new(rows(ctx, slice).await?, total))
}
