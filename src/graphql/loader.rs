//! Loading by key for all rows of a page at once. A resolver asks for one key; all keys that the resolvers of one
//! request ask for at the same time go to the store together, so that no list costs a query per row.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_graphql::Context;
use async_graphql::dataloader::{DataLoader, Loader};
use async_graphql::runtime::Timer;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use futures_util::task::{FutureObj, Spawn, SpawnError};
use tokio::runtime::Handle;

use super::context::{caller, store};
use super::error::{Fault, Result};
use crate::analytics;
use crate::analytics::automation::{self, Click};
use crate::analytics::breakdown;
use crate::analytics::campaign_funnel::{self, CampaignCounts, FunnelQuestion};
use crate::domain::breakdown::{Breakdown, BreakdownQuestion, GapQuestion, Gaps};
use crate::domain::reachability::EventRef;
use crate::domain::workspace::{Workspace, WorkspaceId};
use crate::store::audience::Audience;
use crate::store::campaign::Activity;
use crate::store::profile::Profile;
use crate::store::{self, Store};

/// What loads: the database, narrowed to one workspace.
pub struct Reader {
    pub(super) store: Store,
    pub(super) workspace: WorkspaceId,
}

/// The loaders of one request, made when the first is used.
#[derive(Default)]
pub struct Loaders(OnceLock<DataLoader<Reader>>);

/// The row of a key, loaded together with those that others ask for; none where there is no such row.
pub async fn load<K>(ctx: &Context<'_>, key: K) -> Result<Option<<Reader as Loader<K>>::Value>>
where
    K: Send + Sync + Clone + Eq + std::hash::Hash + 'static,
    Reader: Loader<K, Error = Fault>,
{
    let store = store(ctx)?;
    let workspace = caller(ctx)?.workspace_id();
    let make = || {
        let reader = Reader { store: store.clone(), workspace };
        DataLoader::new(reader, OnRuntime(Handle::current()), NextTurn).delay(Duration::ZERO)
    };
    match ctx.data_opt::<Loaders>() {
        Some(loaders) => loaders.0.get_or_init(make).load_one(key).await,
        None => make().load_one(key).await,
    }
}

/// Runs loads on the runtime that runs the request.
struct OnRuntime(Handle);

impl Spawn for OnRuntime {
    fn spawn_obj(&self, future: FutureObj<'static, ()>) -> Result<(), SpawnError> {
        self.0.spawn(future);
        Ok(())
    }
}

/// Waits until the other resolvers of the request have asked for their keys, and no longer: a timer's finest step would
/// add a millisecond to every level of a query.
struct NextTurn;

impl Timer for NextTurn {
    fn delay(&self, _: Duration) -> BoxFuture<'static, ()> {
        tokio::task::yield_now().boxed()
    }
}

/// A campaign.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct CampaignKey(pub i64);

/// A campaign's events as a whole.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ActivityKey(pub i64);

/// The cells of a campaign.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct CampaignCellsKey(pub i64);

/// The counts of a campaign that answer a question.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct FunnelKey {
    /// The campaign.
    pub campaign: i64,
    /// The question.
    pub question: FunnelQuestion,
}

/// The counts of a campaign computed from its recipients' states.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct BreakdownKey {
    /// The campaign.
    pub campaign: i64,
    /// The question.
    pub question: BreakdownQuestion,
}

/// The times between the steps of a campaign.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct GapKey {
    /// The campaign.
    pub campaign: i64,
    /// The question.
    pub asked: GapQuestion,
}

/// A cell of the catalogue.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct CellKey(pub i64);

/// An event type of the catalogue.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct EventTypeKey(pub i64);

/// An event.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct EventKey(pub EventRef);

/// Whether a click about which its vendor says nothing belongs to a machine's burst.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClickKey(pub Click);

/// A customer, or the one that it became part of.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct CustomerKey(pub i64);

/// The identifiers that a customer shows.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct IdentifiersKey(pub i64);

/// The attributes of a customer.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ProfileKey(pub i64);

/// The customers that became part of a customer.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct MergedKey(pub i64);

/// The earliest and the latest occurrence of the events of a customer and of those that became part of it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SpanKey(pub i64);

/// The bytes of a quarantined record, by its id.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct RawKey(pub [u8; 16]);

/// A list.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ListKey(pub i64);

/// The workspace of the caller, as it is now.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct WorkspaceKey;

/// The audiences that a customer is in.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct AudiencesKey(pub i64);

/// The state of an address, by identifier id.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct AddressKey(pub [u8; 16]);

impl Loader<CampaignKey> for Reader {
    type Value = entity::campaign::Model;
    type Error = Fault;

    async fn load(&self, keys: &[CampaignKey]) -> Result<HashMap<CampaignKey, Self::Value>> {
        let ids: Vec<i64> = keys.iter().map(|key| key.0).collect();
        let rows = store::campaign::find_many(&self.store, self.workspace, &ids).await?;
        Ok(rows.into_iter().map(|row| (CampaignKey(row.id), row)).collect())
    }
}

