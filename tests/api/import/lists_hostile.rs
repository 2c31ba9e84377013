//! Lists as nobody should send them: bad rows spoil themselves alone, are kept so that they read the same again, and a list
//! that is interrupted goes on where it stopped.

use serde_json::{Value, json};

use super::{assert_ended, summary};
use crate::kit::client::gzip;
use crate::kit::{Program, TestDatabase, both_databases, stored};

const SUPPRESSIONS: [&str; 6] = ["import", "--format", "suppressions", "--output", "json", "in"];

fn reasons(ended: &crate::kit::program::Ended) -> Value {
    summary(ended)["reasons"].clone()
}

/// The only record of the quarantine that is open.
fn only_open(program: &Program) -> Value {
    let listed = program.run(["quarantine", "list", "--output", "json"]);
    let records: Value = serde_json::from_str(&listed.stdout).expect("JSON");
    assert_eq!(records.as_array().map(Vec::len), Some(1), "{records}");
    records[0].clone()
}

/// Makes the record at a position of the quarantine's file fail to be stored, as a full disk would.
fn break_at(database: &TestDatabase, position: u64) {
    database.execute(&if database.url().starts_with("sqlite:") {
        format!("CREATE TRIGGER full BEFORE INSERT ON quarantine WHEN NEW.position = {position} BEGIN SELECT RAISE(ABORT, 'disk full'); END")
    } else {
        format!("ALTER TABLE quarantine ADD CONSTRAINT full_disk CHECK (position <> {position})")
    });
}

fn mend(database: &TestDatabase) {
    let is_sqlite = database.url().starts_with("sqlite:");
    database.execute(if is_sqlite { "DROP TRIGGER full" } else { "ALTER TABLE quarantine DROP CONSTRAINT full_disk" });
}

