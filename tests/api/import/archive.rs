//! Years of archives: folders as delivery streams write them, and totals by file, form, kind and reason.

use serde_json::{Value, json};

use super::{assert_ended, counts_of, summary};
use crate::kit::client::gzip;
use crate::kit::record::{RUN_S, keyed, lines, pinpoint};
use crate::kit::{Program, both_databases, stored};

const FILES: u64 = 360;

/// `in/2026/MM/DD/HH/events-1-…`: three records a file, every second one gzip without saying so.
fn write_archive(program: &Program) {
    for number in 0..FILES {
        let (month, day, hour) = (number / 120 + 1, number / 24 % 28 + 1, number % 24);
        let records: Vec<Value> = (0..3).map(|n| keyed(&format!("a-{number}-{n}"), "ada@example.com")).collect();
        let text = lines(&records);
        let name =
            format!("in/2026/{month:02}/{day:02}/{hour:02}/events-1-2026-{month:02}-{day:02}-{hour:02}-{number:08x}");
        program.write(&name, if number % 2 == 0 { gzip(text.as_bytes()) } else { text.into_bytes() });
    }
}

fn paths(summary: &Value) -> Vec<&str> {
    let files = summary["files"].as_array().expect("a list of files");
    files.iter().map(|file| file["path"].as_str().expect("a path")).collect()
}

both_databases! {
    async fn folders_of_hours_are_read_in_order_and_counted_by_file(database: TestDatabase) {
        let program = Program::over(database.url());
        write_archive(&program);
        let import = ["import", "--output", "json", "in"];
        let ended = program.run(import);
        assert_ended(&ended, 0, [FILES * 3, FILES * 3, 0, 0]);
        let summary = summary(&ended);
        let paths = paths(&summary);
        assert_eq!(paths.len() as u64, FILES);
        assert!(paths.is_sorted(), "{paths:?}");
        assert!(summary["files"].as_array().expect("a list").iter().all(|file| counts_of(file) == [3, 3, 0, 0]));
        assert_eq!(stored::journal_files(&database).await, 0, "it is complete");
        assert_ended(&program.run(import), 0, [FILES * 3, 0, FILES * 3, 0]);
    }

    async fn totals_are_told_by_form_kind_and_reason(database: TestDatabase) {
        let program = Program::over(database.url());
        let push = json!({"campaign_id": "c", "treatment_id": "0", "delivery_type": "GCM", "campaign_send_status": "SUCCESS"});
        let push = pinpoint("_campaign.send", "e1", RUN_S, push);
        let records = [keyed("t-1", "ada@example.com"), keyed("t-1", "ada@example.com"), push, json!({"what": "else"})];
        program.write("in/a.ndjson", lines(&records));
        program.write("in/b.ndjson", format!("{}{{ broken\n", lines(&[json!({"type": "email", "identifiers": {}})])));
        let ended = program.run(["import", "--output", "json", "in"]);
        assert_ended(&ended, 3, [6, 2, 1, 3]);
        let given = summary(&ended);
        assert_eq!(given["events"], 3);
        assert_eq!(given["kinds"], json!({"OPENED": 1, "SENT": 1, "TARGETED": 1}));
        assert_eq!(given["reasons"], json!({"MISSING_IDENTIFIER": 1, "NOT_JSON": 1, "UNKNOWN_FORMAT": 1}));
        let of = |form: &str| counts_of(&given["dialects"][form]);
        assert_eq!([of("odp"), of("pinpoint"), of("auto")], [[3, 1, 1, 1], [1, 1, 0, 0], [2, 0, 0, 2]]);
        assert_eq!([&given["files"][0], &given["files"][1]].map(counts_of), [[4, 2, 1, 1], [2, 0, 0, 2]]);
        assert_eq!(given["files"][1]["reasons"], json!({"MISSING_IDENTIFIER": 1, "NOT_JSON": 1}));
        let text = program.run(["import", "in"]).stdout;
        for line in ["quarantined            3", "in/b.ndjson           2           0           0           2"] {
            assert!(text.contains(line), "{line:?} is not in\n{text}");
        }
    }

    async fn of_many_files_those_with_bad_records_are_listed(database: TestDatabase) {
        let program = Program::over(database.url());
        write_archive(&program);
        program.write("in/2026/02/01/00/bad", "{ broken\n");
        let ended = program.run(["import", "in"]);
        assert_eq!(ended.code, 3, "{}", ended.stderr);
        let listed: Vec<&str> = ended.stdout.lines().filter(|line| line.starts_with("in/")).collect();
        assert!(listed.len() == 1 && listed[0].starts_with("in/2026/02/01/00/bad "), "{}", ended.stdout);
        assert!(ended.stdout.contains(&format!("and {FILES} more files")), "{}", ended.stdout);
    }

    async fn an_unreadable_file_is_named_and_holds_up_no_other(database: TestDatabase) {
        let program = Program::over(database.url());
        for number in 0..6 {
            program.write(&format!("in/{number}.json"), keyed(&format!("u-{number}"), "ada@example.com").to_string());
        }
        let link = program.directory().join("in/3-linked");
        std::os::unix::fs::symlink("nowhere", &link).expect("a link can be made");
        let import = ["import", "--output", "json", "in"];
        let ended = program.run(import);
        assert_ended(&ended, 1, [6, 6, 0, 0]);
        assert!(ended.stderr.contains("skipped: in/3-linked cannot be read"), "{}", ended.stderr);
        std::fs::remove_file(&link).expect("it is there");
        program.write("in/3-linked", keyed("u-9", "ada@example.com").to_string());
        let ended = program.run(import);
        assert_ended(&ended, 0, [7, 7, 0, 0]);
        assert!(ended.stderr.contains("6 of 7 files done before"), "{}", ended.stderr);
        assert_eq!(stored::journal_files(&database).await, 0);
    }

    async fn a_file_that_is_named_twice_is_read_once(database: TestDatabase) {
        let program = Program::over(database.url());
        program.write("in/a.json", keyed("d-1", "ada@example.com").to_string());
        let ended = program.run(["import", "--output", "json", "in", "in/a.json", "./in"]);
        assert_ended(&ended, 0, [1, 1, 0, 0]);
    }
}
