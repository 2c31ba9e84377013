//! A database of its own for every test: a file for SQLite; for PostgreSQL a copy of a migrated template, in a server
//! that is started once per run of the tests and goes away with it.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

use cluster::{Cluster, Durability};
use tempfile::TempDir;

use super::Program;

const FILE: &str = "test.db";

/// A database that exists and is migrated, and that no other test uses.
#[derive(Clone, Debug)]
pub struct TestDatabase {
    url: String,
    directory: Option<Arc<TempDir>>,
}

impl TestDatabase {
    /// A new file.
    pub fn sqlite() -> Self {
        let directory = tempfile::tempdir().expect("a directory for the database");
        let url = format!("sqlite://{}?mode=rwc", directory.path().join(FILE).display());
        Self { url, directory: Some(Arc::new(directory)) }
    }

    /// A new database in the shared server; none where PostgreSQL is not installed, unless CI asks for it.
    pub fn postgresql() -> Option<Self> {
        let cluster = shared_cluster()?;
        let name = next_name();
        cluster.execute(&format!("CREATE DATABASE {name} TEMPLATE migrated")).expect("the template can be copied");
        Some(Self { url: cluster.url(&name), directory: None })
    }

    /// What to give to the program.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The file of a SQLite database.
    pub fn path(&self) -> PathBuf {
        self.directory.as_ref().expect("it is a file").path().join(FILE)
    }

    /// Runs one SQL statement behind the program's back.
    pub fn execute(&self, sql: &str) {
        if self.directory.is_some() {
            let file = rusqlite::Connection::open(self.path()).expect("the file opens");
            file.execute_batch(sql).expect("the statement is good");
        } else {
            let cluster = shared_cluster().expect("its server runs");
            let name = self.url.rsplit('/').next().expect("a URL ends in a name");
            cluster.execute_in(name, sql).expect("the statement is good");
        }
    }
}

fn next_name() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("test_{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

fn shared_cluster() -> Option<&'static Cluster> {
    static SHARED: OnceLock<Option<Cluster>> = OnceLock::new();
    SHARED.get_or_init(|| start(Durability::Off).inspect(make_template)).as_ref()
}

/// A server for one test; none, loudly, where PostgreSQL is not installed. With `CI=true` that is a failure.
pub fn start(durability: Durability) -> Option<Cluster> {
    match Cluster::start(durability) {
        Ok(cluster) => Some(cluster),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && std::env::var_os("CI").is_none() => {
            eprintln!("{error}\nThe tests on PostgreSQL are skipped.");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

/// Migrated by the program itself, which leaves no connection behind that would forbid the copying.
fn make_template(cluster: &Cluster) {
    cluster.execute("CREATE DATABASE migrated").expect("a database can be made");
    let migrated = Program::over(&cluster.url("migrated")).run(["migrate", "up"]);
    assert_eq!(migrated.code, 0, "{}", migrated.stderr);
}
