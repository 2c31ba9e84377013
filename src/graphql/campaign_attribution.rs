//! `Campaign.attribution`: what a campaign is credited with.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::dataloader::Loader;
use async_graphql::{Context, Object};

use super::attribution::{AttributionInput, ReadQuestion, wants_lags};
use super::attribution_credit::{
    AttributionGroup, ConversionPath, Credit, OtherAttributionGroups, RecipientsKey, per_recipient,
};
use super::context::caller;
use super::error::{Fault, Result};
use super::loader::{Reader, load};
use super::money::Money;
use super::scalar::BigInt;
use crate::analytics::attribution::{self as analytics, Asked, RecipientQuestion, Scope, ScopeAnswer};
use crate::store;

/// What a campaign is credited with, by one question.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CreditKey {
    /// The campaign.
    pub campaign: i64,
    /// The question.
    pub asked: ReadQuestion,
}

/// One walk over the conversions answers for all campaigns of a page.
impl Loader<CreditKey> for Reader {
    type Value = Arc<ScopeAnswer>;
    type Error = Fault;

    async fn load(&self, keys: &[CreditKey]) -> Result<HashMap<CreditKey, Self::Value>> {
        let mut by_question: HashMap<&ReadQuestion, Vec<i64>> = HashMap::new();
        for key in keys {
            by_question.entry(&key.asked).or_default().push(key.campaign);
        }
        let gone = || Fault::not_found("the workspace of the key is gone");
        let workspace = store::workspace::find(&self.store, self.workspace).await?.ok_or_else(gone)?;
        let mut loaded = HashMap::new();
        for (asked, campaigns) in by_question {
            let ReadQuestion { question, listed } = asked.clone();
            let asked_of_all = Asked { question, scope: Scope::Each(campaigns.clone()), listed };
            let answer = analytics::answer(&self.store, &workspace, asked_of_all).await?;
            let keyed = |(campaign, found)| (CreditKey { campaign, asked: asked.clone() }, Arc::new(found));
            loaded.extend(campaigns.into_iter().zip(answer.scopes).map(keyed));
        }
        Ok(loaded)
    }
}

/// The credit of a campaign.
pub async fn answer(ctx: &Context<'_>, campaign: i64, input: AttributionInput) -> Result<CampaignAttribution> {
    let workspace = &caller(ctx)?.workspace;
    let mut asked = input.read(workspace)?;
    asked.question.with_lags = wants_lags(ctx);
    let (question, zone) = (&asked.question, workspace.time_zone);
    let of_whole = RecipientQuestion::of_campaigns(question, zone);
    let of_groups = RecipientQuestion::of_groups(question, zone);
    let (has_groups, has_paths) = (!question.dimensions.is_empty(), question.paths.is_some());
    let found = load(ctx, CreditKey { campaign, asked }).await?.unwrap_or_default();
    let group = |group: &analytics::Group| AttributionGroup::new(group.clone(), Some(campaign), of_groups.as_ref());
    Ok(CampaignAttribution {
        credit: Credit(found.whole.clone()),
        recipients: of_whole.map(|question| RecipientsKey { campaign, question }),
        groups: has_groups.then(|| found.groups.iter().map(group).collect()),
        other_groups: found.other_groups.as_ref().map(OtherAttributionGroups::of).transpose()?,
        paths: if has_paths { Some(ConversionPath::list(found.paths.clone())?) } else { None },
    })
}

/// What a campaign is credited with.
#[derive(Clone, Debug)]
pub struct CampaignAttribution {
    credit: Credit,
    recipients: Option<RecipientsKey>,
    groups: Option<Vec<AttributionGroup>>,
    other_groups: Option<OtherAttributionGroups>,
    paths: Option<Vec<ConversionPath>>,
}

impl CampaignAttribution {
    async fn number_of_recipients(&self, ctx: &Context<'_>) -> Result<Option<i64>> {
        let Some(key) = &self.recipients else { return Ok(None) };
        Ok(Some(load(ctx, key.clone()).await?.map_or(0, |recipients| recipients.whole)))
    }
}

/// What a campaign is credited with. Conversions are shared among the touches of all campaigns; this is the campaign's part.
#[Object]
impl CampaignAttribution {
    /// What the campaign got.
    #[graphql(flatten)]
    fn credit(&self) -> &Credit {
        &self.credit
    }

    /// Customers to whom the campaign was sent within the range, each once, on the day of the first time; a send that was not
    /// reported counts where a later event of the message implies it. Null where the range counts days in another zone than
    /// the workspace's.
    async fn recipients(&self, ctx: &Context<'_>) -> Result<Option<BigInt>> {
        Ok(self.number_of_recipients(ctx).await?.map(BigInt))
    }

    /// Revenue divided by recipients, by currency, rounded to the sixth decimal; null where there are no recipients or their
    /// number is not known.
    async fn revenue_per_recipient(&self, ctx: &Context<'_>) -> Result<Option<Vec<Money>>> {
        per_recipient(&self.credit, self.number_of_recipients(ctx).await?)
    }

    /// The groups with the most conversions credited, in this order; grouped by time in order of time first. They and
    /// `otherGroups` add up to `conversions` and `revenue`. Null without `groupBy`.
    fn groups(&self) -> Option<&[AttributionGroup]> {
        self.groups.as_deref()
    }

    /// What the groups beyond `top` got; null where all are listed.
    fn other_groups(&self) -> Option<&OtherAttributionGroups> {
        self.other_groups.as_ref()
    }

    /// The commonest paths of the conversions with a touch of this campaign; touches of other campaigns stand in them too. Ties
    /// are broken by length, the shorter first, then by id. Null without `paths`.
    fn paths(&self) -> Option<&[ConversionPath]> {
        self.paths.as_deref()
    }
}