impl Loader<ActivityKey> for Reader {
    type Value = Activity;
    type Error = Fault;

    async fn load(&self, keys: &[ActivityKey]) -> Result<HashMap<ActivityKey, Self::Value>> {
        let ids: Vec<i64> = keys.iter().map(|key| key.0).collect();
        let found = store::campaign::activity(&self.store, self.workspace, &ids).await?;
        Ok(found.into_iter().map(|(id, activity)| (ActivityKey(id), activity)).collect())
    }
}

impl Loader<CampaignCellsKey> for Reader {
    type Value = Vec<entity::cell::Model>;
    type Error = Fault;

    async fn load(&self, keys: &[CampaignCellsKey]) -> Result<HashMap<CampaignCellsKey, Self::Value>> {
        let ids: Vec<i64> = keys.iter().map(|key| key.0).collect();
        let mut found: HashMap<CampaignCellsKey, Self::Value> = HashMap::new();
        for row in store::cell::of_campaigns(&self.store, self.workspace, &ids).await? {
            found.entry(CampaignCellsKey(row.campaign)).or_default().push(row);
        }
        Ok(found)
    }
}

impl Loader<FunnelKey> for Reader {
    type Value = CampaignCounts;
    type Error = Fault;

    async fn load(&self, keys: &[FunnelKey]) -> Result<HashMap<FunnelKey, Self::Value>> {
        let mut by_question: HashMap<&FunnelQuestion, Vec<i64>> = HashMap::new();
        for key in keys {
            by_question.entry(&key.question).or_default().push(key.campaign);
        }
        let mut found = HashMap::new();
        for (question, campaigns) in by_question {
            let counts = campaign_funnel::counts(&self.store, self.workspace, &campaigns, question).await?;
            let keyed = |(campaign, counts)| (FunnelKey { campaign, question: question.clone() }, counts);
            found.extend(counts.into_iter().map(keyed));
        }
        Ok(found)
    }
}

impl Loader<BreakdownKey> for Reader {
    type Value = Arc<Breakdown>;
    type Error = Fault;

    async fn load(&self, keys: &[BreakdownKey]) -> Result<HashMap<BreakdownKey, Self::Value>> {
        let mut found = HashMap::new();
        for key in keys {
            let counts = breakdown::counts(&self.store, self.workspace, key.campaign, &key.question).await?;
            found.insert(key.clone(), counts);
        }
        Ok(found)
    }
}

impl Loader<GapKey> for Reader {
    type Value = Arc<Gaps>;
    type Error = Fault;

    async fn load(&self, keys: &[GapKey]) -> Result<HashMap<GapKey, Self::Value>> {
        let mut found = HashMap::new();
        for key in keys {
            let gaps = breakdown::gaps(&self.store, self.workspace, key.campaign, &key.asked).await?;
            found.insert(key.clone(), gaps);
        }
        Ok(found)
    }
}

impl Loader<CellKey> for Reader {
    type Value = entity::cell::Model;
    type Error = Fault;

    async fn load(&self, keys: &[CellKey]) -> Result<HashMap<CellKey, Self::Value>> {
        let ids: Vec<i64> = keys.iter().map(|key| key.0).collect();
        let rows = store::cell::find_many(&self.store, self.workspace, &ids).await?;
        Ok(rows.into_iter().map(|row| (CellKey(row.id), row)).collect())
    }
}

impl Loader<EventTypeKey> for Reader {
    type Value = entity::event_type::Model;
    type Error = Fault;

    async fn load(&self, keys: &[EventTypeKey]) -> Result<HashMap<EventTypeKey, Self::Value>> {
        let ids: Vec<i64> = keys.iter().map(|key| key.0).collect();
        let rows = store::event_type::find_many(&self.store, self.workspace, &ids).await?;
        Ok(rows.into_iter().map(|row| (EventTypeKey(row.id), row)).collect())
    }
}

impl Loader<EventKey> for Reader {
    type Value = entity::event::Model;
    type Error = Fault;

    async fn load(&self, keys: &[EventKey]) -> Result<HashMap<EventKey, Self::Value>> {
        let ids: Vec<EventRef> = keys.iter().map(|key| key.0).collect();
        let rows = store::event::find_many(&self.store, self.workspace, &ids).await?;
        Ok(rows.into_iter().map(|row| (EventKey((row.shard, row.seq)), row)).collect())
    }
}

impl Loader<ClickKey> for Reader {
    type Value = bool;
    type Error = Fault;

    async fn load(&self, keys: &[ClickKey]) -> Result<HashMap<ClickKey, Self::Value>> {
        let clicks: Vec<Click> = keys.iter().map(|key| key.0).collect();
        let bursts = automation::bursts(&self.store, self.workspace, &clicks).await?;
        Ok(bursts.into_iter().map(|click| (ClickKey(click), true)).collect())
    }
}

impl Loader<CustomerKey> for Reader {
    type Value = entity::customer::Model;
    type Error = Fault;

