//! Mutations of audiences, and the form in which rules come.

use async_graphql::{Context, ID, InputObject, OneofObject, SimpleObject};

use super::audience::Audience;
use super::campaign_update::check_text;
use super::context::{audited, caller, store};
use super::customer_list::{AttributeFilter, IdentifierPrefix, identifier_leaf, reached_leaf};
use super::error::{Fault, Result};
use super::funnel_counts::FunnelStep;
use super::list::{self, List};
use super::node::NodeId;
use super::reachability_funnel::parse_channel;
use super::user_error::{UserError, UserErrorCode};
use crate::domain::audience::{Leaf, MAX_DAYS, MAX_DEPTH, MAX_PARTS, Rule};
use crate::store::audience::{self as kept, MAX_AUDIENCES, NewAudience};

/// A rule: exactly one field is given. Rules nest up to 8 deep and have up to 64 parts.
#[derive(Clone, Debug, OneofObject)]
pub enum AudienceRuleInput {
    /// All of these; of none, everybody.
    And(Vec<AudienceRuleInput>),
    /// At least one of these; of none, nobody.
    Or(Vec<AudienceRuleInput>),
    /// Not this.
    Not(Box<AudienceRuleInput>),
    /// Has an identifier of the type, if given one that begins so.
    HasIdentifier(IdentifierPrefix),
    /// Has an attribute that compares so.
    Attribute(AttributeFilter),
    /// Reached a step of a campaign.
    Reached(AudienceReachedInput),
    /// May be messaged on a channel: has an address of it that can be reached, whose owner consents, and who is subscribed
    /// to the list where one is named.
    Eligible(AudienceEligibleInput),
}

/// A step of a campaign, and until when it counts.
#[derive(Clone, Debug, InputObject)]
pub struct AudienceReachedInput {
    /// The campaign.
    campaign: ID,
    /// The step; acts of machines do not count, implied steps do.
    step: FunnelStep,
    /// Only if it was reached at most so many days of 24 hours ago, 1 to 3,660; without it, ever.
    within_days: Option<i32>,
}

/// A channel, and a list.
#[derive(Clone, Debug, InputObject)]
pub struct AudienceEligibleInput {
    /// The channel, such as email, sms or push, in any case.
    channel: String,
    /// The list.
    list: Option<ID>,
}

/// An audience to be made or changed.
#[derive(Clone, Debug, InputObject)]
pub struct AudienceUpsertInput {
    /// The name, 1 to 200 characters, by which clients ask for it: one that exists is changed.
    name: String,
    /// What it is for, at most 200 characters.
    description: Option<String>,
    /// Who is in it.
    rule: AudienceRuleInput,
}

/// An audience as it is now, or what is wrong.
#[derive(Debug, SimpleObject)]
pub struct AudienceUpsertPayload {
    /// The audience; null where nothing was changed because of an error.
    audience: Option<Audience>,
    /// What a person can mend; empty on success.
    user_errors: Vec<UserError>,
}

/// What became of an audience.
#[derive(Debug, SimpleObject)]
pub struct AudienceDeletePayload {
    /// The id of the audience that was removed; null where there was none.
    deleted_id: Option<ID>,
    /// What a person can mend; empty on success.
    user_errors: Vec<UserError>,
}

/// Makes or changes the audience of a name.
pub async fn upsert(ctx: &Context<'_>, input: AudienceUpsertInput) -> Result<AudienceUpsertPayload> {
    let (name, description) = (input.name.trim(), input.description.as_deref().map(str::trim));
    let description = description.filter(|text| !text.is_empty());
    let mut errors: Vec<UserError> = check_text(name, &["input", "name"]).into_iter().collect();
    errors.extend(description.and_then(|text| check_text(text, &["input", "description"])));
    errors.extend(too_large(&input.rule));
    let (store, workspace) = (store(ctx)?, caller(ctx)?.workspace_id());
    if errors.is_empty() {
        let is_new = kept::find(store, workspace, kept::id_of(name)).await?.is_none();
        if is_new && kept::count(store, workspace).await? >= i64::try_from(MAX_AUDIENCES).unwrap_or(i64::MAX) {
            let message = format!("the workspace has {MAX_AUDIENCES} audiences, which is the maximum");
            errors.push(UserError::new(UserErrorCode::TooMany, &["input", "name"], message));
        }
    }
    if !errors.is_empty() {
        return Ok(AudienceUpsertPayload { audience: None, user_errors: errors });
    }
    let rule = match parse(ctx, input.rule).await {
        Ok(rule) => rule,
        Err(fault) if ["BAD_INPUT", "NOT_FOUND"].contains(&fault.code()) => {
            let code = if fault.code() == "NOT_FOUND" { UserErrorCode::NotFound } else { UserErrorCode::Invalid };
            let error = UserError::new(code, &["input", "rule"], fault.to_string());
            return Ok(AudienceUpsertPayload { audience: None, user_errors: vec![error] });
        }
        Err(fault) => return Err(fault),
    };
    let new = NewAudience { name, description, rule: &rule };
    kept::put(store, workspace, new, &audited(ctx, "audienceUpsert")?).await?;
    let audience = super::audience::find(ctx, kept::id_of(name)).await?;
    Ok(AudienceUpsertPayload { audience, user_errors: Vec::new() })
}

