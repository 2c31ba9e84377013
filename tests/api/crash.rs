//! `kill -9` while events come in: whatever was answered 2xx is there afterwards, exactly once.

use std::collections::BTreeSet;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use cluster::Durability;
use rand::Rng;
use serde_json::{Value, json};

use crate::kit::program::Running;
use crate::kit::record::RUN_S;
use crate::kit::{Client, Program, TestDatabase, database};

const KEY: &str = "crash-admin-key-00000000000000000000000";
const SENDERS: usize = 4;
const BATCH: u64 = 25;
const CUSTOMERS: u64 = 40;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_answered_survives_on_sqlite() {
    let database = TestDatabase::sqlite();
    survive(database.url()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_answered_survives_on_postgresql() {
    let Some(cluster) = database::start(Durability::Full) else { return };
    cluster.execute("CREATE DATABASE crash").expect("a database can be made");
    survive(&cluster.url("crash")).await;
}

/// Every number is one event.
#[derive(Default)]
struct Ledger {
    next: AtomicU64,
    answered: Mutex<BTreeSet<u64>>,
}

async fn survive(database_url: &str) {
    let kills = std::env::var("CAMPAIGNQL_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(50);
    let program = Program::over(database_url);
    let ledger = Arc::new(Ledger::default());
    for _ in 0..kills {
        let mut server = Server::start(&program).await;
        let senders: Vec<_> =
            (0..SENDERS).map(|_| tokio::spawn(send(server.client.clone(), Arc::clone(&ledger)))).collect();
        let moment = rand::rng().random_range(20..300);
        tokio::time::sleep(Duration::from_millis(moment)).await;
        server.process.kill();
        for sender in senders {
            sender.await.expect("a sender ends when the server is gone");
        }
    }
    let server = Server::start(&program).await;
    check(&server.client, &ledger).await;
}

/// Sends batches until nobody answers.
async fn send(client: Client, ledger: Arc<Ledger>) {
    loop {
        let first = ledger.next.fetch_add(BATCH, Ordering::Relaxed);
        let request = client.request(reqwest::Method::POST, "/ingest/odp").body(batch(first..first + BATCH));
        match request.send().await {
            Ok(answer) if answer.status().is_success() => {
                ledger.answered.lock().expect("nobody panics with it").extend(first..first + BATCH);
            }
            Ok(answer) => assert_eq!(answer.status().as_u16(), 503, "an unexpected answer"),
            Err(_) => return,
        }
    }
}

/// Sending all again adds nothing of what was answered; then everything is there, and each once.
async fn check(client: &Client, ledger: &Ledger) {
    let answered = ledger.answered.lock().expect("nobody panics with it").clone();
    assert!(!answered.is_empty(), "nothing was answered, so nothing was tested");
    let sent = ledger.next.load(Ordering::Relaxed);
    for first in (0..sent).step_by(BATCH as usize) {
        let answer = client.post_text("/ingest/odp?results=all", &batch(first..first + BATCH)).await;
        let results = answer.json["results"].as_array().expect("a result each");
        for (number, result) in (first..).zip(results) {
            let lost = answered.contains(&number) && result["status"] != "DUPLICATE";
            assert!(!lost, "event {number} was answered and is not there: {result}");
        }
    }
    assert_counts(client, sent).await;
}

/// The list, the kept totals and the funnel agree that there are so many.
async fn assert_counts(client: &Client, sent: u64) {
    let query = "{ eventTypes { type action count } events(filter: {}, first: 1) { totalCount }
        campaign(externalId: \"71\") { funnel(impliedSteps: false) { steps { step total unique } } } }";
    let data = client.data(query, json!({})).await;
    let number = |value: &Value| value.to_string().trim_matches('"').parse::<u64>().unwrap_or_default();
    assert_eq!(number(&data["events"]["totalCount"]), sent, "{data}");
    assert_eq!(number(&data["eventTypes"][0]["count"]), sent, "{data}");
    let steps = data["campaign"]["funnel"]["steps"].as_array().expect("steps");
    let opened = steps.iter().find(|step| step["step"] == "OPENED").expect("the step");
    assert_eq!((number(&opened["total"]), number(&opened["unique"])), (sent, CUSTOMERS), "{data}");
}

fn batch(numbers: std::ops::Range<u64>) -> String {
    numbers.map(|number| format!("{}\n", event(number))).collect()
}

fn event(number: u64) -> Value {
    let email = format!("p{}@example.com", number % CUSTOMERS);
    json!({
        "type": "email", "action": "open", "identifiers": {"email": email},
        "data": {"ts": RUN_S + number as i64, "idempotence_id": format!("crash-{number}"), "campaign_id": 71,
            "campaign_schedule_run_ts": RUN_S},
    })
}

/// The real program, to be killed.
struct Server {
    process: Running,
    client: Client,
}

impl Server {
    async fn start(program: &Program) -> Self {
        let free = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let listen = free.local_addr().expect("it is bound").to_string();
        drop(free);
        let mut command = program.command(["serve", "--listen", &listen, "--log-level", "error"]);
        command.env("CAMPAIGNQL_ADMIN_KEY", KEY).stdout(Stdio::null()).stderr(Stdio::null());
        let client = Client::new(&format!("http://{listen}")).with_key(KEY);
        let mut server = Self { process: Running::start(command), client };
        server.wait_until_alive().await;
        server
    }

    async fn wait_until_alive(&mut self) {
        for _ in 0..600 {
            if let Ok(Some(status)) = self.process.process().try_wait() {
                panic!("the server ended by itself: {status}");
            }
            if self.client.request(reqwest::Method::GET, "/healthz").send().await.is_ok() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("the server was not alive within 12 s");
    }
}
