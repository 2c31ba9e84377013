//! Through the servers: random messages and orders, in any order, with repeats, by several senders at once; every question of
//! attribution is answered as by a recount.

use campaignql::domain::event::Dialect;
use serde_json::{Value, json};

use super::arrival::{deliveries, parsed};
use super::ask_attribution;
use super::dice::Dice;
use super::servers::{post_all, seeds, set_time_zone};
use super::world::{World, ZONE};
use super::{odp, orders};
use crate::kit::{Client, TestDatabase, TestServer};
use crate::oracle::Oracle;

/// Random records of one trial.
const RECORDS: usize = 400;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn attribution_by_one_server_on_sqlite_is_that_of_a_recount() {
    for seed in seeds() {
        try_seed(seed, TestDatabase::sqlite(), 1).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn attribution_by_two_servers_on_one_postgresql_is_that_of_a_recount() {
    for seed in seeds() {
        let Some(database) = TestDatabase::postgresql() else { return };
        try_seed(seed, database, 2).await;
    }
}

async fn try_seed(seed: u64, database: TestDatabase, servers: usize) {
    set_time_zone(&database, ZONE).await;
    let dice = Dice::new(seed + 8_000);
    let mut records = orders::records(RECORDS, &dice);
    records.iter_mut().for_each(|record| vary(record, &dice));
    let introductions = odp::introductions(&World::new(), &dice);
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
    ask_attribution::compare(&clients, &oracle, seed).await;
    for server in running {
        server.stop().await;
    }
}

/// Messages go through several channels and touchpoints.
fn vary(record: &mut Value, dice: &Dice) {
    if record.get("campaign").is_some() {
        record["channel"] = json!(dice.pick(&["email", "email", "push", "web_modal"]));
        if dice.chance(50) {
            record["touchpoint"] = json!(dice.pick(&["t1", "t2"]));
        }
    }
}
