//! Who is who, through the servers: a crowd that shares devices, merges by hand, late links and profiles, in any order and
//! with repeats, by two servers at once. Every answer equals that of a replay in the order of arrival.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use tokio::sync::Mutex;
use tokio::task::JoinSet;

use super::acts::{Act, acts, perform};
use super::arrival_log::{self, Place};
use super::dice::Dice;
use super::servers::set_time_zone;
use super::world::ZONE;
use super::{ask, ask_customers, updates};
use crate::kit::{Client, TestDatabase, TestServer};
use crate::oracle::Oracle;
use crate::oracle::arrival::Arrived;

/// Acts of one trial, without repeats.
const ACTS: usize = 120;
/// Senders of events that share a server where its events are in order.
const SENDERS: usize = 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_server_on_sqlite_knows_who_is_who() {
    for seed in seeds() {
        try_seed(seed, TestDatabase::sqlite(), 1).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_on_one_postgresql_know_who_is_who() {
    for seed in seeds() {
        let Some(database) = TestDatabase::postgresql() else { return };
        try_seed(seed, database, 2).await;
    }
}

/// The seeds of `PROPERTY_SEEDS=from..to`, else a few.
fn seeds() -> Range<u64> {
    super::servers::seeds_or(0..4)
}

/// What arrived, with where its place in the order stands.
type Log = Vec<(Place, Vec<Arrived>)>;

async fn try_seed(seed: u64, database: TestDatabase, servers: usize) {
    eprintln!("seed {seed}");
    let dice = Dice::new(seed);
    // A file is made and migrated by the first server that opens it.
    TestServer::start(database.clone()).await.stop().await;
    set_time_zone(&database, ZONE).await;
    arrival_log::begin(&database);
    let mut running = Vec::new();
    for _ in 0..servers {
        running.push(TestServer::start(database.clone()).await);
    }
    let clients: Vec<Client> = running.iter().map(|server| server.admin.clone()).collect();
    let numbered: VecDeque<(usize, Act)> = acts(ACTS, &dice).into_iter().enumerate().collect();
    let log =
        if servers == 1 { by_turns(&clients[0], numbered, &dice).await } else { at_once(&clients, numbered).await };
    let rules = updates::rules(&dice);
    updates::set_rules(&clients[0], &rules).await;
    let mut oracle = Oracle::replay(&in_order(log, &database).await, ZONE);
    oracle.rules = rules;
    ask_customers::compare(&clients, &oracle, seed).await;
    ask::compare(&clients, &oracle, seed).await;
    for server in running {
        server.stop().await;
    }
}

/// Every server is sent one act at a time.
async fn at_once(clients: &[Client], acts: VecDeque<(usize, Act)>) -> Log {
    let acts = Arc::new(Mutex::new(acts));
    let mut senders = JoinSet::new();
    for client in clients {
        let (client, acts) = (client.clone(), Arc::clone(&acts));
        senders.spawn(async move {
            let mut log = Log::new();
            loop {
                let Some((number, act)) = acts.lock().await.pop_front() else { return log };
                log.extend(perform(&client, number, &act).await);
            }
        });
    }
    senders.join_all().await.into_iter().flatten().collect()
}

/// One server: sometimes several requests of events at once, else one act at a time.
async fn by_turns(client: &Client, mut acts: VecDeque<(usize, Act)>, dice: &Dice) -> Log {
    let mut log = Log::new();
    while let Some((number, act)) = acts.pop_front() {
        let mut turn = VecDeque::from([(number, act)]);
        let is_events = |act: &Act| matches!(act, Act::Send(_));
        while dice.chance(80) && is_events(&turn[0].1) && acts.front().is_some_and(|(_, act)| is_events(act)) {
            turn.extend(acts.pop_front());
        }
        let senders = if turn.len() > 1 { SENDERS } else { 1 };
        log.extend(at_once(&vec![client.clone(); senders], turn).await);
    }
    log
}

/// Everything that arrived, in the order in which it was committed.
async fn in_order(log: Log, database: &TestDatabase) -> Vec<Arrived> {
    let positions = arrival_log::positions(database).await;
    let position = |place: &Place| *positions.get(place).unwrap_or_else(|| panic!("{place:?} is not in the log"));
    let mut log: Vec<(i64, Vec<Arrived>)> = log.into_iter().map(|(place, what)| (position(&place), what)).collect();
    log.sort_by_key(|(position, _)| *position);
    log.into_iter().flat_map(|(_, what)| what).collect()
}