both_databases! {
    async fn bad_rows_spoil_themselves_alone_and_can_be_mended(database: TestDatabase) {
        let program = Program::over(database.url());
        let head = "EMailAdresse,reason,time\n";
        program.write("in/list.csv", format!("{head}a@x.co,bounce,2026-01-01\nb@x.co,bounce,some day\nc@x.co,bounce,2026-01-01\n"));
        let import = ["import", "--format", "suppressions", "--column", "email=EMailAdresse", "--output", "json", "in"];
        assert_ended(&program.run(import), 3, [3, 2, 0, 1]);
        assert_ended(&program.run(import), 3, [3, 0, 2, 1]);
        let kept = stored::quarantined(&database).await;
        assert_eq!((kept.len(), kept[0].code.as_str(), kept[0].path.as_str()), (1, "INVALID_TIME", "time"));
        assert_eq!((kept[0].position, kept[0].byte_offset as usize), (1, format!("{head}a@x.co,bounce,2026-01-01\n").len()));
        let raw: Value = serde_json::from_slice(&kept[0].raw).expect("the row by its columns");
        assert_eq!(raw, json!({"email": "b@x.co", "reason": "bounce", "time": "some day"}), "it says by itself what is what");
        let id = only_open(&program)["id"].as_str().expect("an id").to_owned();
        assert_eq!(program.run(["quarantine", "replay", &id]).code, 3);
        program.write("mended.json", json!({"email": "b@x.co", "reason": "bounce", "time": "2026-01-02"}).to_string());
        assert_eq!(program.run(["quarantine", "replay", &id, "--record", "mended.json"]).code, 0);
        assert_eq!(stored::events(&database).await, 3);
    }

    async fn rows_that_are_no_rows_are_kept_with_their_heading(database: TestDatabase) {
        let program = Program::over(database.url());
        program.write("in/list.csv", "mail;status\na@x.co;yes;more\nb@x.co\n\"c@x.co;yes\nd@x.co;\"yes\"\ne@x.co;yes\n");
        let import = ["import", "--format", "list_members", "--list", "news", "--output", "json", "in"];
        let ended = program.run(import);
        assert_ended(&ended, 3, [5, 2, 0, 3]);
        assert_eq!(reasons(&ended), json!({"NOT_CSV": 3}));
        let kept = stored::quarantined(&database).await;
        let raws: Vec<_> = kept.iter().map(|row| String::from_utf8_lossy(&row.raw).into_owned()).collect();
        let head = "mail;status;default_list\n";
        let expected = ["a@x.co;yes;more;news", "b@x.co;news", "\"c@x.co;yes;news"].map(|row| format!("{head}{row}"));
        assert_eq!(raws, expected);
        assert!(kept[0].message.contains("line 2") && kept[2].message.contains("line 4"), "{kept:?}");
        let replayed = program.run(["quarantine", "replay", "--all", "--code", "NOT_CSV", "--output", "json"]);
        let told: Value = serde_json::from_str(&replayed.stdout).expect("JSON");
        assert_eq!((replayed.code, &told["refused"]), (3, &json!(3)), "read again they are no rows again: {told}");
        let listed = program.run(["quarantine", "list", "--output", "json"]);
        let listed: Value = serde_json::from_str(&listed.stdout).expect("JSON");
        for row in listed.as_array().expect("a list") {
            let id = row["id"].as_str().expect("an id");
            let raw = program.run(["quarantine", "show", id, "--raw"]).stdout;
            let mended = raw.replace(";more", "").replace("b@x.co;", "b@x.co;yes;").replace('"', "");
            let replay = ["quarantine", "replay", id, "--record", "-"];
            assert_eq!(program.run_with_input(replay, mended.as_bytes()).code, 0, "{mended}");
        }
        assert_eq!(stored::events(&database).await, 5);
        assert_ended(&program.run(import), 3, [5, 0, 2, 3]);
    }

    async fn a_list_without_a_known_column_is_one_record_until_its_columns_are_said(database: TestDatabase) {
        let program = Program::over(database.url());
        let rows: String = (0..3_000).map(|n| format!("p{n}@x.co;unsubscribe\n")).collect();
        program.write("in", format!("An wen;Warum\n{rows}"));
        let ended = program.run(SUPPRESSIONS);
        assert_ended(&ended, 3, [1, 0, 0, 1]);
        assert_eq!(reasons(&ended), json!({"UNKNOWN_FORMAT": 1}));
        let mut import = SUPPRESSIONS.to_vec();
        import.extend(["--column", "email=an wen", "--column", "reason=Warum", "--at", "2026-01-01"]);
        assert_ended(&program.run(import), 0, [3_000, 3_000, 0, 0]);
    }

    async fn every_encoding_and_heading_alone(database: TestDatabase) {
        let program = Program::over(database.url());
        let text = |name: &str| format!("email\treason\tnote\n{name}-é@x.co\tbounce\t\"two\nlines\"\n{name}@x.co\tbounce\t\n");
        let utf16 = |text: &str| format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
        program.write("in/a.tsv", utf16(&text("a")));
        program.write("in/b.tsv.gz", gzip(format!("\u{feff}{}", text("b").replace('\n', "\r\n")).as_bytes()));
        program.write("in/c.gz", [gzip(text("c").as_bytes()), gzip(text("d").as_bytes())].concat());
        program.write("in/e.csv", "email,reason\n");
        program.write("in/f.csv", "");
        let latin: Vec<u8> = text("g").chars().map(|character| character as u32 as u8).collect();
        program.write("in/g.tsv", latin);
        let ended = program.run(["import", "--output", "json", "in"]);
        assert_ended(&ended, 3, [10, 9, 0, 1]);
        assert_eq!(reasons(&ended), json!({"INVALID_TEXT": 1}));
        let kept = stored::quarantined(&database).await;
        assert_eq!(kept[0].path, "email");
        assert!(kept[0].raw.starts_with(b"email\treason\tnote\ng-\xe9@x.co\t"), "the bytes as they came: {kept:?}");
        let archive = gzip(text("h").repeat(2_000).as_bytes());
        program.write("cut/h.gz", &archive[..archive.len() - 40]);
        let ended = program.run(["import", "--format", "suppressions", "--output", "json", "cut"]);
        assert_eq!(ended.code, 3, "what is whole is taken, the rest is one record: {}", ended.stderr);
        assert_eq!(reasons(&ended), json!({"NOT_CSV": 1}), "{}", ended.stdout);
    }

    async fn columns_that_stand_twice_may_not_contradict_each_other(database: TestDatabase) {
        let program = Program::over(database.url());
        program.write("in", "email,Email,email,reason,tag,tag\na@x.co,A@x.co,,bounce,1,2\nb@x.co,b@x.co,b@x.co,bounce,1,2\nc@x.co,,d@x.co,bounce,1,2\n");
        let ended = program.run(SUPPRESSIONS);
        assert_ended(&ended, 3, [3, 1, 0, 2]);
        assert_eq!(reasons(&ended), json!({"DUPLICATE_KEY": 2}));
        assert!(ended.stderr.contains("tag, tag (2)"), "{}", ended.stderr);
    }

    async fn a_huge_row_is_passed_over(database: TestDatabase) {
        let program = Program::over(database.url());
        let huge = "0123456789abcdef".repeat(1_114_112);
        program.write("in", format!("email,reason\na@x.co,bounce\nb@x.co,{huge}\n\"c@x.co,bounce\nd@x.co,bounce\n"));
        let ended = program.run(SUPPRESSIONS);
        assert_ended(&ended, 3, [4, 2, 0, 2]);
        assert_eq!(reasons(&ended), json!({"NOT_CSV": 1, "TOO_LARGE": 1}));
        let kept = stored::quarantined(&database).await;
        let long = kept.iter().find(|row| row.code == "TOO_LARGE").expect("the long one");
        assert_eq!((long.raw.len(), long.raw_len as usize), (65_536, huge.len() + "b@x.co,".len()));
        assert!(long.whole_hash.is_some());
        assert_eq!(reasons(&program.run(SUPPRESSIONS)), json!({"NOT_CSV": 1, "TOO_LARGE": 1}));
        assert_eq!(stored::quarantined(&database).await.len(), 2, "a repeat adds nothing");
    }

    async fn a_list_that_is_interrupted_goes_on_behind_its_last_row(database: TestDatabase) {
        let program = Program::over(database.url());
        assert_eq!(program.run(["migrate", "up"]).code, 0);
        break_at(&database, 3_000);
        let row = |n: u32| if n == 3_000 { "nobody,bounce\n".to_owned() } else { format!("p{n}@x.co,\"bounce\"\n") };
        let text: String = (0..5_000).map(row).collect();
        program.write("in/list.csv", gzip(format!("email,reason\n{text}").as_bytes()));
        let failed = program.run(SUPPRESSIONS);
        assert_eq!(failed.code, 1, "{}", failed.stderr);
        assert_eq!(stored::events(&database).await, 2_000, "one chunk");
        mend(&database);
        let ended = program.run(SUPPRESSIONS);
        assert!(ended.stderr.contains("going on in in/list.csv at byte"), "{}", ended.stderr);
        assert_ended(&ended, 3, [5_000, 4_999, 0, 1]);
        assert_eq!(stored::quarantined(&database).await[0].position, 3_000);
        assert_eq!((stored::events(&database).await, stored::journal_files(&database).await), (4_999, 0));
    }
}
