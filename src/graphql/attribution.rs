//! `attribution`: what is asked about the credit for conversions, read and checked.

use std::collections::BTreeSet;

use async_graphql::{Context, Enum, ID, InputObject};

use super::attribution_report::AttributionReport;
use super::campaign::bounded;
use super::context::{caller, store};
use super::duration::Duration;
use super::error::{Fault, Result};
use super::kind::EventKind;
use super::limits::{DEFAULT_ATTRIBUTION_GROUPS, MAX_ATTRIBUTION_GROUPS, MAX_ATTRIBUTION_PATHS};
use super::loader::{CampaignKey, load};
use super::node::NodeId;
use super::range::DateRange;
use crate::analytics::attribution::{self as analytics, Asked, Dimension, Listed, MAX_DIMENSIONS, Question, Scope};
use crate::domain::attribution::{HalfLife, Model, Rule, TouchKinds, Window};
use crate::domain::kind::Kind;
use crate::domain::money::Currency;
use crate::domain::workspace::Workspace;

/// How a conversion is shared among the touches before it. A single touch gets all of it under every model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Enum)]
pub enum AttributionModel {
    /// The last touch before the conversion gets all.
    #[default]
    LastTouch,
    /// The first touch within the window gets all.
    FirstTouch,
    /// Every touch gets the same.
    Linear,
    /// The first and the last touch get half each; those between get nothing.
    FirstLast,
    /// The first and the last touch get 40 % each and those between share 20 % equally; two touches get half each.
    Position,
    /// A touch is worth half of one that came a half-life later: its weight is 2^(-age / halfLife).
    TimeDecay,
}

impl AttributionModel {
    /// The model under this name, with a half-life where it takes one.
    fn with(self, half_life: Option<Duration>) -> Result<Model> {
        if half_life.is_some() && self != Self::TimeDecay {
            return Err(Fault::bad_input("halfLife is given, but only the model TIME_DECAY takes one"));
        }
        Ok(match self {
            Self::LastTouch => Model::LastTouch,
            Self::FirstTouch => Model::FirstTouch,
            Self::Linear => Model::Linear,
            Self::FirstLast => Model::FirstLast,
            Self::Position => Model::Position,
            Self::TimeDecay => Model::TimeDecay(half_life.map_or(Ok(HalfLife::default()), |Duration(micros)| {
                HalfLife::of_micros(micros).ok_or_else(|| Fault::bad_input("halfLife: PT0S is not longer than nothing"))
            })?),
        })
    }

    pub(super) fn of(model: Model) -> Self {
        match model {
            Model::LastTouch => Self::LastTouch,
            Model::FirstTouch => Self::FirstTouch,
            Model::Linear => Self::Linear,
            Model::FirstLast => Self::FirstLast,
            Model::Position => Self::Position,
            Model::TimeDecay(_) => Self::TimeDecay,
        }
    }
}

/// Kinds of events that may be touches. Acts of machines never are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum TouchKind {
    /// A message was opened or tapped.
    Opened,
    /// A link was clicked.
    Clicked,
    /// The recipient did something else positive, as the channel tells it.
    Engaged,
    /// A message arrived.
    Delivered,
}

impl TouchKind {
    pub(super) const ALL: [Self; 4] = [Self::Opened, Self::Clicked, Self::Engaged, Self::Delivered];

    pub(super) fn kind(self) -> Kind {
        match self {
            Self::Opened => Kind::Opened,
            Self::Clicked => Kind::Clicked,
            Self::Engaged => Kind::Engaged,
            Self::Delivered => Kind::Delivered,
        }
    }
}

/// Which amount of an order is its revenue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Enum)]
pub enum RevenueBasis {
    /// The order's subtotal: what the goods cost. The total where the order has no subtotal.
    #[default]
    Subtotal,
    /// The order's total, with shipping and taxes. The subtotal where the order has no total.
    Total,
}

/// What the groups of a report share: a property of the touch, or of the time of the conversion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "analytics::Dimension")]
pub enum AttributionDimension {
    /// The campaign of the touch.
    Campaign,
    /// The run of the touch. Campaigns that name runs alike share a group unless CAMPAIGN is given too.
    Run,
    /// The treatment of the touch. Campaigns that name treatments alike share a group unless CAMPAIGN is given too.
    Treatment,
    /// The touchpoint of the touch. Campaigns that name touchpoints alike share a group unless CAMPAIGN is given too.
    Touchpoint,
    /// The channel of the touch.
    Channel,
    /// The day of the conversion, in the zone of the range.
    Day,
    /// The ISO week of the conversion, in the zone of the range.
    Week,
    /// The month of the conversion, in the zone of the range.
    Month,
}

