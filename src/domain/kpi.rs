//! Amazon Pinpoint's campaign metrics by their own names: what each counts, as its documentation defines it. Steps are as
//! reported, machines count as people do, and what counts once is a message.

use super::kind::Kind;
use super::rollup::{Counts, Metric, Variant};

/// A campaign metric of Pinpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PinpointKpi {
    /// Hard-bounced mails / mails sent.
    HardBounceRate,
    /// The same for each run.
    HardBounceRateGroupedByCampaignActivity,
    /// Messages delivered / messages sent.
    SuccessfulDeliveryRate,
    /// The same for each run.
    SuccessfulDeliveryRateGroupedByCampaignActivity,
    /// The same for each day.
    SuccessfulDeliveryRateGroupedByDate,
    /// Mails opened / mails delivered.
    EmailOpenRate,
    /// The same for each run.
    EmailOpenRateGroupedByCampaignActivity,
    /// Mails opened, for each run.
    DirectEmailOpensGroupedByCampaignActivity,
    /// Distinct endpoints that something was delivered to.
    UniqueDeliveries,
    /// The same for each run.
    UniqueDeliveriesGroupedByCampaignActivity,
    /// The same for each day.
    UniqueDeliveriesGroupedByDate,
    /// Clicks in mails, every one of them, for each run.
    ClicksGroupedByCampaignActivity,
    /// Messages sent less those that bounced hard, for each run.
    SuccessfulDeliveriesGroupedByCampaignActivity,
    /// Messages sent, for each run.
    AttemptedDeliveriesGroupedByCampaignActivity,
    /// Push notifications opened / delivered.
    PushOpenRate,
    /// The same for each run.
    PushOpenRateGroupedByCampaignActivity,
    /// Push notifications opened, for each run.
    DirectPushOpensGroupedByCampaignActivity,
    /// What text messages cost, in thousandths of a US cent.
    SmsSpend,
}

/// What a metric measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "what each means stands with the metrics")]
pub enum Measure {
    HardBounceRate,
    SuccessfulDeliveryRate,
    EmailOpenRate,
    DirectEmailOpens,
    UniqueDeliveries,
    Clicks,
    SuccessfulDeliveries,
    AttemptedDeliveries,
    PushOpenRate,
    DirectPushOpens,
    SmsSpend,
}

/// What a metric has a value for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KpiGrouping {
    /// The whole campaign.
    Whole,
    /// Each run.
    Activity,
    /// Each calendar day.
    Date,
}

