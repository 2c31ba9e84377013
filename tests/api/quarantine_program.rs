//! `campaignql quarantine`: list, counts, show, replay and discard on the database itself.

use serde_json::{Value, json};

use crate::kit::program::Ended;
use crate::kit::record::{keyed, lines};
use crate::kit::{Program, TestServer, both_databases};

both_databases! {
    async fn a_record_is_shown_corrected_in_a_file_and_replayed(database: TestDatabase) {
        let program = Program::over(database.url());
        import(&program, &[r#"{"type": "visit", "identifiers": {"email": "ada@example.com"}, "data": {"ts": "soon"}}"#]);
        let listed = json_of(&program.run(["quarantine", "list", "--output", "json"]), 0);
        let id = listed[0]["id"].as_str().expect("an id").to_owned();
        assert_eq!((&listed[0]["code"], &listed[0]["path"], &listed[0]["state"]), (&json!("INVALID_TIME"), &json!("data.ts"), &json!("open")));

        let text = program.run(["quarantine", "list"]);
        assert!(text.stdout.starts_with("ID ") && text.stdout.contains(&id) && text.stdout.contains("#0"), "{}", text.stdout);
        let shown = program.run(["quarantine", "show", &id]);
        assert!(shown.stdout.contains("INVALID_TIME") && shown.stdout.contains("\"soon\""), "{}", shown.stdout);
        let raw = program.run(["quarantine", "show", &id, "--raw"]).stdout;
        assert!(raw.starts_with('{') && raw.ends_with('}'), "the bytes and nothing else: {raw}");

        let stays = program.run(["quarantine", "replay", &id, "--output", "json"]);
        assert_eq!((&json_of(&stays, 3)["refused"], stays.stderr.contains("INVALID_TIME")), (&json!(1), true), "{}", stays.stderr);
        program.write("corrected.json", raw.replace("soon", "2026-03-02T08:00:00Z"));
        let global = listed[0]["globalId"].as_str().expect("an id").to_owned();
        let replay = ["quarantine", "replay", &global, "--record", "corrected.json", "--output", "json"];
        let taken = json_of(&program.run(replay), 0);
        assert_eq!((&taken["replayed"], &taken["events"]), (&json!(1), &json!(1)), "{taken}");
        let again = json_of(&program.run_with_input(["quarantine", "replay", &id, "--record", "-", "--output", "json"], b"{}"), 3);
        assert_eq!(again["refused"], 1, "a text is read before anything is claimed: {again}");
        let again = json_of(&program.run(replay), 0);
        assert_eq!((&again["replayed"], &again["alreadyReplayed"]), (&json!(0), &json!(1)), "{again}");
        let done = json_of(&program.run(["quarantine", "list", "--state", "replayed", "--output", "json"]), 0);
        assert_eq!((done.as_array().map(Vec::len), &done[0]["resolution"]), (Some(1), &json!("corrected")), "{done}");
    }

    async fn all_are_replayed_by_what_is_given_and_what_stays_is_told(database: TestDatabase) {
        let program = Program::over(database.url());
        // Typed events without key or time, read as ODP's.
        let typed: Vec<String> = (0..2_500).map(|n| json!({"type": "typed", "run": n.to_string(), "identifiers": [{"type": "email", "value": "ada@example.com"}]}).to_string()).collect();
        let broken = ["{\"type\": 5}", "{ broken"];
        let all: Vec<&str> = typed.iter().map(String::as_str).chain(broken).collect();
        import(&program, &all);
        let counts = json_of(&program.run(["quarantine", "counts", "--top", "1", "--output", "json"]), 0);
        assert_eq!((&counts["groups"][0]["records"], &counts["otherRecords"], &counts["otherGroups"]), (&json!(2_500), &json!(2), &json!(2)));
        let path = ["quarantine", "replay", "--all", "--path", "identifiers", "--read-as", "native", "--output", "json"];
        let taken = json_of(&program.run(path), 0);
        assert_eq!((&taken["replayed"], &taken["events"]), (&json!(2_500), &json!(2_500)), "{taken}");
        assert_eq!(json_of(&program.run(path), 0)["replayed"], 0, "nothing is left to try");
        let rest = program.run(["quarantine", "replay", "--all", "--source", "in", "--output", "json"]);
        assert_eq!((&json_of(&rest, 3)["refused"], rest.stderr.matches(" stays: ").count()), (&json!(2), 2), "{}", rest.stderr);
        let app = TestServer::start(database).await;
        let events = app.admin.data("{ events(filter: {type: \"typed\"}) { totalCount } }", json!({})).await;
        assert_eq!(events["events"]["totalCount"], "2500");
        app.stop().await;
    }

    async fn what_is_discarded_has_a_reason(database: TestDatabase) {
        let program = Program::over(database.url());
        import(&program, &["{\"type\": \"a\"}", "{\"type\": \"b\"}", "{\"type\": 5}", "{ broken"]);
        let wrong = json_of(&program.run(["quarantine", "list", "--code", "WRONG_TYPE", "--output", "json"]), 0);
        let id = wrong[0]["id"].as_str().expect("an id").to_owned();
        assert_eq!(program.run(["quarantine", "discard", &id]).code, 2, "a reason is required");
        let one = json_of(&program.run(["quarantine", "discard", &id, "--reason", "a test", "--output", "json"]), 0);
        assert_eq!(one["discarded"], 1);
        let all = ["quarantine", "discard", "--all", "--path", "ident*", "--reason", "nobody", "--output", "json"];
        assert_eq!(json_of(&program.run(all), 0)["discarded"], 2);
        let left = json_of(&program.run(["quarantine", "list", "--output", "json"]), 0);
        assert_eq!((left.as_array().map(Vec::len), &left[0]["code"]), (Some(1), &json!("NOT_JSON")), "{left}");
        let shown = json_of(&program.run(["quarantine", "show", &id, "--output", "json"]), 0);
        assert_eq!((&shown["state"], &shown["resolution"], &shown["raw"]), (&json!("discarded"), &json!("a test"), &json!("{\"type\": 5}")));
        let everything = json_of(&program.run(["quarantine", "list", "--state", "all", "--output", "json"]), 0);
        assert_eq!(everything.as_array().map(Vec::len), Some(4));
    }

    async fn an_id_that_names_nothing_ends_it_with_1_and_wrong_usage_with_2(database: TestDatabase) {
        let program = Program::over(database.url());
        let unknown = "00000000000000000000000000000000";
        for action in [&["show", unknown][..], &["replay", unknown], &["discard", unknown, "--reason", "x"]] {
            let ended = program.run(["quarantine"].into_iter().chain(action.iter().copied()));
            assert_eq!((ended.code, ended.stderr.contains(unknown)), (1, true), "{action:?}: {}", ended.stderr);
        }
        let wrong = [&["replay"][..], &["replay", "--all", "--record", "x"], &["replay", unknown, "--code", "NOT_JSON"],
            &["show", "17"], &["list", "--code", "NO_SUCH"], &["discard", "--reason", "x"]];
        for action in wrong {
            let ended = program.run(["quarantine"].into_iter().chain(action.iter().copied()));
            assert_eq!(ended.code, 2, "{action:?}: {}", ended.stderr);
        }
    }
}

/// Imports lines as ODP's, none of them good, beside one that is.
fn import(program: &Program, bad: &[&str]) {
    program.write("in.ndjson", format!("{}\n{}", bad.join("\n"), lines(&[keyed("good", "ada@example.com")])));
    let ended = program.run(["import", "--format", "odp", "--output", "json", "in.ndjson"]);
    assert_eq!(json_of(&ended, 3)["quarantined"], bad.len(), "{}", ended.stderr);
}

fn json_of(ended: &Ended, code: i32) -> Value {
    assert_eq!(ended.code, code, "{}\n{}", ended.stdout, ended.stderr);
    serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}: {}", ended.stdout))
}