/// What a path to conversion is a sequence of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Enum)]
pub enum PathStep {
    /// Campaigns.
    #[default]
    Campaign,
    /// Channels.
    Channel,
}

/// Which paths to conversion are listed.
#[derive(Clone, Copy, Debug, InputObject)]
pub struct PathsInput {
    /// What they are sequences of.
    #[graphql(default_with = "Some(PathStep::Campaign)")]
    of: Option<PathStep>,
    /// How many of them, the commonest first: 1 to 1,000.
    #[graphql(default_with = "Some(20)")]
    top: Option<i32>,
}

/// What is asked about the credit for conversions.
#[derive(Clone, Debug, Default, InputObject)]
pub struct AttributionInput {
    /// Days of the conversions, in any time zone; without it, all days. Touches may lie before the range.
    pub range: Option<DateRange>,
    /// Which kind of event is a conversion. Only purchases have revenue, and are one per order; of another kind every event is
    /// one.
    #[graphql(default_with = "Some(EventKind::Purchased)")]
    pub conversion: Option<EventKind>,
    /// How a conversion is shared among its touches.
    #[graphql(default_with = "Some(AttributionModel::LastTouch)")]
    pub model: Option<AttributionModel>,
    /// The half-life of `TIME_DECAY`; without it, 7 days. Other models take none.
    pub half_life: Option<Duration>,
    /// How long before the conversion a touch may lie: longer than nothing and at most 90 days; without it, 3 days. Neither
    /// end counts: a touch at the same instant, or exactly the window before, is none.
    pub window: Option<Duration>,
    /// Which events are touches; without it, OPENED and CLICKED. Every event is a touch of its own.
    pub touches: Option<Vec<TouchKind>>,
    /// Which amount of an order is its revenue.
    #[graphql(default_with = "Some(RevenueBasis::Subtotal)")]
    pub revenue_basis: Option<RevenueBasis>,
    /// Whether returns, refunds and cancellations of an order are taken off its revenue, whenever they happened. A
    /// cancellation without an amount takes what is left. The conversion itself stays.
    #[graphql(default_with = "Some(false)")]
    pub net: Option<bool>,
    /// Only conversions in this currency, by its ISO 4217 code in any case; without it, in every currency.
    pub currency: Option<String>,
    /// What the groups are: up to three, each once; of DAY, WEEK and MONTH at most one. Without it, there are no groups.
    pub group_by: Option<Vec<AttributionDimension>>,
    /// How many groups are listed, those with the most conversions: 1 to 5,000; without it, 100. The others are summed up.
    pub top: Option<i32>,
    /// Which paths to conversion are listed; without it, none.
    pub paths: Option<PathsInput>,
    /// Only the credit of these campaigns, at most 100; without it, of all. Touches of other campaigns still take their share.
    pub campaigns: Option<Vec<ID>>,
}

/// What was asked, read and checked. What of it a selection of fields decides comes later.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ReadQuestion {
    /// The question.
    pub question: Question,
    /// How much is listed.
    pub listed: Listed,
}

impl AttributionInput {
    /// Reads everything but the campaigns.
    pub fn read(&self, workspace: &Workspace) -> Result<ReadQuestion> {
        let (days, zone) = DateRange::days_and_zone(self.range.as_ref(), workspace)?;
        let rule = Rule {
            model: self.model.unwrap_or_default().with(self.half_life)?,
            kinds: touch_kinds(self.touches.as_deref())?,
            window: window(self.window)?,
        };
        let paths = self.paths.map(|paths| match paths.of.unwrap_or_default() {
            PathStep::Campaign => analytics::PathStep::Campaign,
            PathStep::Channel => analytics::PathStep::Channel,
        });
        let revenue = analytics::RevenueBasis {
            of_total: self.revenue_basis == Some(RevenueBasis::Total),
            is_net: self.net.unwrap_or(false),
        };
        let question = Question {
            rule,
            days,
            zone,
            kind: self.conversion.map_or(Kind::Purchased, Kind::from),
            revenue,
            currency: self.currency.as_deref().map(currency).transpose()?,
            dimensions: dimensions(self.group_by.as_deref().unwrap_or_default())?,
            with_lags: false,
            paths,
        };
        let groups = number("top", self.top, MAX_ATTRIBUTION_GROUPS)?.unwrap_or(DEFAULT_ATTRIBUTION_GROUPS);
        let paths = number("paths.top", self.paths.and_then(|paths| paths.top), MAX_ATTRIBUTION_PATHS)?;
        Ok(ReadQuestion { question, listed: Listed { groups, paths: paths.unwrap_or(DEFAULT_PATHS) } })
    }
}