/// Every metric with its name, what it measures, and for what.
pub const KPIS: [(PinpointKpi, &str, Measure, KpiGrouping); 18] = {
    use KpiGrouping::{Activity, Date, Whole};
    use PinpointKpi as K;
    [
        (K::HardBounceRate, "hard-bounce-rate", Measure::HardBounceRate, Whole),
        (
            K::HardBounceRateGroupedByCampaignActivity,
            "hard-bounce-rate-grouped-by-campaign-activity",
            Measure::HardBounceRate,
            Activity,
        ),
        (K::SuccessfulDeliveryRate, "successful-delivery-rate", Measure::SuccessfulDeliveryRate, Whole),
        (
            K::SuccessfulDeliveryRateGroupedByCampaignActivity,
            "successful-delivery-rate-grouped-by-campaign-activity",
            Measure::SuccessfulDeliveryRate,
            Activity,
        ),
        (
            K::SuccessfulDeliveryRateGroupedByDate,
            "successful-delivery-rate-grouped-by-date",
            Measure::SuccessfulDeliveryRate,
            Date,
        ),
        (K::EmailOpenRate, "email-open-rate", Measure::EmailOpenRate, Whole),
        (
            K::EmailOpenRateGroupedByCampaignActivity,
            "email-open-rate-grouped-by-campaign-activity",
            Measure::EmailOpenRate,
            Activity,
        ),
        (
            K::DirectEmailOpensGroupedByCampaignActivity,
            "direct-email-opens-grouped-by-campaign-activity",
            Measure::DirectEmailOpens,
            Activity,
        ),
        (K::UniqueDeliveries, "unique-deliveries", Measure::UniqueDeliveries, Whole),
        (
            K::UniqueDeliveriesGroupedByCampaignActivity,
            "unique-deliveries-grouped-by-campaign-activity",
            Measure::UniqueDeliveries,
            Activity,
        ),
        (K::UniqueDeliveriesGroupedByDate, "unique-deliveries-grouped-by-date", Measure::UniqueDeliveries, Date),
        (K::ClicksGroupedByCampaignActivity, "clicks-grouped-by-campaign-activity", Measure::Clicks, Activity),
        (
            K::SuccessfulDeliveriesGroupedByCampaignActivity,
            "successful-deliveries-grouped-by-campaign-activity",
            Measure::SuccessfulDeliveries,
            Activity,
        ),
        (
            K::AttemptedDeliveriesGroupedByCampaignActivity,
            "attempted-deliveries-grouped-by-campaign-activity",
            Measure::AttemptedDeliveries,
            Activity,
        ),
        (K::PushOpenRate, "push-open-rate", Measure::PushOpenRate, Whole),
        (
            K::PushOpenRateGroupedByCampaignActivity,
            "push-open-rate-grouped-by-campaign-activity",
            Measure::PushOpenRate,
            Activity,
        ),
        (
            K::DirectPushOpensGroupedByCampaignActivity,
            "direct-push-opens-grouped-by-campaign-activity",
            Measure::DirectPushOpens,
            Activity,
        ),
        (K::SmsSpend, "sms-spend", Measure::SmsSpend, Whole),
    ]
};

impl PinpointKpi {
    /// The metric of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        KPIS.iter().find(|(_, known, ..)| *known == name).map(|(kpi, ..)| *kpi)
    }

    /// Pinpoint's name, such as `email-open-rate`.
    pub fn name(self) -> &'static str {
        self.row().1
    }

    /// What it measures.
    pub fn measure(self) -> Measure {
        self.row().2
    }

    /// What it has a value for.
    pub fn grouping(self) -> KpiGrouping {
        self.row().3
    }

    fn row(self) -> &'static (Self, &'static str, Measure, KpiGrouping) {
        KPIS.iter().find(|(kpi, ..)| *kpi == self).unwrap_or(&KPIS[0])
    }
}

impl KpiGrouping {
    /// What Pinpoint calls the field that the values are grouped by.
    pub fn key(self) -> Option<&'static str> {
        match self {
            Self::Whole => None,
            Self::Activity => Some("CampaignActivityId"),
            Self::Date => Some("Date"),
        }
    }
}

/// The channels of text messages, whose prices are what `sms-spend` adds up.
pub const TEXT_CHANNELS: [&str; 2] = ["sms", "mms"];