/// Removes an audience.
pub async fn delete(ctx: &Context<'_>, id: &ID) -> Result<AudienceDeletePayload> {
    let removed = match NodeId::decode(id) {
        Some(NodeId::Audience(number)) => {
            let entry = audited(ctx, "audienceDelete")?;
            kept::remove(store(ctx)?, caller(ctx)?.workspace_id(), number, &entry).await?
        }
        _ => false,
    };
    if removed {
        return Ok(AudienceDeletePayload { deleted_id: Some(id.clone()), user_errors: Vec::new() });
    }
    let message = format!("{} names no audience", id.as_str());
    let error = UserError::new(UserErrorCode::NotFound, &["id"], message);
    Ok(AudienceDeletePayload { deleted_id: None, user_errors: vec![error] })
}

fn too_large(rule: &AudienceRuleInput) -> Option<UserError> {
    let (parts, depth) = measure(rule);
    let wrong = |message| Some(UserError::new(UserErrorCode::TooMany, &["input", "rule"], message));
    match () {
        () if depth > MAX_DEPTH => wrong(format!("the rule nests {depth} deep, more than the maximum of {MAX_DEPTH}")),
        () if parts > MAX_PARTS => wrong(format!("the rule has {parts} parts, more than the maximum of {MAX_PARTS}")),
        () => None,
    }
}

/// Number of parts, and how deep they nest.
fn measure(rule: &AudienceRuleInput) -> (usize, usize) {
    let inner: Vec<(usize, usize)> = match rule {
        AudienceRuleInput::And(parts) | AudienceRuleInput::Or(parts) => parts.iter().map(measure).collect(),
        AudienceRuleInput::Not(part) => vec![measure(part)],
        _ => Vec::new(),
    };
    let parts: usize = inner.iter().map(|(parts, _)| parts).sum();
    (1 + parts, 1 + inner.iter().map(|(_, depth)| *depth).max().unwrap_or(0))
}

async fn parse(ctx: &Context<'_>, rule: AudienceRuleInput) -> Result<Rule> {
    Ok(match rule {
        AudienceRuleInput::And(parts) => Rule::And(parse_all(ctx, parts).await?),
        AudienceRuleInput::Or(parts) => Rule::Or(parse_all(ctx, parts).await?),
        AudienceRuleInput::Not(part) => Rule::Not(Box::new(Box::pin(parse(ctx, *part)).await?)),
        AudienceRuleInput::HasIdentifier(identifier) => {
            Rule::Is(identifier_leaf(&identifier.name, identifier.starts_with)?)
        }
        AudienceRuleInput::Attribute(attribute) => Rule::Is(attribute.leaf()?),
        AudienceRuleInput::Reached(reached) => {
            let days = reached.within_days.map(parse_days).transpose()?;
            Rule::Is(reached_leaf(ctx, &reached.campaign, reached.step, days).await?)
        }
        AudienceRuleInput::Eligible(eligible) => {
            let list = match eligible.list {
                Some(id) => Some(list::by_id(ctx, &id).await?),
                None => None,
            };
            let channel = parse_channel(&eligible.channel)?;
            Rule::Is(Leaf::Eligible { channel, list: list.as_ref().map(List::number) })
        }
    })
}

async fn parse_all(ctx: &Context<'_>, parts: Vec<AudienceRuleInput>) -> Result<Vec<Rule>> {
    let mut rules = Vec::with_capacity(parts.len());
    for part in parts {
        rules.push(Box::pin(parse(ctx, part)).await?);
    }
    Ok(rules)
}

fn parse_days(days: i32) -> Result<u32> {
    let within = u32::try_from(days).ok().filter(|days| (1..=MAX_DAYS).contains(days));
    within.ok_or_else(|| Fault::bad_input(format!("withinDays: {days} is not within 1 and {MAX_DAYS}")))
}
