//! What a campaign, group or path is credited with: the numbers that all answers on attribution share.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::dataloader::Loader;
use async_graphql::{Context, Object, SimpleObject};

use super::campaign::{self, Campaign};
use super::duration::Duration;
use super::error::{Fault, Result};
use super::loader::{Reader, load};
use super::money::{Decimal, Money};
use super::scalar::{BigInt, Date};
use crate::analytics::attribution::{self as analytics, Dimension, RecipientGroup, RecipientQuestion, Recipients};
use crate::domain::day::date_of;
use crate::domain::time::MICROS_PER_SECOND;

/// Whole conversions and their revenue.
#[derive(Clone, Debug, SimpleObject)]
pub struct ConversionSum {
    /// Number of conversions.
    conversions: BigInt,
    /// Their revenue, by currency.
    revenue: Vec<Money>,
}

impl ConversionSum {
    /// The numbers of a sum.
    pub fn of(sum: &analytics::Sum) -> Result<Self> {
        Ok(Self { conversions: BigInt(sum.conversions), revenue: Money::list(&sum.revenue)? })
    }
}

/// Numbers of credit.
#[derive(Clone, Debug)]
pub struct Credit(pub analytics::Credit);

/// What somebody is credited with.
#[Object]
impl Credit {
    /// Conversions credited, exact to the twelfth decimal: the shares of one conversion add up to exactly 1. Shares are cut off
    /// at that decimal and the last touch gets the rest.
    fn conversions(&self) -> Result<Decimal> {
        Decimal::of_credit(self.0.conversions)
    }

    /// Conversions with at least one touch here, whatever share of them is credited. One conversion may be counted by several
    /// groups, so that these numbers do not add up.
    fn touched_conversions(&self) -> BigInt {
        BigInt(self.0.touched)
    }

    /// Revenue credited, by currency: of each conversion the share that its model gives, cut off at the sixth decimal; the last
    /// touch gets the rest. A currency is listed where something of a conversion in it is credited.
    fn revenue(&self) -> Result<Vec<Money>> {
        Money::list(&self.0.revenue)
    }

    /// How long it took from the credited touches to the conversions; null where nothing is credited.
    fn lag(&self) -> Result<Option<ConversionLag>> {
        self.0.lag.as_ref().map(ConversionLag::of).transpose()
    }
}

/// How long it took from credited touches to their conversions. Every touch counts with its share of the conversion.
#[derive(Clone, Debug, SimpleObject)]
pub struct ConversionLag {
    /// The mean, in seconds.
    mean_seconds: f64,
    /// The shortest time within which half of the credit was earned, in seconds.
    median_seconds: f64,
    /// The shortest time within which nine tenths of the credit were earned, in seconds.
    p90_seconds: f64,
    /// The credit by length of time, from nothing to the window, the shortest first. Empty stretches are listed too.
    histogram: Vec<LagBucket>,
}

/// The credit for touches that came so long before their conversions.
#[derive(Clone, Debug, SimpleObject)]
pub struct LagBucket {
    /// The shortest time.
    from: Duration,
    /// The time at which the next bucket begins.
    to: Duration,
    /// Conversions credited.
    conversions: Decimal,
}

impl ConversionLag {
    fn of(lag: &analytics::LagSummary) -> Result<Self> {
        let seconds = |micros: i64| micros as f64 / MICROS_PER_SECOND as f64;
        let bucket = |bucket: &analytics::LagBucket| {
            let conversions = Decimal::of_credit(bucket.credit)?;
            Ok(LagBucket { from: Duration(bucket.from), to: Duration(bucket.to), conversions })
        };
        Ok(Self {
            mean_seconds: lag.mean / MICROS_PER_SECOND as f64,
            median_seconds: seconds(lag.median),
            p90_seconds: seconds(lag.p90),
            histogram: lag.buckets.iter().map(bucket).collect::<Result<_>>()?,
        })
    }
}

