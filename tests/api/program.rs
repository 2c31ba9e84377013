//! The program as it is run: its commands, what it says about a database that it cannot use, and how it ends.

use std::collections::BTreeSet;
use std::io::BufReader;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::kit::program::{Ended, Running, read_until};
use crate::kit::{Client, Program, TestDatabase};

#[test]
fn the_schema_is_printed_as_it_is_kept() {
    let ended = Program::by_itself().run(["schema"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let kept = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/schema.graphql")).unwrap_or_default();
    assert!(ended.stdout == kept, "schema.graphql is not current: run `cargo xtask schema` and look at the difference");
    assert_eq!(campaignql::graphql::sdl().trim_end(), kept.trim_end());
}

#[test]
fn every_setting_is_printed_with_its_unit_default_and_source() {
    let program = Program::by_itself();
    program.write("campaignql.toml", "queue_capacity = 7\n");
    let ended = program.run(["config", "--output", "json", "--max-body-bytes", "2048"]);
    let settings: Value = serde_json::from_str(&ended.stdout).expect("JSON");
    let settings = settings.as_array().expect("a list");
    assert!(settings.iter().all(|setting| setting["unit"].is_string() && setting["default"].is_string()));
    let find = |name: &str| settings.iter().find(|setting| setting["name"] == name).expect("it is printed");
    assert_eq!(find("queue_capacity")["value"], "7");
    assert!(find("queue_capacity")["source"].to_string().contains("campaignql.toml"));
    assert_eq!(find("max_body_bytes")["value"], "2048");
    assert!(find("max_body_bytes")["source"].to_string().contains("--max-body-bytes"));
    assert_eq!(find("listen")["source"], "default");
}

#[test]
fn an_unknown_setting_is_an_error_that_names_it() {
    let program = Program::by_itself();
    program.write("campaignql.toml", "queue_capacitie = 7\n");
    assert_failed(&program.run(["config"]), &["queue_capacitie", "campaignql.toml"]);
}

#[test]
fn a_key_is_made_listed_without_its_secret_and_revoked() {
    let program = Program::by_itself();
    let made = program.run(["key", "create", "--scope", "ingest", "--name", "sensor"]);
    assert_eq!(made.code, 0, "{}", made.stderr);
    let key = made.stdout.trim();
    assert!(key.starts_with("cql_") && key.len() > 40, "{key}");
    let listed = program.run(["key", "list", "--output", "json"]);
    assert!(listed.stdout.contains("sensor") && !listed.stdout.contains(key), "{}", listed.stdout);
    let keys: Value = serde_json::from_str(&listed.stdout).expect("JSON");
    let id = keys[0]["id"].as_str().expect("an id");
    assert_eq!(program.run(["key", "revoke", id]).code, 0);
    let keys: Value = serde_json::from_str(&program.run(["key", "list", "--output", "json"]).stdout).expect("JSON");
    assert!(keys[0]["revokedAt"].is_string(), "{keys}");
}

#[test]
fn migrations_go_up_and_down_and_tell_where_they_are() {
    let program = Program::by_itself();
    let up = program.run(["migrate", "up"]);
    assert_eq!(up.code, 0, "{}", up.stderr);
    assert!(!program.run(["migrate", "status"]).stdout.contains("pending"));
    assert_eq!(program.run(["migrate", "down"]).code, 0);
    assert!(program.run(["migrate", "status"]).stdout.contains("pending"));
}

#[test]
fn a_database_in_a_folder_that_is_not_there_is_an_error() {
    let program = Program::over("sqlite://no/such/folder/x.db?mode=rwc");
    for command in ["serve", "migrate"] {
        let arguments: &[&str] =
            if command == "serve" { &["serve", "--listen", "127.0.0.1:0"] } else { &["migrate", "up"] };
        assert_failed(&program.run(arguments.iter().copied()), &["database_url"]);
    }
}

#[test]
fn a_database_file_that_is_no_database_is_an_error() {
    let program = Program::over("sqlite://x.db?mode=rwc");
    program.write("x.db", "this is a text, and long enough not to be taken for an empty file".repeat(20));
    assert_failed(&program.run(["migrate", "up"]), &["database_url"]);
}

#[test]
fn a_read_only_database_is_an_error() {
    let program = Program::over("sqlite://x.db?mode=rwc");
    assert_eq!(program.run(["migrate", "up"]).code, 0);
    let read_only = Program::over(&format!("sqlite://{}?mode=ro", program.directory().join("x.db").display()));
    read_only.write("in.ndjson", crate::kit::record::mail("open", "ada@example.com", 1).to_string());
    assert_failed(&read_only.run(["import", "--format", "odp", "in.ndjson"]), &["database_url"]);
}

#[test]
fn a_server_that_does_not_listen_is_an_error() {
    let taken = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let port = taken.local_addr().expect("it is bound").port();
    drop(taken);
    let program = Program::over(&format!("postgres://nobody:secret-word@127.0.0.1:{port}/none"));
    let ended = program.run(["migrate", "up"]);
    assert_failed(&ended, &["database_url"]);
    assert!(!ended.stderr.contains("secret-word"), "a password is shown: {}", ended.stderr);
}

#[test]
fn a_database_of_a_newer_program_is_an_error() {
    let databases = [Some(TestDatabase::sqlite()), TestDatabase::postgresql()];
    for database in databases.into_iter().flatten() {
        let program = Program::over(database.url());
        assert_eq!(program.run(["migrate", "up"]).code, 0);
        database.execute("INSERT INTO seaql_migrations (version, applied_at) VALUES ('m20990101_000001_later', 0)");
        assert_failed(&program.run(["serve", "--listen", "127.0.0.1:0"]), &["newer", "m20990101_000001_later"]);
    }
}

#[test]
fn a_locked_database_is_an_error_that_says_so() {
    let database = TestDatabase::sqlite();
    let program = Program::over(database.url());
    assert_eq!(program.run(["migrate", "up"]).code, 0);
    let holder = rusqlite::Connection::open(database.path()).expect("the file opens");
    holder.execute_batch("BEGIN EXCLUSIVE").expect("it can be locked");
    program.write("in.ndjson", crate::kit::record::mail("open", "ada@example.com", 1).to_string());
    assert_failed(&program.run(["import", "--format", "odp", "in.ndjson"]), &["locked"]);
}

#[test]
fn a_port_that_is_taken_is_an_error() {
    let taken = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let listen = taken.local_addr().expect("it is bound").to_string();
    assert_failed(&Program::by_itself().run(["serve", "--listen", &listen]), &["listen", &listen]);
}

#[test]
fn sigterm_ends_the_server_with_0() {
    let program = Program::by_itself();
    let mut command = program.command(["serve", "--listen", "127.0.0.1:0"]);
    command.stdout(Stdio::null()).stderr(Stdio::piped());
    let mut server = Running::start(command);
    let mut log = BufReader::new(server.process().stderr.take().expect("it logs"));
    read_until(&mut log, "listening on");
    assert_eq!(server.terminate(), Some(0));
}

#[tokio::test]
async fn the_demo_has_a_month_of_campaigns_behind_the_url_that_it_prints() {
    let program = Program::by_itself();
    let mut command = program.command(["serve", "--demo", "--listen", "127.0.0.1:0"]);
    command.stdout(Stdio::piped()).stderr(Stdio::null());
    let mut server = Running::start(command);
    let mut printed = BufReader::new(server.process().stdout.take().expect("it prints"));
    let line = read_until(&mut printed, "#key=");
    let (page, key) = line.trim().split_once("/graphiql#key=").expect("a URL with a key");
    let client = Client::new(page.trim_start_matches("open ")).with_key(key);
    let query = "{ campaigns { nodes { source funnel { steps { total } } } } quarantine { totalCount } }";
    let data = client.data(query, json!({})).await;
    let campaigns = data["campaigns"]["nodes"].as_array().expect("campaigns");
    let sources: BTreeSet<&str> = campaigns.iter().filter_map(|campaign| campaign["source"].as_str()).collect();
    assert!(campaigns.len() > 5 && sources.len() == 4, "{data}");
    assert_eq!(data["quarantine"]["totalCount"], "0");
    assert_eq!(server.terminate(), Some(0));
}

/// Exit code 1, each of the words in the message, and nothing that looks like a crash or SQL.
fn assert_failed(ended: &Ended, words: &[&str]) {
    assert_eq!(ended.code, 1, "{}\n{}", ended.stdout, ended.stderr);
    for word in words {
        assert!(ended.stderr.contains(word), "no {word:?} in: {}", ended.stderr);
    }
    for sign in ["panicked", "RUST_BACKTRACE", "SELECT "] {
        assert!(!ended.stderr.contains(sign), "{}", ended.stderr);
    }
}