impl Measure {
    /// What Pinpoint calls the column of its values.
    pub fn key(self) -> &'static str {
        match self {
            Self::HardBounceRate => "HardBounceRate",
            Self::SuccessfulDeliveryRate => "SuccessfulDeliveryRate",
            Self::EmailOpenRate => "EmailOpenRate",
            Self::DirectEmailOpens => "DirectEmailOpens",
            Self::UniqueDeliveries => "UniqueDeliveries",
            Self::Clicks => "Clicks",
            Self::SuccessfulDeliveries => "SuccessfulDeliveries",
            Self::AttemptedDeliveries => "AttemptedDeliveries",
            Self::PushOpenRate => "PushOpenRate",
            Self::DirectPushOpens => "DirectPushOpens",
            Self::SmsSpend => "SmsSpend",
        }
    }

    /// The channel whose messages alone count; none: all.
    pub fn channel(self) -> Option<&'static str> {
        match self {
            Self::HardBounceRate | Self::EmailOpenRate | Self::DirectEmailOpens | Self::Clicks => Some("email"),
            Self::PushOpenRate | Self::DirectPushOpens => Some("push"),
            _ => None,
        }
    }

    /// The value that counts give; none where there is nothing to give one: a rate without a denominator, a count of
    /// nothing. Endpoints and prices are not among the counts.
    pub fn value(self, counts: &Counts) -> Option<f64> {
        let messages = |kind: Kind| {
            let is_act = matches!(kind, Kind::Opened | Kind::Clicked);
            counts.get(Metric(kind, if is_act { Variant::All } else { Variant::Reported })).messages
        };
        let rate = |numerator: i64, denominator: i64| (denominator != 0).then(|| numerator as f64 / denominator as f64);
        let count = |number: i64| (number != 0).then_some(number as f64);
        let (sent, delivered) = (messages(Kind::Sent), messages(Kind::Delivered));
        match self {
            Self::HardBounceRate => rate(messages(Kind::HardBounced), sent),
            Self::SuccessfulDeliveryRate => rate(delivered, sent),
            Self::EmailOpenRate | Self::PushOpenRate => rate(messages(Kind::Opened), delivered),
            Self::DirectEmailOpens | Self::DirectPushOpens => count(messages(Kind::Opened)),
            Self::Clicks => count(counts.get(Metric(Kind::Clicked, Variant::All)).total),
            Self::SuccessfulDeliveries => {
                let bounced = messages(Kind::HardBounced);
                (sent != 0 || bounced != 0).then_some((sent - bounced) as f64)
            }
            Self::AttemptedDeliveries => count(sent),
            Self::UniqueDeliveries | Self::SmsSpend => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::rollup::Tally;

    #[test]
    fn names_lead_back_to_their_metrics_and_say_how_they_are_grouped() {
        for (kpi, name, _, grouping) in KPIS {
            assert_eq!(PinpointKpi::from_name(name), Some(kpi));
            assert_eq!((kpi.name(), kpi.grouping()), (name, grouping));
            let expected = match name.split_once("-grouped-by-") {
                None => KpiGrouping::Whole,
                Some((_, "campaign-activity")) => KpiGrouping::Activity,
                Some((_, "date")) => KpiGrouping::Date,
                Some((_, other)) => panic!("{other}"),
            };
            assert_eq!(grouping, expected, "{name}");
        }
        assert_eq!(PinpointKpi::from_name("Email-Open-Rate"), None);
    }

    #[test]
    fn messages_count_once_but_every_click_does() {
        let mut counts = Counts::default();
        for (kind, variant, total, messages) in [
            (Kind::Sent, Variant::Reported, 12, 10),
            (Kind::Delivered, Variant::Reported, 8, 8),
            (Kind::HardBounced, Variant::Reported, 2, 2),
            (Kind::Opened, Variant::All, 9, 4),
            (Kind::Opened, Variant::Reported, 5, 3),
            (Kind::Clicked, Variant::All, 7, 2),
            (Kind::Delivered, Variant::Implied, 9, 9),
        ] {
            *counts.entry(Metric(kind, variant)) = Tally { total, messages, ..Tally::default() };
        }
        for (measure, expected) in [
            (Measure::HardBounceRate, Some(0.2)),
            (Measure::SuccessfulDeliveryRate, Some(0.8)),
            (Measure::EmailOpenRate, Some(0.5)),
            (Measure::PushOpenRate, Some(0.5)),
            (Measure::DirectEmailOpens, Some(4.0)),
            (Measure::Clicks, Some(7.0)),
            (Measure::SuccessfulDeliveries, Some(8.0)),
            (Measure::AttemptedDeliveries, Some(10.0)),
        ] {
            assert_eq!(measure.value(&counts), expected, "{measure:?}");
            assert_eq!(measure.value(&Counts::default()), None, "{measure:?}");
        }
    }
}
