//! The answer to `attribution`.

use async_graphql::{Context, Object};

use super::attribution::{AttributionModel, TouchKind};
use super::attribution_credit::{AttributionGroup, ConversionPath, ConversionSum, Credit, OtherAttributionGroups};
use super::context::caller;
use super::duration::Duration;
use super::error::Result;
use crate::analytics::attribution::{Answer, Question, RecipientQuestion};
use crate::domain::attribution::Model;

/// Who is credited with the conversions of a workspace.
#[derive(Clone, Debug)]
pub struct AttributionReport {
    question: Question,
    total: ConversionSum,
    attributed: ConversionSum,
    unattributed: ConversionSum,
    credit: Credit,
    groups: Vec<AttributionGroup>,
    other_groups: Option<OtherAttributionGroups>,
    paths: Vec<ConversionPath>,
    other_paths: ConversionSum,
}

impl AttributionReport {
    /// The report of an answer for one scope.
    pub fn new(ctx: &Context<'_>, question: Question, answer: Answer) -> Result<Self> {
        let recipients = RecipientQuestion::of_groups(&question, caller(ctx)?.workspace.time_zone);
        let Answer { total, attributed, unattributed, mut scopes } = answer;
        let scope = scopes.pop().unwrap_or_default();
        let group = |group| AttributionGroup::new(group, None, recipients.as_ref());
        Ok(Self {
            total: ConversionSum::of(&total)?,
            attributed: ConversionSum::of(&attributed)?,
            unattributed: ConversionSum::of(&unattributed)?,
            credit: Credit(scope.whole),
            groups: scope.groups.into_iter().map(group).collect(),
            other_groups: scope.other_groups.as_ref().map(OtherAttributionGroups::of).transpose()?,
            paths: ConversionPath::list(scope.paths)?,
            other_paths: ConversionSum::of(&scope.other_paths.1)?,
            question,
        })
    }
}

/// Who is credited with the conversions of a workspace. A conversion is a purchase: of several under one order id the
/// earliest, at its own time and with its own revenue. It is shared among its touches: the events of the kinds asked for, of
/// people and not of machines, by the same customer, with `0 < conversion - touch < window`. Customers who were merged are
/// one. What comes late or twice changes the answer as if everything had come in order and once.
#[Object]
impl AttributionReport {
    /// The model.
    fn model(&self) -> AttributionModel {
        AttributionModel::of(self.question.rule.model)
    }

    /// How long before a conversion a touch may lie; neither end counts.
    fn window(&self) -> Duration {
        Duration(self.question.rule.window.micros())
    }

    /// The half-life; null where the model has none.
    fn half_life(&self) -> Option<Duration> {
        match self.question.rule.model {
            Model::TimeDecay(half_life) => Some(Duration(half_life.micros())),
            _ => None,
        }
    }

    /// The kinds of events that are touches.
    fn touches(&self) -> Vec<TouchKind> {
        TouchKind::ALL.into_iter().filter(|touch| self.question.rule.kinds.has(touch.kind())).collect()
    }

    /// All conversions within the range: those attributed and those not.
    fn total(&self) -> &ConversionSum {
        &self.total
    }

    /// Conversions with at least one touch of any campaign, and all their revenue.
    fn attributed(&self) -> &ConversionSum {
        &self.attributed
    }

    /// Conversions without any touch within the window.
    fn unattributed(&self) -> &ConversionSum {
        &self.unattributed
    }

    /// What all campaigns, or those asked for, got together: of all campaigns this is what is attributed.
    #[graphql(flatten)]
    fn credit(&self) -> &Credit {
        &self.credit
    }

    /// The groups with the most conversions credited, in this order; grouped by time in order of time first. They and
    /// `otherGroups` add up to `conversions` and `revenue`. Null without `groupBy`.
    fn groups(&self) -> Option<&[AttributionGroup]> {
        (!self.question.dimensions.is_empty()).then_some(self.groups.as_slice())
    }

    /// What the groups beyond `top` got; null where all are listed.
    fn other_groups(&self) -> Option<&OtherAttributionGroups> {
        self.other_groups.as_ref()
    }

    /// The commonest paths to conversion, of the conversions with a touch of any campaign, or of those asked for; ties are
    /// broken by length, the shorter first, then by id. Null without `paths`.
    fn paths(&self) -> Option<&[ConversionPath]> {
        self.question.paths.is_some().then_some(self.paths.as_slice())
    }

    /// The conversions of the paths that are not listed; null without `paths`.
    fn other_paths(&self) -> Option<&ConversionSum> {
        self.question.paths.is_some().then_some(&self.other_paths)
    }
}
