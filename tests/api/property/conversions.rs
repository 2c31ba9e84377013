//! Through the servers: random messages and orders, in any order, with repeats, by several senders at once: conversions are
//! what a recount says, and so is what campaigns are credited with.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use campaignql::domain::attribution::Touch;
use campaignql::domain::conversion::Conversion as Kept;
use campaignql::domain::event::Dialect;
use campaignql::domain::identifier::Identifier;
use campaignql::domain::kind::Kind;
use campaignql::domain::money::Currency;
use campaignql::domain::order::EventKey;
use campaignql::domain::time::Micros;
use campaignql::domain::workspace::WorkspaceId;
use campaignql::store::conversion::{Wanted, page, parts};
use campaignql::store::{self, DatabaseSettings, Store};
use sea_orm::EntityTrait;

use super::arrival::{deliveries, parsed};
use super::ask;
use super::dice::Dice;
use super::servers::{post_all, seeds, set_time_zone};
use super::world::{World, ZONE};
use super::{odp, orders};
use crate::kit::{Client, TestDatabase, TestServer};
use crate::oracle::Oracle;
use crate::oracle::conversion::Conversion;

/// Random records of one trial.
const RECORDS: usize = 350;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conversions_through_one_server_on_sqlite_are_those_of_a_recount() {
    for seed in seeds() {
        try_seed(seed, TestDatabase::sqlite(), 1).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conversions_through_two_servers_on_one_postgresql_are_those_of_a_recount() {
    for seed in seeds() {
        let Some(database) = TestDatabase::postgresql() else { return };
        try_seed(seed, database, 2).await;
    }
}

async fn try_seed(seed: u64, database: TestDatabase, servers: usize) {
    set_time_zone(&database, ZONE).await;
    let dice = Dice::new(seed + 5_000);
    let (records, introductions) = (orders::records(RECORDS, &dice), odp::introductions(&World::new(), &dice));
    let mut arriving = deliveries(Dialect::Native, &records, &dice);
    arriving.extend(deliveries(Dialect::Odp, &introductions, &dice));
    dice.shuffle(&mut arriving);
    let mut arrived = parsed(Dialect::Native, &records);
    arrived.extend(parsed(Dialect::Odp, &introductions));
    let oracle = Oracle::new(arrived, ZONE);
    let mut running = Vec::new();
    for _ in 0..servers {
        running.push(TestServer::start(database.clone()).await);
    }
    let clients: Vec<Client> = running.iter().map(|server| server.admin.clone()).collect();
    assert_eq!(post_all(&clients, arriving).await, oracle.events.len() as u64, "events taken; seed {seed}");
    assert!(oracle.credits().len() > 10, "only {} credits; seed {seed}", oracle.credits().len());
    compare_kept(&database, &oracle, seed).await;
    for campaign in oracle.campaigns() {
        ask::compare_funnels(&clients, &oracle, &campaign, seed).await;
    }
    for server in running {
        server.stop().await;
    }
}

/// What is kept of a conversion, as both sides can tell it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Told {
    at: Micros,
    customer: i64,
    currency: String,
    brought: [i64; 2],
    reversed: [i64; 2],
    touches: Vec<ToldTouch>,
}

/// Time, kind, campaign, run and treatment.
type ToldTouch = (Micros, Kind, String, Option<String>, Option<String>);

async fn compare_kept(database: &TestDatabase, oracle: &Oracle, seed: u64) {
    let settings = DatabaseSettings { url: database.url().to_owned(), max_connections: 4 };
    let store = store::open(&settings).await.expect("the database opens");
    let names = Names::load(&store).await;
    let always = Micros::EARLIEST..Micros::LATEST;
    for kind in [Kind::Purchased, Kind::Engaged, Kind::Sent, Kind::Clicked] {
        let kept = names.kept(&store, kind, always.clone()).await;
        let recounted = names.recounted(oracle, kind);
        assert_eq!(kept.keys().collect::<Vec<_>>(), recounted.keys().collect::<Vec<_>>(), "{kind}; seed {seed}");
        for (key, told) in &recounted {
            assert_eq!(kept[key], *told, "left: kept, right: recounted; {kind}, seed {seed}");
        }
        // A stretch of time has those within it, its beginning included and its end not.
        let mut times: Vec<Micros> = recounted.values().map(|told| told.at).collect();
        times.sort_unstable();
        let range = times[times.len() / 4]..times[times.len() / 2];
        let within = recounted.iter().filter(|(_, told)| range.contains(&told.at)).map(|(key, _)| *key);
        let within: Vec<EventKey> = within.collect();
        let found = names.kept(&store, kind, range).await;
        assert_eq!(found.into_keys().collect::<Vec<_>>(), within, "{kind}; seed {seed}");
    }
    store.db().close_by_ref().await.expect("the database closes");
}

/// What numbers in the database stand for.
struct Names {
    /// Campaign, run and treatment of every cell.
    cells: HashMap<i64, (String, Option<String>, Option<String>)>,
    customers: HashMap<Identifier, i64>,
}

impl Names {
    async fn load(store: &Store) -> Self {
        let campaigns = entity::campaign::Entity::find().all(store.db()).await.expect("campaigns");
        let campaigns: HashMap<i64, String> = campaigns.into_iter().map(|row| (row.id, row.external_id)).collect();
        let cells = entity::cell::Entity::find().all(store.db()).await.expect("cells");
        let cell = |row: entity::cell::Model| {
            (row.id, (campaigns.get(&row.campaign).cloned().unwrap_or_default(), row.run, row.treatment))
        };
        let identifiers = entity::identifier::Entity::find().all(store.db()).await.expect("identifiers");
        let named = |row: entity::identifier::Model| (Identifier { name: row.name, value: row.value }, row.customer);
        Self { cells: cells.into_iter().map(cell).collect(), customers: identifiers.into_iter().map(named).collect() }
    }

    async fn kept(&self, store: &Store, kind: Kind, at: Range<Micros>) -> BTreeMap<EventKey, Told> {
        let currency = Currency::parse("USD").expect("a code");
        let wanted = Wanted { workspace: WorkspaceId(1), kind, at, currency };
        let (mut kept, mut count, mut touches) = (BTreeMap::new(), 0, Vec::new());
        for part in parts(store, &wanted, 5).await.expect("it can be read") {
            let mut after = None;
            loop {
                let page = page(store, &wanted, &part, after).await.expect("it can be read");
                for row in page.rows() {
                    let row = row.expect("a row");
                    let conversion = row.unpack(&mut touches).expect("it unpacks");
                    kept.insert(conversion.key, self.told_of(&conversion, row.customer, &touches));
                    count += 1;
                }
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
        }
        assert_eq!(kept.len(), count, "each conversion once");
        kept
    }

    fn told_of(&self, conversion: &Kept, customer: i64, touches: &[Touch]) -> Told {
        assert!(touches.is_sorted(), "{touches:?}");
        let touch = |touch: &Touch| {
            let (campaign, run, treatment) = self.cells[&touch.cell].clone();
            (touch.at, touch.kind, campaign, run, treatment)
        };
        Told {
            at: conversion.at,
            customer,
            currency: conversion.currency.to_string(),
            brought: [conversion.revenue.subtotal, conversion.revenue.total],
            reversed: [conversion.reversed.subtotal, conversion.reversed.total],
            touches: touches.iter().map(touch).collect(),
        }
    }

    fn recounted(&self, oracle: &Oracle, kind: Kind) -> BTreeMap<EventKey, Told> {
        let conversions = oracle.conversions(kind);
        let told = |conversion: &Conversion| (oracle.stored_key(conversion.event), self.told(oracle, conversion));
        conversions.iter().map(told).collect()
    }

    fn told(&self, oracle: &Oracle, conversion: &Conversion) -> Told {
        let touch = |index: &usize| {
            let (at, event) = (oracle.events[*index].at, &oracle.events[*index].event);
            let campaign = event.campaign.as_ref().expect("a touch is of a campaign").external_id.clone();
            (at, event.kind, campaign, event.run.clone(), event.treatment.clone())
        };
        let person = oracle.people[conversion.person].first().expect("somebody");
        Told {
            at: conversion.at,
            customer: self.customers[person],
            currency: conversion.currency.clone(),
            brought: conversion.brought,
            reversed: conversion.reversed,
            touches: conversion.touches.iter().map(touch).collect(),
        }
    }
}
