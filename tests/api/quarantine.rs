//! What could not be taken: listed, counted, replayed once, discarded with a reason.

use campaignql::domain::access::Scope;
use serde_json::{Value, json};

use crate::kit::record::{lines, mail};
use crate::kit::{Client, TestServer, both_databases};

const LIST: &str = "query($filter: QuarantineFilter) { quarantine(filter: $filter) { totalCount nodes {
    id state resolvedAt resolution dialect code path message raw source receivedAt } } }";
const REPLAY: &str = "mutation($input: QuarantineReplayInput!) { quarantineReplay(input: $input) {
    replayed duplicates events refused alreadyReplayed endCursor remaining record { id state resolution code }
    refusals { code path message record { id state } } userErrors { code field message } } }";
const DISCARD: &str = "mutation($input: QuarantineDiscardInput!) { quarantineDiscard(input: $input) {
    discarded remaining record { id state resolution } userErrors { code field message } } }";

both_databases! {
    async fn a_corrected_record_is_taken_once_at_the_time_when_it_came(app: TestServer) {
        let bad = json!({"type": "kiosk", "action": "greeted"});
        send(&app.admin, "/ingest/odp", &[mail("open", "ada@example.com", 1), bad.clone()], 1).await;
        let open = list(&app.admin, json!({})).await;
        assert_eq!((open.len(), &open[0]["state"], &open[0]["code"]), (1, &json!("OPEN"), &json!("MISSING_IDENTIFIER")));
        let id = &open[0]["id"];

        let still = replay(&app.admin, json!({"id": id})).await;
        assert_eq!((&still["refused"], &still["userErrors"][0]["code"]), (&json!(1), &json!("REFUSED")), "{still}");
        assert_eq!((&still["record"]["state"], count_of(&app.admin, "kiosk").await), (&json!("OPEN"), 0), "{still}");

        let mut good = bad.clone();
        good["identifiers"] = json!({"email": "ada@example.com"});
        let taken = replay(&app.admin, json!({"id": id, "record": good})).await;
        assert_eq!((&taken["replayed"], &taken["events"]), (&json!(1), &json!(1)), "{taken}");
        assert_eq!((&taken["record"]["state"], &taken["record"]["resolution"]), (&json!("REPLAYED"), &json!("corrected")));
        let events = "{ events(filter: {type: \"kiosk\"}) { nodes { occurredAt } } }";
        let events = app.admin.data(events, json!({})).await;
        assert_eq!(events["events"]["nodes"][0]["occurredAt"], open[0]["receivedAt"], "{events}");

        let again = replay(&app.admin, json!({"id": id, "record": good.to_string()})).await;
        assert_eq!((&again["alreadyReplayed"], &again["userErrors"][0]["code"]), (&json!(1), &json!("ALREADY_REPLAYED")));
        send(&app.admin, "/ingest/odp", &[bad], 1).await;
        assert!(list(&app.admin, json!({})).await.is_empty(), "a repeat of what was replayed is no new trouble");
        assert_eq!(count_of(&app.admin, "kiosk").await, 1);
        let kept = list(&app.admin, json!({"states": ["REPLAYED"]})).await;
        assert!(kept.len() == 1 && kept[0]["resolvedAt"].is_string(), "{kept:?}");
    }

    async fn a_corrected_text_is_taken_as_a_whole_or_not_at_all(app: TestServer) {
        send(&app.admin, "/ingest/odp", &[json!({"type": "visit"})], 1).await;
        let id = list(&app.admin, json!({})).await[0]["id"].clone();
        let visitor = |name: &str| json!({"type": "visit", "identifiers": {"email": format!("{name}@example.com")}});
        let half = lines(&[visitor("ada"), json!({"type": "visit"})]);
        let refused = replay(&app.admin, json!({"id": id, "record": half})).await;
        assert_eq!((&refused["refused"], &refused["events"]), (&json!(1), &json!(0)), "{refused}");
        assert_eq!(refused["userErrors"][0]["field"], json!(["input", "record"]), "{refused}");
        let nothing = replay(&app.admin, json!({"id": id, "record": " "})).await;
        assert_eq!(nothing["userErrors"][0]["code"], "REFUSED", "{nothing}");
        assert_eq!(count_of(&app.admin, "visit").await, 0);
        let both = replay(&app.admin, json!({"id": id, "record": [visitor("ada"), visitor("bob")]})).await;
        assert_eq!((&both["replayed"], &both["events"]), (&json!(1), &json!(2)), "{both}");
        assert_eq!(count_of(&app.admin, "visit").await, 2);
    }

    async fn a_discarded_record_keeps_its_reason_and_can_be_replayed(app: TestServer) {
        let bad = [json!({"type": "a"}), json!({"type": "b"}), json!({"type": "c", "identifiers": 5})];
        send(&app.admin, "/ingest/odp", &bad, 3).await;
        let id = list(&app.admin, json!({"code": "WRONG_TYPE"})).await[0]["id"].clone();
        let blank = discard(&app.admin, json!({"id": id, "reason": " "})).await;
        assert_eq!(blank["userErrors"][0]["code"], "BLANK", "{blank}");
        let done = discard(&app.admin, json!({"id": id, "reason": "a test"})).await;
        assert_eq!((&done["discarded"], &done["record"]["state"]), (&json!(1), &json!("DISCARDED")), "{done}");
        let again = discard(&app.admin, json!({"id": id, "reason": "another reason"})).await;
        assert_eq!((&again["discarded"], &again["record"]["resolution"]), (&json!(0), &json!("a test")), "{again}");
        let filter = json!({"path": "identifiers", "pathPrefix": "id"});
        let rest = discard(&app.admin, json!({"filter": filter, "reason": "nobody", "limit": 1})).await;
        assert_eq!((&rest["discarded"], &rest["remaining"]), (&json!(1), &json!("1")), "{rest}");

        send(&app.admin, "/ingest/odp", &bad, 3).await;
        assert_eq!(list(&app.admin, json!({})).await.len(), 1, "repeats open nothing");
        let good = json!({"type": "c", "identifiers": {"email": "ada@example.com"}});
        let taken = replay(&app.admin, json!({"id": id, "record": good})).await;
        assert_eq!(taken["record"]["state"], "REPLAYED", "{taken}");
        let late = discard(&app.admin, json!({"id": id, "reason": "too late"})).await;
        assert_eq!(late["userErrors"][0]["code"], "ALREADY_REPLAYED", "{late}");
        send(&app.admin, "/ingest/odp", &bad, 3).await;
        assert_eq!((list(&app.admin, json!({})).await.len(), count_of(&app.admin, "c").await), (1, 1));
    }

    async fn another_workspace_can_neither_replay_nor_discard(app: TestServer) {
        let other = app.another_workspace().await;
        send(&app.admin, "/ingest/odp", &[json!({"type": "mine"})], 1).await;
        let id = list(&app.admin, json!({})).await[0]["id"].clone();
        let good = json!({"type": "mine", "identifiers": {"email": "ada@example.com"}});
        for id in [&id, &json!("nonsense"), &json!("Q2FtcGFpZ246MQ")] {
            let replayed = replay(&other, json!({"id": id, "record": good})).await;
            assert_eq!(replayed["userErrors"][0]["code"], "NOT_FOUND", "{replayed}");
            let discarded = discard(&other, json!({"id": id, "reason": "not mine"})).await;
            assert_eq!(discarded["userErrors"][0]["code"], "NOT_FOUND", "{discarded}");
        }
        let all = replay(&other, json!({"filter": {"states": ["OPEN", "REPLAYED", "DISCARDED"]}})).await;
        assert_eq!((&all["replayed"], &all["refused"]), (&json!(0), &json!(0)), "{all}");
        assert_eq!(discard(&other, json!({"filter": {}, "reason": "all"})).await["discarded"], 0);
        let counts = other.data("{ quarantineCounts { records groups { code } } }", json!({})).await;
        assert_eq!(counts["quarantineCounts"], json!({"records": "0", "groups": []}));
        assert_eq!(list(&app.admin, json!({})).await.len(), 1);
        // The same bytes are another record in another workspace.
        send(&other, "/ingest/odp", &[json!({"type": "mine"})], 1).await;
        assert_ne!(list(&other, json!({})).await[0]["id"], id);
    }

    async fn only_an_admin_changes_the_quarantine(app: TestServer) {
        for (scope, may_read) in [(Scope::Ingest, false), (Scope::Report, false), (Scope::Read, true)] {
            let holder = app.holder_of(scope).await;
            let counted = holder.graphql("{ quarantineCounts { records } }", json!({})).await;
            assert_eq!(counted.json["data"]["quarantineCounts"].is_object(), may_read, "{scope:?}: {}", counted.text);
            let input = json!({"input": {"filter": {}, "reason": "x"}});
            assert_eq!(holder.error_code(DISCARD, input).await, "FORBIDDEN", "{scope:?}");
            assert_eq!(holder.error_code(REPLAY, json!({"input": {"filter": {}}})).await, "FORBIDDEN", "{scope:?}");
        }
    }

    async fn records_are_found_by_what_is_wrong_with_them_and_where_they_came_from(app: TestServer) {
        send(&app.admin, "/v3/events", &[json!({"type": "a"}), json!({"type": "b"}), mail("open", "ada@example.com", 1)], 2).await;
        send(&app.admin, "/ingest/pinpoint", &[json!({"event_timestamp": 1, "client": {"client_id": "e"}})], 1).await;
        send(&app.admin, "/ingest/auto", &[json!({"colour": "blue"})], 1).await;
        let number = async |filter: Value| list(&app.admin, filter).await.len();
        assert_eq!(number(json!({})).await, 4);
        assert_eq!(number(json!({"dialect": "ODP"})).await, 2);
        assert_eq!(number(json!({"dialectIsUnknown": true})).await, 1);
        assert_eq!(number(json!({"code": "MISSING_IDENTIFIER"})).await, 2);
        assert_eq!(number(json!({"code": "MISSING_IDENTIFIER", "dialect": "ODP", "path": "identifiers"})).await, 2);
        assert_eq!(number(json!({"code": "MISSING_IDENTIFIER", "dialect": "PINPOINT", "path": "identifiers"})).await, 0);
        assert_eq!(number(json!({"path": "identifiers"})).await, 2);
        assert_eq!(number(json!({"path": ""})).await, 1);
        assert_eq!(number(json!({"pathPrefix": "ident"})).await, 2);
        assert_eq!(number(json!({"pathPrefix": "Ident"})).await, 0);
        assert_eq!(number(json!({"sourcePrefix": "/v3/"})).await, 2);
        assert_eq!(number(json!({"sourcePrefix": "/ingest/"})).await, 2);
        assert_eq!(number(json!({"states": ["REPLAYED", "DISCARDED"]})).await, 0);
        assert_eq!(number(json!({"receivedAt": {"to": "2020-01-01T00:00:00Z"}})).await, 0);
        assert_eq!(number(json!({"receivedAt": {"from": "2020-01-01T00:00:00Z"}})).await, 4);
        let both = json!({"filter": {"dialect": "ODP", "dialectIsUnknown": true}});
        assert_eq!(app.admin.error_code(LIST, both).await, "BAD_INPUT");
    }

    async fn counts_name_the_largest_groups_and_what_is_left(app: TestServer) {
        let bad: Vec<Value> = (0..5).map(|n| json!({"type": format!("t{n}")})).collect();
        send(&app.admin, "/ingest/odp", &bad, 5).await;
        send(&app.admin, "/ingest/auto", &[json!({"colour": 1}), json!({"colour": 2})], 2).await;
        send(&app.admin, "/ingest/odp", &[json!({"type": 5})], 1).await;
        let query = "query($top: Int, $filter: QuarantineFilter) { quarantineCounts(top: $top, filter: $filter) {
            records otherRecords otherGroups groups { dialect code path records } } }";
        let counts = app.admin.data(query, json!({"top": 2})).await;
        let groups = json!([
            {"dialect": "ODP", "code": "MISSING_IDENTIFIER", "path": "identifiers", "records": "5"},
            {"dialect": null, "code": "UNKNOWN_FORMAT", "path": "", "records": "2"},
        ]);
        let expected = json!({"records": "8", "otherRecords": "1", "otherGroups": "1", "groups": groups});
        assert_eq!(counts["quarantineCounts"], expected);
        let narrow = app.admin.data(query, json!({"filter": {"code": "WRONG_TYPE"}})).await;
        assert_eq!((&narrow["quarantineCounts"]["records"], &narrow["quarantineCounts"]["otherGroups"]), (&json!("1"), &json!("0")));
        assert_eq!(app.admin.error_code(query, json!({"top": 0})).await, "BAD_INPUT");
    }

    async fn pages_of_all_states_run_in_one_order(app: TestServer) {
        for number in 0..9 {
            send(&app.admin, "/ingest/odp", &[json!({"type": format!("t{number}")})], 1).await;
        }
        let ids: Vec<Value> = list(&app.admin, json!({})).await.iter().map(|node| node["id"].clone()).collect();
        for id in ids.iter().step_by(2) {
            discard(&app.admin, json!({"id": id, "reason": "every second"})).await;
        }
        let query = "query($after: String, $before: String, $first: Int, $last: Int) { quarantine(filter: {states: [OPEN, REPLAYED, DISCARDED]},
            first: $first, after: $after, last: $last, before: $before) { nodes { id } pageInfo { endCursor startCursor hasNextPage hasPreviousPage } } }";
        for (size, cursor, from) in [("first", "after", "endCursor"), ("last", "before", "startCursor")] {
            let (mut seen, mut position) = (Vec::new(), Value::Null);
            loop {
                let page = app.admin.data(query, json!({size: 2, cursor: position})).await["quarantine"].clone();
                let mut nodes: Vec<Value> = page["nodes"].as_array().expect("a list").iter().map(|n| n["id"].clone()).collect();
                if size == "last" {
                    nodes.reverse();
                }
                seen.extend(nodes);
                let more = if size == "last" { "hasPreviousPage" } else { "hasNextPage" };
                if page["pageInfo"][more] != true {
                    break;
                }
                position = page["pageInfo"][from].clone();
            }
            if size == "last" {
                seen.reverse();
            }
            assert_eq!(seen, ids, "{size}");
        }
    }

    async fn what_is_wrong_with_a_request_is_told(app: TestServer) {
        let id = json!("Q2FtcGFpZ246MQ");
        let code = async |input: Value| replay(&app.admin, input).await["userErrors"][0]["code"].clone();
        assert_eq!(code(json!({})).await, "AMBIGUOUS");
        assert_eq!(code(json!({"id": id, "filter": {}})).await, "AMBIGUOUS");
        assert_eq!(code(json!({"filter": {}, "record": "{}"})).await, "AMBIGUOUS");
        assert_eq!(code(json!({"filter": {}, "limit": 0})).await, "INVALID");
        let input = json!({"filter": {}, "after": "nonsense"});
        assert_eq!(app.admin.error_code(REPLAY, json!({"input": input})).await, "BAD_INPUT");
        assert_eq!(discard(&app.admin, json!({"reason": "x"})).await["userErrors"][0]["code"], "AMBIGUOUS");
    }
}

