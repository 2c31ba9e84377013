//! Through the servers: random arrivals by several senders at once leave the reports of a recount.

use std::ops::Range;

use campaignql::domain::event::NewEvent;
use campaignql::store::{self, DatabaseSettings};
use chrono_tz::Tz;
use reqwest::Method;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use tokio::task::JoinSet;

use super::arrival::{DIALECTS, Delivery, deliveries, parsed, records};
use super::dice::Dice;
use super::world::ZONE;
use super::{ask, ask_addresses, updates};
use crate::kit::client::read;
use crate::kit::{Client, TestDatabase, TestServer};
use crate::oracle::Oracle;

/// Random records of each form in one trial.
const RECORDS: usize = 100;
/// Senders that post at once.
const SENDERS: usize = 4;
/// Changes that people make by hand.
const UPDATES: usize = 30;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_server_on_sqlite_reports_what_a_recount_says() {
    for seed in seeds() {
        try_seed(seed, TestDatabase::sqlite(), 1).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_on_one_postgresql_report_what_a_recount_says() {
    for seed in seeds() {
        let Some(database) = TestDatabase::postgresql() else { return };
        try_seed(seed, database, 2).await;
    }
}

/// The seeds of `PROPERTY_SEEDS=from..to`, else a few.
pub fn seeds() -> Range<u64> {
    seeds_or(0..6)
}

/// The seeds of `PROPERTY_SEEDS=from..to`, else others.
pub fn seeds_or(few: Range<u64>) -> Range<u64> {
    let Ok(range) = std::env::var("PROPERTY_SEEDS") else { return few };
    let (from, to) = range.split_once("..").expect("PROPERTY_SEEDS is from..to");
    from.parse().expect("a number")..to.parse().expect("a number")
}

async fn try_seed(seed: u64, database: TestDatabase, servers: usize) {
    set_time_zone(&database, ZONE).await;
    let (deliveries, mut arrived) = trial(seed);
    let dice = Dice::new(seed + 1_000);
    let by_hand = updates::updates(UPDATES, &dice);
    arrived.extend(by_hand.iter().map(|update| update.event.clone()));
    let mut oracle = Oracle::new(arrived, ZONE);
    let mut running = Vec::new();
    for _ in 0..servers {
        running.push(TestServer::start(database.clone()).await);
    }
    let clients: Vec<Client> = running.iter().map(|server| server.admin.clone()).collect();
    // While events arrive, people change addresses and settings.
    let people = async {
        let mut made = 0;
        for share in by_hand.chunks(UPDATES / 3) {
            updates::set_rules(&clients[0], &updates::rules(&dice)).await;
            made += updates::make(&clients[clients.len() - 1], share).await;
        }
        oracle.rules = updates::rules(&dice);
        updates::set_rules(&clients[clients.len() - 1], &oracle.rules).await;
        made
    };
    let (taken, made) = tokio::join!(post_all(&clients, deliveries), people);
    assert_eq!(taken + made, oracle.events.len() as u64, "events taken, events there are; seed {seed}");
    ask::compare(&clients, &oracle, seed).await;
    // What changes when nothing arrives any more must be as exact.
    oracle.rules = updates::rules(&dice);
    updates::set_rules(&clients[0], &oracle.rules).await;
    ask_addresses::compare(&clients[clients.len() - 1], &oracle, seed).await;
    for server in running {
        server.stop().await;
    }
}

/// What arrives, and the events in it.
fn trial(seed: u64) -> (Vec<Delivery>, Vec<NewEvent>) {
    let dice = Dice::new(seed);
    let (mut arriving, mut events) = (Vec::new(), Vec::new());
    for dialect in DIALECTS {
        let records = records(dialect, RECORDS, &dice);
        arriving.extend(deliveries(dialect, &records, &dice));
        events.extend(parsed(dialect, &records));
    }
    dice.shuffle(&mut arriving);
    (arriving, events)
}

/// Reports of a new workspace count days in its zone from the first event on, so it is set before any server starts.
pub async fn set_time_zone(database: &TestDatabase, zone: Tz) {
    let settings = DatabaseSettings { url: database.url().to_owned(), max_connections: 1 };
    let store = store::open(&settings).await.expect("the database opens");
    let update = entity::workspace::Entity::update_many()
        .col_expr(entity::workspace::Column::TimeZone, Expr::value(zone.name()))
        .filter(entity::workspace::Column::Id.eq(1));
    update.exec(store.db()).await.expect("the workspace can be changed");
    store.db().close_by_ref().await.expect("the database closes");
}

/// Posts everything, in order but by several senders at once, and sums up the new events.
pub async fn post_all(clients: &[Client], deliveries: Vec<Delivery>) -> u64 {
    let mut shares: Vec<Vec<Delivery>> = vec![Vec::new(); SENDERS];
    for (number, delivery) in deliveries.into_iter().enumerate() {
        shares[number % SENDERS].push(delivery);
    }
    let mut senders = JoinSet::new();
    for (number, share) in shares.into_iter().enumerate() {
        let client = clients[number % clients.len()].clone();
        senders.spawn(async move {
            let mut taken = 0;
            for delivery in share {
                taken += post(&client, &delivery).await;
            }
            taken
        });
    }
    senders.join_all().await.into_iter().sum()
}

/// Posts one body and tells how many new events it brought. Only of a body that was cut off may something be refused.
async fn post(client: &Client, delivery: &Delivery) -> u64 {
    let Delivery { dialect, body, is_whole } = delivery;
    let request = client.request(Method::POST, &format!("/ingest/{}", dialect.name()));
    let answer = read(request.header("content-type", "application/json").body(body.clone())).await;
    if *is_whole {
        assert!(answer.status == 200 && answer.json["quarantined"] == 0, "{} {}", answer.status, answer.text);
    }
    assert!(answer.status < 500, "{} {}", answer.status, answer.text);
    answer.json["events"].as_u64().unwrap_or(0)
}