/// The recipients of a campaign.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RecipientsKey {
    /// The campaign.
    pub campaign: i64,
    /// Which of its recipients.
    pub question: RecipientQuestion,
}

impl Loader<RecipientsKey> for Reader {
    type Value = Arc<Recipients>;
    type Error = Fault;

    async fn load(&self, keys: &[RecipientsKey]) -> Result<HashMap<RecipientsKey, Self::Value>> {
        let mut by_question: HashMap<&RecipientQuestion, Vec<i64>> = HashMap::new();
        for key in keys {
            by_question.entry(&key.question).or_default().push(key.campaign);
        }
        let mut loaded = HashMap::new();
        for (question, campaigns) in by_question {
            let found = analytics::recipients(&self.store, self.workspace, &campaigns, question).await?;
            let keyed = |(campaign, found)| (RecipientsKey { campaign, question: question.clone() }, Arc::new(found));
            loaded.extend(found.into_iter().map(keyed));
        }
        Ok(loaded)
    }
}

/// The credit of a group.
#[derive(Clone, Debug)]
pub struct AttributionGroup {
    group: analytics::Group,
    credit: Credit,
    recipients: Option<RecipientsKey>,
}

impl AttributionGroup {
    /// A group of one campaign or of several. `recipients` says which recipients stand behind it, where that is kept.
    pub fn new(group: analytics::Group, of: Option<i64>, recipients: Option<&RecipientQuestion>) -> Self {
        let recipients = recipients
            .zip(group.campaign.or(of))
            .map(|(question, campaign)| RecipientsKey { campaign, question: question.clone() });
        let credit = Credit(group.credit.clone());
        Self { group, credit, recipients }
    }

    fn value(&self, dimension: Dimension) -> Option<&str> {
        self.group.values.iter().find(|(known, _)| *known == dimension).and_then(|(_, value)| value.as_deref())
    }

    fn time(&self, dimension: Dimension) -> Option<Date> {
        self.group.times.iter().find(|(known, _)| *known == dimension).map(|(_, day)| Date(date_of(*day)))
    }

    async fn number_of_recipients(&self, ctx: &Context<'_>) -> Result<Option<i64>> {
        let Some(key) = &self.recipients else { return Ok(None) };
        let found = load(ctx, key.clone()).await?.unwrap_or_default();
        let value = self.group.values.first().and_then(|(_, value)| value.clone());
        let group: RecipientGroup = (value, self.group.times.first().map(|(_, day)| *day));
        let is_whole = self.group.values.is_empty() && self.group.times.is_empty();
        Ok(Some(if is_whole { found.whole } else { found.groups.get(&group).copied().unwrap_or(0) }))
    }
}

/// What one group is credited with.
#[Object]
impl AttributionGroup {
    /// The campaign, when grouped by CAMPAIGN; otherwise null.
    async fn campaign(&self, ctx: &Context<'_>) -> Result<Option<Campaign>> {
        match self.group.campaign {
            Some(id) => campaign::find(ctx, id).await,
            None => Ok(None),
        }
    }

    /// The run, when grouped by RUN; null for touches without one.
    fn run(&self) -> Option<&str> {
        self.value(Dimension::Run)
    }

    /// The treatment, when grouped by TREATMENT; null for touches without one.
    fn treatment(&self) -> Option<&str> {
        self.value(Dimension::Treatment)
    }

    /// The touchpoint, when grouped by TOUCHPOINT; null for touches without one.
    fn touchpoint(&self) -> Option<&str> {
        self.value(Dimension::Touchpoint)
    }

    /// The channel, when grouped by CHANNEL; null for touches without one.
    fn channel(&self) -> Option<&str> {
        self.value(Dimension::Channel)
    }

    /// The day of the conversions, when grouped by DAY; otherwise null.
    fn day(&self) -> Option<Date> {
        self.time(Dimension::Day)
    }

