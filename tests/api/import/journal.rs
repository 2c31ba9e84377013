//! An import that is interrupted, by whatever, goes on where it stopped: every record is taken exactly once, those without
//! a key and a time too.

use std::process::{Command, Stdio};
use std::time::Duration;

use rand::Rng;
use serde_json::{Value, json};

use super::{assert_ended, counts_of, summary};
use crate::kit::client::gzip;
use crate::kit::program::Running;
use crate::kit::record::{keyed, lines};
use crate::kit::{Program, TestDatabase, both_databases, stored};

const IMPORT: [&str; 4] = ["import", "--output", "json", "in"];

/// A record that nothing tells from its repeat.
fn anonymous(number: usize) -> Value {
    let email = format!("p{}@example.com", number % 50);
    json!({"type": "email", "action": "open", "identifiers": {"email": email}, "data": {"campaign_id": 71}})
}

fn quiet(mut command: Command) -> Command {
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// One text that is three such records.
fn upload(number: usize) -> Value {
    let event = |name: &str| json!({"event": name, "properties": {"channel": "Email", "campaignId": "8812"}});
    let events = ["Message Sent", "Message Viewed", "Message Viewed"].map(event);
    json!({"id": format!("C-{}", number % 50), "events": events})
}

/// Makes the record at a position of the quarantine's file fail to be stored, as a full disk would.
fn break_at(database: &TestDatabase, position: u64) {
    database.execute(&if database.url().starts_with("sqlite:") {
        format!(
            "CREATE TRIGGER full BEFORE INSERT ON quarantine WHEN NEW.position = {position}
             BEGIN SELECT RAISE(ABORT, 'disk full'); END"
        )
    } else {
        format!("ALTER TABLE quarantine ADD CONSTRAINT full_disk CHECK (position <> {position})")
    });
}

fn mend(database: &TestDatabase) {
    let is_sqlite = database.url().starts_with("sqlite:");
    database.execute(if is_sqlite { "DROP TRIGGER full" } else { "ALTER TABLE quarantine DROP CONSTRAINT full_disk" });
}

/// Three files of 5,000 records; the second breaks in its second chunk.
fn write_breaking(program: &Program, database: &TestDatabase, record: impl Fn(usize) -> Value) -> String {
    assert_eq!(program.run(["migrate", "up"]).code, 0);
    break_at(database, 3_000);
    let text = |from: usize| lines(&(from..from + 5_000).map(&record).collect::<Vec<_>>());
    program.write("in/a", gzip(text(0).as_bytes()));
    let mut second: Vec<String> = text(5_000).lines().map(str::to_owned).collect();
    second.splice(3_000..=3_000, ["{\"type\": 5}".to_owned()]);
    let second = second.join("\n") + "\n";
    program.write("in/b", gzip(second.as_bytes()));
    program.write("in/c", gzip(text(10_000).as_bytes()));
    second
}

both_databases! {
    async fn what_is_killed_again_and_again_takes_every_record_once(database: TestDatabase) {
        let program = Program::over(database.url());
        let mut whole = 0;
        for file in 0..8 {
            let mut records: Vec<Value> = (0..1_500).map(anonymous).collect();
            records.extend((0..500).map(upload));
            whole += 1_500 + 500 * 3;
            program.write(&format!("in/{file}.gz"), gzip(lines(&records).as_bytes()));
        }
        assert_eq!(program.run(["migrate", "up"]).code, 0);
        // One commit holds 20,000 records and no more, so that the first one leaves something to interrupt.
        let (mut interrupted, mut committed) = (0, 0);
        while committed < whole / 4 {
            let mut import = Running::start(quiet(program.command(IMPORT)));
            while stored::events(&database).await == committed {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            tokio::time::sleep(Duration::from_millis(rand::rng().random_range(0..60))).await;
            import.kill();
            committed = stored::events(&database).await;
            interrupted += 1;
        }
        assert!(stored::journal_files(&database).await > 0, "it was done before it could be killed: {committed}");
        let last = program.run(IMPORT);
        assert!(last.stderr.contains(" files done before"), "{interrupted} kills, {committed} events: {}", last.stderr);
        assert_ended(&last, 0, [whole, whole, 0, 0]);
        let summary = summary(&last);
        assert_eq!(stored::events(&database).await, whole);
        assert_eq!(summary["kinds"], json!({"OPENED": 8 * 1_500 + 8 * 1_000, "SENT": 8 * 500}));
        assert_eq!(counts_of(&summary["dialects"]["activatepro"]), [12_000, 12_000, 0, 0]);
        let files: Vec<_> = summary["files"].as_array().expect("a list").iter().map(counts_of).collect();
        assert_eq!(files, [[3_000, 3_000, 0, 0]; 8]);
        assert_eq!(stored::journal_files(&database).await, 0);
    }

    async fn ctrl_c_ends_it_in_order(database: TestDatabase) {
        let program = Program::over(database.url());
        for file in 0..40 {
            program.write(&format!("in/{file:02}"), lines(&(0..1_000).map(anonymous).collect::<Vec<_>>()));
        }
        let mut command = program.command(IMPORT);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        assert_eq!(program.run(["migrate", "up"]).code, 0);
        let child = command.spawn().expect("the program starts");
        while stored::journal_files(&database).await == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
        assert!(sent.is_ok_and(|status| status.success()), "the signal is sent");
        let ended = child.wait_with_output().expect("it ends");
        let said = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert_eq!(ended.status.code(), Some(1), "{said}");
        assert!(said.contains("interrupted"), "{said}");
        let first: Value = serde_json::from_slice(&ended.stdout).expect("it tells what it did");
        assert_eq!(counts_of(&first)[1], stored::events(&database).await, "its totals are what is stored");
        assert_ended(&program.run(IMPORT), 0, [40_000, 40_000, 0, 0]);
        assert_eq!(stored::events(&database).await, 40_000);
    }

    async fn a_part_that_failed_is_never_passed_over(database: TestDatabase) {
        let program = Program::over(database.url());
        let second = write_breaking(&program, &database, anonymous);
        let failed = program.run(IMPORT);
        assert_eq!(failed.code, 1, "{}", failed.stderr);
        let committed = stored::events(&database).await;
        assert_eq!(counts_of(&summary(&failed))[1], committed);
        mend(&database);
        let resumed = program.run(IMPORT);
        assert_ended(&resumed, 3, [15_000, 14_999, 0, 1]);
        let begun = second.lines().take(2_000).map(|line| line.len() + 1).sum::<usize>() - 1;
        let expected = format!("files done before, going on in in/b at byte {begun}");
        assert!(resumed.stderr.contains(&expected), "{expected}: {}", resumed.stderr);
        assert_eq!(stored::events(&database).await, 14_999);
        let kept = stored::quarantined(&database).await;
        assert_eq!((kept.len(), kept[0].position, kept[0].source.as_str()), (1, 3_000, "in/b"));
    }

    async fn a_file_that_was_changed_is_read_from_its_beginning(database: TestDatabase) {
        let program = Program::over(database.url());
        let record = |number: usize| keyed(&format!("c-{number}"), "ada@example.com");
        let second = write_breaking(&program, &database, record);
        assert_eq!(program.run(IMPORT).code, 1);
        mend(&database);
        program.write("in/b", format!("{second}{}\n", record(99_999)));
        let resumed = program.run(IMPORT);
        assert!(resumed.stderr.contains("in/b was changed since"), "{}", resumed.stderr);
        assert_ended(&resumed, 3, [15_001, 13_000, 2_000, 1]);
    }

    async fn with_restart_everything_is_read_again(database: TestDatabase) {
        let program = Program::over(database.url());
        write_breaking(&program, &database, |number| keyed(&format!("r-{number}"), "ada@example.com"));
        let first = counts_of(&summary(&program.run(IMPORT)));
        mend(&database);
        let again = program.run(["import", "--restart", "--output", "json", "in"]);
        assert!(!again.stderr.contains("done before"), "{}", again.stderr);
        assert_ended(&again, 3, [15_000, 14_999 - first[1], first[1], 1]);
        assert_eq!(stored::journal_files(&database).await, 0);
    }

    async fn two_at_a_time_take_nothing_twice(database: TestDatabase) {
        let program = Program::over(database.url());
        assert_eq!(program.run(["migrate", "up"]).code, 0);
        for file in 0..9 {
            program.write(&format!("in/{file}"), lines(&(0..2_500).map(anonymous).collect::<Vec<_>>()));
        }
        let (one, other) = std::thread::scope(|scope| {
            let other = scope.spawn(|| program.run(IMPORT));
            (program.run(IMPORT), other.join().expect("it ends"))
        });
        let stored = stored::events(&database).await;
        if one.code == 0 && other.code == 0 {
            // One began when the other was through: the files were imported twice, as asked.
            assert_eq!(stored, 45_000, "{}{}", one.stderr, other.stderr);
            return;
        }
        let (won, lost) = if one.code == 0 { (one, other) } else { (other, one) };
        assert_ended(&won, 0, [22_500, 22_500, 0, 0]);
        assert_eq!((lost.code, stored), (1, 22_500), "{}", lost.stderr);
    }

    async fn one_whose_claim_is_gone_takes_nothing_more(database: TestDatabase) {
        let program = Program::over(database.url());
        write_breaking(&program, &database, anonymous);
        assert_eq!(program.run(IMPORT).code, 1);
        mend(&database);
        let before = stored::events(&database).await;
        // As if another claimed the run right after this one, every time.
        let is_sqlite = database.url().starts_with("sqlite:");
        database.execute(if is_sqlite {
            "CREATE TRIGGER other AFTER UPDATE ON import_journal WHEN NEW.path = ''
             BEGIN UPDATE import_journal SET texts = 1 WHERE path = ''; END"
        } else {
            "CREATE FUNCTION other() RETURNS trigger LANGUAGE plpgsql AS
             'BEGIN IF NEW.path = '''' THEN NEW.texts := 1; END IF; RETURN NEW; END';
             CREATE TRIGGER other BEFORE UPDATE ON import_journal FOR EACH ROW EXECUTE FUNCTION other()"
        });
        let ended = program.run(IMPORT);
        assert_eq!(ended.code, 1, "{}", ended.stderr);
        assert!(ended.stderr.contains("another import of the same files was started"), "{}", ended.stderr);
        assert_eq!(stored::events(&database).await, before);
        database.execute(if is_sqlite { "DROP TRIGGER other" } else { "DROP TRIGGER other ON import_journal" });
        assert_ended(&program.run(IMPORT), 3, [15_000, 14_999, 0, 1]);
    }

    async fn ctrl_c_ends_it_while_it_waits_for_its_input(database: TestDatabase) {
        let program = Program::over(database.url());
        let mut command = program.command(["import", "--output", "json", "-"]);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        let input = child.stdin.take();
        // Long enough to be reading; the signal would end a program that does not expect it with another code.
        tokio::time::sleep(Duration::from_secs(2)).await;
        let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
        assert!(sent.is_ok_and(|status| status.success()), "the signal is sent");
        let ended = child.wait_with_output().expect("it ends");
        assert_eq!(ended.status.code(), Some(1), "{}", String::from_utf8_lossy(&ended.stderr));
        drop(input);
    }

    async fn another_command_has_a_journal_of_its_own(database: TestDatabase) {
        let program = Program::over(database.url());
        write_breaking(&program, &database, |number| keyed(&format!("o-{number}"), "ada@example.com"));
        let first = counts_of(&summary(&program.run(IMPORT)));
        mend(&database);
        let other = program.run(["import", "--format", "odp", "--output", "json", "in"]);
        assert!(!other.stderr.contains("done before"), "{}", other.stderr);
        assert_ended(&other, 3, [15_000, 14_999 - first[1], first[1], 1]);
        assert!(program.run(IMPORT).stderr.contains("done before"), "the first one still knows where it stopped");
    }
}