both_databases! {
    async fn after_a_setting_changed_all_are_replayed_in_bounded_steps(database: TestDatabase) {
        let ahead = |number: i64| {
            let at = chrono::Utc::now().timestamp() + 7_200 + number;
            json!({"type": "clock", "identifiers": {"email": "ada@example.com"}, "data": {"ts": at}})
        };
        let strict = TestServer::start_with(database.clone(), &[("future_limit_s", "60")]).await;
        let early: Vec<Value> = (0..5).map(ahead).collect();
        send(&strict.admin, "/ingest/odp", &early, 5).await;
        send(&strict.admin, "/ingest/odp", &[json!({"type": "clock"})], 1).await;
        let refused = replay(&strict.admin, json!({"filter": {}})).await;
        assert_eq!((&refused["replayed"], &refused["refused"]), (&json!(0), &json!(6)), "{refused}");
        assert_eq!((refused["refusals"].as_array().map(Vec::len), &refused["remaining"]), (Some(6), &json!("0")));
        strict.stop().await;

        let milder = TestServer::start_with(database.clone(), &[("future_limit_s", "600")]).await;
        replay(&milder.admin, json!({"filter": {}})).await;
        let told = list(&milder.admin, json!({"code": "INVALID_TIME"})).await;
        assert!(told.iter().all(|node| node["message"].as_str().is_some_and(|text| text.contains("600 s"))), "{told:?}");
        milder.stop().await;

        let mild = TestServer::start_with(database, &[("future_limit_s", "86400")]).await;
        let (mut after, mut steps, mut replayed) = (Value::Null, 0, 0);
        loop {
            let filter = json!({"code": "INVALID_TIME"});
            let step = replay(&mild.admin, json!({"filter": filter, "limit": 2, "after": after})).await;
            replayed += step["replayed"].as_i64().expect("a number");
            steps += 1;
            after = step["endCursor"].clone();
            if after.is_null() {
                break;
            }
            assert_eq!(step["remaining"], (5 - 2 * steps).to_string(), "{step}");
        }
        assert_eq!((steps, replayed, count_of(&mild.admin, "clock").await), (3, 5, 5));
        assert_eq!(list(&mild.admin, json!({})).await.len(), 1, "what is still wrong stays");
        send(&mild.admin, "/ingest/odp", &early, 0).await;
        assert_eq!(count_of(&mild.admin, "clock").await, 5, "repeats of what was replayed are duplicates");
    }

    async fn of_an_oversized_record_only_a_corrected_text_is_replayed(database: TestDatabase) {
        let app = TestServer::start_with(database, &[("max_body_bytes", "40000000")]).await;
        let long = json!({"type": "long", "identifiers": {"email": "ada@example.com"}, "data": {"note": "x".repeat(17_000_000)}});
        send(&app.admin, "/ingest/odp", &[long], 1).await;
        let id = list(&app.admin, json!({})).await[0]["id"].clone();
        let refused = replay(&app.admin, json!({"id": id})).await;
        assert_eq!(refused["userErrors"][0]["code"], "INCOMPLETE", "{refused}");
        let refused = replay(&app.admin, json!({"filter": {}})).await;
        assert_eq!((&refused["refused"], &refused["refusals"][0]["code"]), (&json!(1), &json!("TOO_LARGE")), "{refused}");
        let short = json!({"type": "long", "identifiers": {"email": "ada@example.com"}});
        assert_eq!(replay(&app.admin, json!({"id": id, "record": short})).await["replayed"], 1);
        assert_eq!(count_of(&app.admin, "long").await, 1);
    }

    async fn two_replays_at_once_take_each_record_once(database: TestDatabase) {
        let first = TestServer::start(database.clone()).await;
        // Two servers on one SQLite file would only wait for each other.
        let is_file = database.url().starts_with("sqlite:");
        let second = if is_file { None } else { Some(TestServer::start(database.clone()).await) };
        let other = second.as_ref().map_or(&first.admin, |server| &server.admin);
        // Typed events without key and time, sent as ODP's: nothing but the quarantine can tell a repeat.
        let typed = |n: usize| json!({"type": "typed", "identifiers": [{"type": "email", "value": format!("p{}@example.com", n % 7)}], "run": format!("{n}")});
        let sent: Vec<Value> = (0..60).map(typed).collect();
        send(&first.admin, "/ingest/odp", &sent, 60).await;
        let all = json!({"filter": {}, "dialect": "NATIVE", "limit": 40});
        let replays = [&first.admin, other, &first.admin, other].map(|client| replay(client, all.clone()));
        let answers = futures_util::future::join_all(replays).await;
        let last = replay(other, json!({"filter": {}, "dialect": "NATIVE"})).await;
        let replayed: i64 = answers.iter().chain([&last]).filter_map(|answer| answer["replayed"].as_i64()).sum();
        assert_eq!((replayed, count_of(&first.admin, "typed").await), (60, 60), "{answers:?}");
        let kept = list(other, json!({"states": ["REPLAYED"]})).await;
        assert_eq!(kept[0]["resolution"], "as stored, as native");
        if let Some(second) = second {
            second.stop().await;
        }
        first.stop().await;
    }
}

