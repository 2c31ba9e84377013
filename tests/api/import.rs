//! `campaignql import`: files, folders and standard input, and how it ends.

mod archive;
mod hostile;
mod journal;
mod lists;
mod lists_hostile;
mod memory;

use serde_json::{Value, json};

use crate::kit::client::gzip;
use crate::kit::program::Ended;
use crate::kit::record::{RUN_S, keyed, lines, mail, pinpoint};
use crate::kit::{Program, both_databases};

both_databases! {
    async fn folders_are_read_whole_and_a_second_run_adds_nothing(database: TestDatabase) {
        let program = Program::over(database.url());
        let records: Vec<Value> = (0..6).map(|n| keyed(&format!("f-{n}"), "ada@example.com")).collect();
        program.write("in/a.ndjson", lines(&records[..2]));
        program.write("in/deeper/b.json", json!(records[2..4]).to_string());
        program.write("in/c.json.gz", gzip(lines(&records[4..]).as_bytes()));
        let import = ["import", "--format", "odp", "--output", "json", "in"];
        assert_ended(&program.run(import), 0, [6, 6, 0, 0]);
        assert_ended(&program.run(import), 0, [6, 0, 6, 0]);
    }

    async fn standard_input_is_read_and_may_be_gzip(database: TestDatabase) {
        let program = Program::over(database.url());
        let text = lines(&[mail("sent", "ada@example.com", 0), mail("open", "ada@example.com", 5)]);
        let import = ["import", "--format", "odp", "--output", "json", "-"];
        assert_ended(&program.run_with_input(import, text.as_bytes()), 0, [2, 2, 0, 0]);
        assert_ended(&program.run_with_input(import, &gzip(text.as_bytes())), 0, [2, 0, 2, 0]);
    }

    async fn the_vendor_is_told_record_by_record(database: TestDatabase) {
        let program = Program::over(database.url());
        let sent = json!({"campaign_id": "c", "treatment_id": "0", "delivery_type": "GCM", "campaign_send_status": "SUCCESS"});
        program.write("in/pinpoint.json", pinpoint("_campaign.send", "e1", RUN_S, sent).to_string());
        program.write("in/odp.json", mail("sent", "ada@example.com", 0).to_string());
        let feed = json!([{"id": "A1", "event": "Message Sent", "timestamp": "2026-03-02T08:00:00Z"}]);
        program.write("in/activatepro.json", feed.to_string());
        assert_ended(&program.run(["import", "--output", "json", "in"]), 0, [3, 3, 0, 0]);
    }

    async fn a_bad_record_ends_it_with_3_and_the_rest_is_stored(database: TestDatabase) {
        let program = Program::over(database.url());
        program.write("in.ndjson", format!("{}\n{{\"type\": 5}}\n{{ broken\n", keyed("b-1", "ada@example.com")));
        let import = ["import", "--format", "odp", "--output", "json", "in.ndjson"];
        assert_ended(&program.run(import), 3, [3, 1, 0, 2]);
        assert_ended(&program.run(import), 3, [3, 0, 1, 2]);
    }

    async fn a_file_that_is_not_there_ends_it_with_1_and_is_named(database: TestDatabase) {
        let ended = Program::over(database.url()).run(["import", "--format", "odp", "nowhere.ndjson"]);
        assert_eq!(ended.code, 1, "{}", ended.stderr);
        assert!(ended.stderr.contains("nowhere.ndjson"), "{}", ended.stderr);
    }

    async fn more_records_than_memory_would_hold_at_once_are_streamed(database: TestDatabase) {
        let program = Program::over(database.url());
        let records: Vec<Value> = (0..12_000).map(|n| mail("sent", &format!("p{n}@example.com"), n)).collect();
        program.write("many.ndjson.gz", gzip(lines(&records).as_bytes()));
        let ended = program.run(["import", "--output", "json", "many.ndjson.gz"]);
        assert_ended(&ended, 0, [12_000, 12_000, 0, 0]);
    }
}

#[test]
fn wrong_usage_ends_it_with_2() {
    for arguments in [&["import"][..], &["import", "--format", "pigeon", "x"], &["import", "--no-such-flag", "x"]] {
        let ended = Program::by_itself().run(arguments.iter().copied());
        assert_eq!(ended.code, 2, "{arguments:?}: {}", ended.stderr);
    }
}

/// Read, accepted, duplicates, quarantined.
fn assert_ended(ended: &Ended, code: i32, counts: [u64; 4]) {
    assert_eq!(ended.code, code, "{}\n{}", ended.stdout, ended.stderr);
    let summary = summary(ended);
    assert_eq!(counts_of(&summary), counts, "{summary}\n{}", ended.stderr);
}

/// What it printed with `--output json`.
fn summary(ended: &Ended) -> Value {
    serde_json::from_str(&ended.stdout).unwrap_or_else(|_| panic!("no JSON: {}\n{}", ended.stdout, ended.stderr))
}

fn counts_of(summary: &Value) -> [u64; 4] {
    ["read", "accepted", "duplicates", "quarantined"].map(|name| summary[name].as_u64().unwrap_or(99))
}
