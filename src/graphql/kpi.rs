//! `Campaign.kpi`: Amazon Pinpoint's campaign metrics by their own names.

use async_graphql::{Context, Enum, SimpleObject};

use super::context::{caller, store};
use super::error::Result;
use super::range::DateRange;
use crate::analytics::kpi::{self, KpiGroup, KpiQuestion, KpiSpan};
use crate::domain::kpi::{self as domain};

/// A campaign metric of Amazon Pinpoint, as its documentation defines it: steps as reported, acts of machines counted as
/// people's, a message once. The names are Pinpoint's, with underscores.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::PinpointKpi")]
pub enum PinpointKpi {
    /// `hard-bounce-rate`: mails that bounced hard / mails sent.
    HardBounceRate,
    /// `hard-bounce-rate-grouped-by-campaign-activity`: the same for each run.
    HardBounceRateGroupedByCampaignActivity,
    /// `successful-delivery-rate`: messages delivered / messages sent.
    SuccessfulDeliveryRate,
    /// `successful-delivery-rate-grouped-by-campaign-activity`: the same for each run.
    SuccessfulDeliveryRateGroupedByCampaignActivity,
    /// `successful-delivery-rate-grouped-by-date`: the same for each calendar day.
    SuccessfulDeliveryRateGroupedByDate,
    /// `email-open-rate`: mails opened / mails delivered.
    EmailOpenRate,
    /// `email-open-rate-grouped-by-campaign-activity`: the same for each run.
    EmailOpenRateGroupedByCampaignActivity,
    /// `direct-email-opens-grouped-by-campaign-activity`: mails opened, for each run.
    DirectEmailOpensGroupedByCampaignActivity,
    /// `unique-deliveries`: distinct endpoints that a message was delivered to. A delivery that names no endpoint counts its
    /// recipient instead.
    UniqueDeliveries,
    /// `unique-deliveries-grouped-by-campaign-activity`: the same for each run.
    UniqueDeliveriesGroupedByCampaignActivity,
    /// `unique-deliveries-grouped-by-date`: the same for each calendar day, on each of which an endpoint counts.
    UniqueDeliveriesGroupedByDate,
    /// `clicks-grouped-by-campaign-activity`: clicks of links in mails, every one, for each run.
    ClicksGroupedByCampaignActivity,
    /// `successful-deliveries-grouped-by-campaign-activity`: messages sent less those that bounced hard, for each run.
    SuccessfulDeliveriesGroupedByCampaignActivity,
    /// `attempted-deliveries-grouped-by-campaign-activity`: messages sent, for each run.
    AttemptedDeliveriesGroupedByCampaignActivity,
    /// `push-open-rate`: push notifications opened / delivered.
    PushOpenRate,
    /// `push-open-rate-grouped-by-campaign-activity`: the same for each run.
    PushOpenRateGroupedByCampaignActivity,
    /// `direct-push-opens-grouped-by-campaign-activity`: push notifications opened, for each run.
    DirectPushOpensGroupedByCampaignActivity,
    /// `sms-spend`: what text messages cost, in thousandths of a US cent: the latest price of each message, at the time of
    /// the record that says it.
    SmsSpend,
}

/// The values of a metric, as Pinpoint's `BaseKpiResult` has them.
#[derive(Clone, Debug, SimpleObject)]
pub struct KpiResult {
    /// The metric's name as Pinpoint writes it, such as `email-open-rate`.
    kpi_name: &'static str,
    /// One row for a metric of the whole campaign, one for each run or day otherwise, by run or day. A row without
    /// anything to give a value (a rate whose denominator is 0, a count of nothing) is left out, so that there may be none.
    rows: Vec<KpiRow>,
}

/// A value of a metric.
#[derive(Clone, Debug, SimpleObject)]
pub struct KpiRow {
    /// What the value is of: the run or the day. Null for metrics of the whole campaign.
    grouped_bys: Option<Vec<KpiValue>>,
    /// The value: always one.
    values: Vec<KpiValue>,
}

/// A named value in Pinpoint's form.
#[derive(Clone, Debug, SimpleObject)]
pub struct KpiValue {
    /// Its name: `CampaignActivityId` or `Date` in `groupedBys`, that of the metric in `values`.
    key: &'static str,
    /// The type of the value: `String` or `Double`.
    #[graphql(name = "type")]
    value_type: &'static str,
    /// The value as text: a run's id, a day as YYYY-MM-DD, a number. Null for events without a run.
    value: Option<String>,
}

/// The values of a metric within a range.
pub async fn answer(
    ctx: &Context<'_>,
    campaign: i64,
    name: PinpointKpi,
    range: Option<&DateRange>,
) -> Result<KpiResult> {
    let (store, caller) = (store(ctx)?, caller(ctx)?);
    let kpi = domain::PinpointKpi::from(name);
    let (days, zone) = DateRange::days_and_zone(range, &caller.workspace)?;
    let question = KpiQuestion { kpi, span: KpiSpan::Days(days), zone };
    let rows = kpi::values(store, &caller.workspace, campaign, &question).await?;
    Ok(KpiResult { kpi_name: kpi.name(), rows: rows.into_iter().map(|row| KpiRow::of(row, kpi)).collect() })
}

impl KpiRow {
    fn of(row: kpi::KpiRow, kpi: domain::PinpointKpi) -> Self {
        let text = match row.group {
            KpiGroup::Whole => None,
            KpiGroup::Activity(run) => Some(run),
            KpiGroup::Date(day) => Some(Some(crate::domain::day::date_of(day).to_string())),
        };
        let grouped_by = kpi.grouping().key().zip(text);
        let value =
            KpiValue { key: kpi.measure().key(), value_type: "Double", value: Some(format!("{:?}", row.value)) };
        Self {
            grouped_bys: grouped_by.map(|(key, value)| vec![KpiValue { key, value_type: "String", value }]),
            values: vec![value],
        }
    }
}
