//! A throw-away PostgreSQL server for tests and measurements: its own data directory and its own loopback port, made
//! from the installed binaries, gone when the process that started it is gone, however that ended.

mod binaries;
mod lifeline;

use std::io;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

pub use binaries::Binaries;
use lifeline::Lifeline;

/// The package to install where the binaries are missing.
pub const MISSING: &str = "POSTGRESQL NOT FOUND: no initdb in PATH or /usr/lib/postgresql/*/bin. \
     Install PostgreSQL 15 or later (Debian, Ubuntu: apt-get install postgresql)";

/// Whether commits wait for the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// No waiting: for tests that do not pull the plug.
    Off,
    /// As PostgreSQL is installed: for measurements and for tests of durability.
    Full,
}

/// A running server. Dropping it stops it and deletes its data.
#[derive(Debug)]
pub struct Cluster {
    binaries: Binaries,
    port: u16,
    lifeline: Lifeline,
}

impl Cluster {
    /// Starts a server, or says what is missing.
    ///
    /// # Errors
    /// `NotFound` with [`MISSING`] where PostgreSQL is not installed; anything else with the server's own log.
    pub fn start(durability: Durability) -> io::Result<Self> {
        let binaries = Binaries::find().ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, MISSING))?;
        let directory = own_directory(&binaries)?;
        let lifeline = Lifeline::tie(&binaries, &directory)?;
        initialise(&binaries, &directory)?;
        let port = start_on_free_port(&binaries, &directory, durability)?;
        Ok(Self { binaries, port, lifeline })
    }

    /// The URL of a database of this server.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    /// Runs one SQL statement in the maintenance database.
    pub fn execute(&self, sql: &str) -> io::Result<()> {
        self.execute_in("postgres", sql)
    }

    /// Runs one SQL statement in a database.
    pub fn execute_in(&self, database: &str, sql: &str) -> io::Result<()> {
        let mut psql = Command::new(self.binaries.path("psql"));
        psql.args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", &self.url(database), "-c", sql]);
        run(psql.current_dir("/"))
    }

    /// Where the server keeps its data.
    pub fn directory(&self) -> &Path {
        self.lifeline.directory()
    }
}

fn own_directory(binaries: &Binaries) -> io::Result<PathBuf> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let directory = std::env::temp_dir().join(format!("campaignql-postgres-{}-{number}", std::process::id()));
    std::fs::create_dir(&directory)?;
    if let Some(owner) = binaries.owner() {
        run(Command::new("chown").arg(owner).arg(&directory))?;
    }
    Ok(directory)
}

fn initialise(binaries: &Binaries, directory: &Path) -> io::Result<()> {
    let mut initdb = binaries.command("initdb");
    initdb.arg("--pgdata").arg(directory.join("data"));
    initdb.args(["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]);
    run(initdb.current_dir(directory))
}

/// Somebody else may take the port between the look and the start, so a few are tried.
fn start_on_free_port(binaries: &Binaries, directory: &Path, durability: Durability) -> io::Result<u16> {
    let mut last = None;
    for _ in 0..5 {
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        match run(start_command(binaries, directory, port, durability).current_dir(directory)) {
            Ok(()) => return Ok(port),
            Err(error) => last = Some(error),
        }
    }
    let log = std::fs::read_to_string(directory.join("log")).unwrap_or_default();
    Err(io::Error::other(format!("PostgreSQL did not start: {}\n{log}", last.map_or(String::new(), |e| e.to_string()))))
}

fn start_command(binaries: &Binaries, directory: &Path, port: u16, durability: Durability) -> Command {
    let mut options = format!("-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= ");
    options.push_str("-c max_connections=300 -c shared_buffers=256MB -c max_wal_size=4GB ");
    if durability == Durability::Off {
        options.push_str("-c fsync=off -c full_page_writes=off -c synchronous_commit=off");
    }
    let mut command = binaries.command("pg_ctl");
    command.arg("--pgdata").arg(directory.join("data")).arg("--log").arg(directory.join("log"));
    command.args(["--wait", "--timeout=60", "--options", &options, "start"]);
    command
}

fn run(command: &mut Command) -> io::Result<()> {
    let output = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).output()?;
    if output.status.success() {
        return Ok(());
    }
    let program = command.get_program().to_string_lossy().into_owned();
    Err(io::Error::other(format!("{program}: {}", String::from_utf8_lossy(&output.stderr).trim())))
}
