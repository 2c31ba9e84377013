//! Erasing while events arrive, on two servers over one database where there can be two: what was answered before is
//! erased, what is answered after is dropped, and nothing lies between.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use super::somebody::{ANN, BOB, erase, id_of, traces};
use crate::kit::record::RUN_S;
use crate::kit::{Client, TestServer, both_databases};

/// Posts events of hers, and of hers and Bob's, until told to stop; how many became new events.
async fn post(client: Client, sender: i64, is_over: Arc<AtomicBool>) -> i64 {
    let (mut taken, mut at) = (0, 0);
    while !is_over.load(Ordering::Relaxed) {
        at += 1;
        let event = |identifiers: Value, after: i64| {
            json!({"type": "email", "action": "open", "identifiers": identifiers,
                "data": {"ts": RUN_S + sender * 100_000 + at * 2 + after, "campaign_id": 71, "touchpoint_id": sender, "note": "erasmus"}})
        };
        let batch = json!([
            event(json!({"email": ANN}), 0),
            event(json!({"email": ANN, "vuid": format!("erasmus-{sender}")}), 1)
        ]);
        let bad = format!(
            "{{\"type\": \"email\", \"identifiers\": {{\"email\": \"{ANN}\"}}, \"data\": {{\"ts\": \"{sender}-{at}\"}}}}"
        );
        let answer = client.post("/ingest/odp", &batch).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        taken += answer.json["events"].as_i64().expect("a number");
        assert_eq!(client.post_text("/ingest/odp", &bad).await.status, 200);
    }
    taken
}

both_databases! {
    async fn nothing_slips_through_while_events_arrive(database: TestDatabase) {
        let first = TestServer::start(database.clone()).await;
        let second = if database.url().starts_with("sqlite:") { None } else { Some(TestServer::start(database.clone()).await) };
        let others = second.as_ref().unwrap_or(&first).admin.clone();
        first.admin.post("/v3/events", &json!({"type": "crm", "identifiers": {"email": BOB}, "data": {"ts": RUN_S}})).await;
        let is_over = Arc::new(AtomicBool::new(false));
        let senders: Vec<_> = [first.admin.clone(), others.clone(), others.clone()]
            .into_iter()
            .zip(1..)
            .map(|(client, sender)| tokio::spawn(post(client, sender, Arc::clone(&is_over))))
            .collect();
        for sender in 1..=3 {
            while id_of(&first.admin, "vuid", &format!("erasmus-{sender}")).await.is_none() {
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            }
        }
        let erased = erase(&first.admin, "email", ANN).await;
        assert_eq!(erased["userErrors"], json!([]), "{erased}");
        assert_eq!(traces(&database).await, Vec::<String>::new(), "at the answer");
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        is_over.store(true, Ordering::Relaxed);
        let mut taken = 1;
        for sender in senders {
            taken += sender.await.expect("it ends");
        }
        assert_eq!(traces(&database).await, Vec::<String>::new(), "after more of the same");
        assert_eq!(id_of(&others, "email", ANN).await, None);
        let data = others.data("{ events(filter: {}) { totalCount } quarantine { totalCount } }", json!({})).await;
        assert_eq!(data["events"]["totalCount"], taken.to_string());
        assert_eq!(data["quarantine"]["totalCount"], "0");
        for server in std::iter::once(first).chain(second) {
            server.stop().await;
        }
    }
}