const DEFAULT_PATHS: usize = 20;

fn touch_kinds(touches: Option<&[TouchKind]>) -> Result<TouchKinds> {
    let Some(touches) = touches else { return Ok(TouchKinds::default()) };
    if touches.is_empty() {
        return Err(Fault::bad_input("touches: the list is empty; leave it out for OPENED and CLICKED"));
    }
    Ok(TouchKinds::of(&touches.iter().map(|touch| touch.kind()).collect::<Vec<_>>()))
}

fn window(given: Option<Duration>) -> Result<Window> {
    let Some(Duration(micros)) = given else { return Ok(Window::default()) };
    Window::of_micros(micros).ok_or_else(|| {
        let text = super::duration::text_of(micros);
        let rule = if micros > 0 { "exceeds the maximum of 90 days" } else { "is not longer than nothing" };
        Fault::bad_input(format!("window: {text} {rule}"))
    })
}

fn currency(code: &str) -> Result<Currency> {
    let rule = "is not an ISO 4217 code: three letters such as EUR";
    Currency::parse(code).ok_or_else(|| Fault::bad_input(format!("currency: {code} {rule}")))
}

fn dimensions(group_by: &[AttributionDimension]) -> Result<Vec<Dimension>> {
    let dimensions: Vec<Dimension> = group_by.iter().map(|dimension| Dimension::from(*dimension)).collect();
    let times = dimensions.iter().filter(|dimension| dimension.is_time()).count();
    let distinct: BTreeSet<&Dimension> = dimensions.iter().collect();
    if dimensions.len() > MAX_DIMENSIONS || distinct.len() < dimensions.len() || times > 1 {
        return Err(Fault::bad_input(format!(
            "groupBy takes up to {MAX_DIMENSIONS} dimensions, each once, and of DAY, WEEK and MONTH at most one"
        )));
    }
    Ok(dimensions)
}

fn number(name: &str, given: Option<i32>, most: usize) -> Result<Option<usize>> {
    let Some(given) = given else { return Ok(None) };
    let number = usize::try_from(given).ok().filter(|number| (1..=most).contains(number));
    number.map(Some).ok_or_else(|| Fault::bad_input(format!("{name}: {given} is not a number from 1 to {most}")))
}

/// The report of a workspace.
pub async fn answer(ctx: &Context<'_>, input: AttributionInput) -> Result<AttributionReport> {
    let caller = caller(ctx)?;
    let ReadQuestion { mut question, listed } = input.read(&caller.workspace)?;
    question.with_lags = wants_lags(ctx);
    let scope = match bounded("campaigns", input.campaigns)? {
        ids if ids.is_empty() => Scope::Everything,
        ids => Scope::Together(futures_util::future::try_join_all(ids.iter().map(|id| campaign(ctx, id))).await?),
    };
    let asked = Asked { question: question.clone(), scope, listed };
    let answer = analytics::answer(store(ctx)?, &caller.workspace, asked).await?;
    AttributionReport::new(ctx, question, answer)
}

/// Whether the selection asks for times from touch to conversion, of the whole or of groups.
pub fn wants_lags(ctx: &Context<'_>) -> bool {
    let selected = ctx.look_ahead();
    selected.field("lag").exists() || selected.field("groups").field("lag").exists()
}

async fn campaign(ctx: &Context<'_>, id: &ID) -> Result<i64> {
    let missing = || Fault::not_found(format!("campaigns: {} names no campaign", id.as_str()));
    let number = NodeId::campaign(id).ok_or_else(missing)?;
    Ok(load(ctx, CampaignKey(number)).await?.ok_or_else(missing)?.id)
}