    /// The Monday of the ISO week of the conversions, when grouped by WEEK; otherwise null.
    fn week(&self) -> Option<Date> {
        self.time(Dimension::Week)
    }

    /// The first day of the month of the conversions, when grouped by MONTH; otherwise null.
    fn month(&self) -> Option<Date> {
        self.time(Dimension::Month)
    }

    /// What the group got.
    #[graphql(flatten)]
    fn credit(&self) -> &Credit {
        &self.credit
    }

    /// Customers to whom the campaign was sent within the range, each once, on the day of the first time within the group; a
    /// send that was not reported counts where a later event of the message implies it. Null where such counts are not kept:
    /// they are for one campaign, by at most one of RUN, TREATMENT, TOUCHPOINT and CHANNEL, and days of the workspace's zone.
    async fn recipients(&self, ctx: &Context<'_>) -> Result<Option<BigInt>> {
        Ok(self.number_of_recipients(ctx).await?.map(BigInt))
    }

    /// Revenue divided by recipients, by currency, rounded to the sixth decimal; null where there are no recipients or their
    /// number is not known.
    async fn revenue_per_recipient(&self, ctx: &Context<'_>) -> Result<Option<Vec<Money>>> {
        per_recipient(&self.credit, self.number_of_recipients(ctx).await?)
    }
}

/// Revenue divided by recipients.
pub fn per_recipient(credit: &Credit, recipients: Option<i64>) -> Result<Option<Vec<Money>>> {
    match recipients {
        Some(recipients) if recipients > 0 => Money::list_per(&credit.0.revenue, recipients).map(Some),
        _ => Ok(None),
    }
}

/// What the groups that are not listed are credited with.
#[derive(Clone, Debug, SimpleObject)]
pub struct OtherAttributionGroups {
    /// How many groups they are.
    groups: BigInt,
    /// Conversions credited to them.
    conversions: Decimal,
    /// Revenue credited to them, by currency.
    revenue: Vec<Money>,
}

impl OtherAttributionGroups {
    /// The numbers of groups that are not listed.
    pub fn of(others: &analytics::OtherGroups) -> Result<Self> {
        Ok(Self {
            groups: BigInt(others.groups as i64),
            conversions: Decimal::of_credit(others.conversions)?,
            revenue: Money::list(&others.revenue)?,
        })
    }
}

/// A path to conversion: the touches that count, in order of time, as campaigns or channels; one that follows itself is one
/// step.
#[derive(Clone, Debug)]
pub struct ConversionPath {
    path: analytics::Path,
    sum: ConversionSum,
}

impl ConversionPath {
    /// The paths of an answer.
    pub fn list(paths: Vec<analytics::Path>) -> Result<Vec<Self>> {
        paths.into_iter().map(|path| Ok(Self { sum: ConversionSum::of(&path.sum)?, path })).collect()
    }
}

/// A path to conversion: the touches that count, in order of time, as campaigns or channels; several in a row of the same are
/// one step. Of a path of more than 20 steps the last 20 stand for it.
#[Object]
impl ConversionPath {
    /// Its campaigns, from the first touch to the last; null where paths are of channels.
    async fn campaigns(&self, ctx: &Context<'_>) -> Result<Option<Vec<Campaign>>> {
        if self.path.campaigns.is_empty() {
            return Ok(None);
        }
        let found = self.path.campaigns.iter().map(|id| campaign::find(ctx, *id));
        Ok(Some(futures_util::future::try_join_all(found).await?.into_iter().flatten().collect()))
    }

    /// Its channels, from the first touch to the last, null for touches without one; null where paths are of campaigns.
    fn channels(&self) -> Option<&[Option<String>]> {
        if self.path.channels.is_empty() { None } else { Some(&self.path.channels) }
    }

    /// The conversions that this path led to, each whole.
    #[graphql(flatten)]
    fn sum(&self) -> &ConversionSum {
        &self.sum
    }
}