/// Sends records and checks how many of them could not be taken.
async fn send(client: &Client, path: &str, records: &[Value], bad: u64) {
    let answer = client.post(path, &json!(records)).await;
    let given = if path == "/v3/events" {
        let results = answer.json["results"].as_array().expect("results");
        results.iter().filter(|result| result["status"] == "QUARANTINED").count() as u64
    } else {
        answer.json["quarantined"].as_u64().expect("a number")
    };
    assert_eq!(given, bad, "{}", answer.text);
}

async fn list(client: &Client, filter: Value) -> Vec<Value> {
    let data = client.data(LIST, json!({ "filter": filter })).await;
    let nodes = data["quarantine"]["nodes"].as_array().expect("a list").clone();
    let total = data["quarantine"]["totalCount"].as_str().and_then(|text| text.parse::<usize>().ok());
    assert!(total == Some(nodes.len()) || nodes.len() == 50 && total > Some(50), "{} of {total:?}", nodes.len());
    nodes
}

async fn replay(client: &Client, input: Value) -> Value {
    client.data(REPLAY, json!({ "input": input })).await["quarantineReplay"].clone()
}

async fn discard(client: &Client, input: Value) -> Value {
    client.data(DISCARD, json!({ "input": input })).await["quarantineDiscard"].clone()
}

/// How many events of a type there are.
async fn count_of(client: &Client, event_type: &str) -> usize {
    let query = "query($type: String!) { events(filter: {type: $type}) { totalCount } }";
    let data = client.data(query, json!({ "type": event_type })).await;
    data["events"]["totalCount"].as_str().and_then(|text| text.parse().ok()).expect("a number")
}