    async fn load(&self, keys: &[CustomerKey]) -> Result<HashMap<CustomerKey, Self::Value>> {
        let ids: Vec<i64> = keys.iter().map(|key| key.0).collect();
        let found = store::customer::find_many(&self.store, self.workspace, &ids).await?;
        Ok(found.into_iter().map(|(id, row)| (CustomerKey(id), row)).collect())
    }
}

impl Loader<IdentifiersKey> for Reader {
    type Value = Vec<entity::identifier::Model>;
    type Error = Fault;

    async fn load(&self, keys: &[IdentifiersKey]) -> Result<HashMap<IdentifiersKey, Self::Value>> {
        let ids: Vec<i64> = keys.iter().map(|key| key.0).collect();
        let found = store::customer::identifiers(&self.store, self.workspace, &ids).await?;
        Ok(found.into_iter().map(|(id, rows)| (IdentifiersKey(id), rows)).collect())
    }
}

impl Loader<ProfileKey> for Reader {
    type Value = Profile;
    type Error = Fault;

    async fn load(&self, keys: &[ProfileKey]) -> Result<HashMap<ProfileKey, Self::Value>> {
        let ids: Vec<i64> = keys.iter().map(|key| key.0).collect();
        let found = store::profile::of_customers(&self.store, self.workspace, &ids, None).await?;
        Ok(found.into_iter().map(|(id, profile)| (ProfileKey(id), profile)).collect())
    }
}

impl Loader<MergedKey> for Reader {
    type Value = Vec<i64>;
    type Error = Fault;

    async fn load(&self, keys: &[MergedKey]) -> Result<HashMap<MergedKey, Self::Value>> {
        let ids: Vec<i64> = keys.iter().map(|key| key.0).collect();
        let found = store::customer::merged_into(&self.store, self.workspace, &ids).await?;
        Ok(found.into_iter().map(|(id, merged)| (MergedKey(id), merged)).collect())
    }
}

impl Loader<SpanKey> for Reader {
    type Value = (i64, i64);
    type Error = Fault;

    async fn load(&self, keys: &[SpanKey]) -> Result<HashMap<SpanKey, Self::Value>> {
        let ids: Vec<i64> = keys.iter().map(|key| key.0).collect();
        let found = crate::analytics::customer::spans(&self.store, self.workspace, &ids).await?;
        Ok(found.into_iter().map(|(id, span)| (SpanKey(id), span)).collect())
    }
}

impl Loader<RawKey> for Reader {
    type Value = Arc<Vec<u8>>;
    type Error = Fault;

    async fn load(&self, keys: &[RawKey]) -> Result<HashMap<RawKey, Self::Value>> {
        let ids: Vec<Vec<u8>> = keys.iter().map(|key| key.0.to_vec()).collect();
        let mut found = store::quarantine::raws(&self.store, self.workspace, &ids).await?;
        Ok(keys.iter().filter_map(|key| Some((*key, Arc::new(found.remove(key.0.as_slice())?)))).collect())
    }
}

impl Loader<ListKey> for Reader {
    type Value = entity::list::Model;
    type Error = Fault;

    async fn load(&self, keys: &[ListKey]) -> Result<HashMap<ListKey, Self::Value>> {
        let ids: Vec<i64> = keys.iter().map(|key| key.0).collect();
        let found = store::list::find_many(&self.store, self.workspace, &ids).await?;
        Ok(found.into_iter().map(|(id, row)| (ListKey(id), row)).collect())
    }
}

impl Loader<WorkspaceKey> for Reader {
    type Value = Workspace;
    type Error = Fault;

    async fn load(&self, _: &[WorkspaceKey]) -> Result<HashMap<WorkspaceKey, Self::Value>> {
        let found = store::workspace::find(&self.store, self.workspace).await?;
        Ok(found.map(|workspace| (WorkspaceKey, workspace)).into_iter().collect())
    }
}

impl Loader<AudiencesKey> for Reader {
    type Value = Vec<Audience>;
    type Error = Fault;

    async fn load(&self, keys: &[AudiencesKey]) -> Result<HashMap<AudiencesKey, Self::Value>> {
        let Some(workspace) = store::workspace::find(&self.store, self.workspace).await? else {
            return Ok(HashMap::new());
        };
        let ids: Vec<i64> = keys.iter().map(|key| key.0).collect();
        let all = store::audience::find_many(&self.store, self.workspace, None).await?;
        let found = analytics::audience::of_customers(&self.store, &workspace, &ids, &all).await?;
        Ok(found.into_iter().map(|(id, audiences)| (AudiencesKey(id), audiences)).collect())
    }
}

impl Loader<AddressKey> for Reader {
    type Value = entity::address_state::Model;
    type Error = Fault;

    async fn load(&self, keys: &[AddressKey]) -> Result<HashMap<AddressKey, Self::Value>> {
        let ids: Vec<[u8; 16]> = keys.iter().map(|key| key.0).collect();
        let mut found = store::reachability::states(&self.store, self.workspace, &ids).await?;
        Ok(keys.iter().filter_map(|key| Some((*key, found.remove(key.0.as_slice())?))).collect())
    }
}
