//! `cargo xtask clients`: vendors' own client programs, in Python, against the real server on a database of its own.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;

use anyhow::{Context, Result, bail};

use crate::steps;

const KEY: &str = "key-of-the-client-checks-0000000000000000";

/// Programs under `tests/clients`, each with a server of its own.
const PROGRAMS: [&str; 3] = ["put_events.py", "kpi.py", "firehose.py"];

/// Runs every program; the first that fails ends it.
pub fn run() -> Result<()> {
    steps::run("build", &mut steps::cargo(&["build", "--workspace", "--bin", "campaignql", "--locked", "--quiet"]))?;
    let python = environment()?;
    for program in PROGRAMS {
        let server = Server::start()?;
        let mut command = Command::new(&python);
        command.arg(folder().join(program)).current_dir(folder()).env("PYTHONDONTWRITEBYTECODE", "1");
        command.env("CAMPAIGNQL_URL", &server.url).env("CAMPAIGNQL_KEY", KEY);
        // Nothing of the caller's own account, and nothing between the program and the server.
        command.env("AWS_EC2_METADATA_DISABLED", "true").env("NO_PROXY", "127.0.0.1").env("no_proxy", "127.0.0.1");
        for name in ["AWS_PROFILE", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_SESSION_TOKEN"] {
            command.env_remove(name);
        }
        steps::run(program, &mut command)?;
    }
    Ok(())
}

fn folder() -> PathBuf {
    steps::root().join("tests").join("clients")
}

/// A Python with the pinned packages, made once and again when they change.
fn environment() -> Result<PathBuf> {
    let directory = steps::target_directory().join("clients").join("python");
    let python = directory.join("bin").join("python");
    let requirements = folder().join("requirements.txt");
    let wanted = fs::read_to_string(&requirements).context("cannot read the list of packages")?;
    let installed = directory.join("installed.txt");
    if fs::read_to_string(&installed).is_ok_and(|text| text == wanted) {
        return Ok(python);
    }
    if !steps::is_installed("python3") {
        bail!("python3 is missing; on Debian and Ubuntu: apt-get install python3 python3-venv");
    }
    steps::run("python environment", Command::new("python3").args(["-m", "venv", "--clear"]).arg(&directory))?;
    let mut install = Command::new(&python);
    install
        .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"])
        .arg(&requirements);
    steps::run("python packages", &mut install)?;
    fs::write(&installed, wanted).context("cannot note what is installed")?;
    Ok(python)
}

/// A server on a free port; it ends with this value.
struct Server {
    url: String,
    process: Child,
    directory: PathBuf,
}

impl Server {
    fn start() -> Result<Self> {
        let directory = steps::target_directory().join("clients").join(format!("server-{}", std::process::id()));
        fs::create_dir_all(&directory).context("no folder for the database")?;
        let program = steps::target_directory().join("debug").join("campaignql");
        let mut process = Self::command(&program, &directory)
            .spawn()
            .with_context(|| format!("cannot start {}", program.display()))?;
        let log = process.stderr.take().context("the server has no log")?;
        let mut server = Self { url: String::new(), process, directory };
        let mut lines = BufReader::new(log).lines().map_while(Result::ok);
        let mut listening =
            lines.by_ref().filter_map(|line| Some(line.split_once("listening on ")?.1.trim().to_owned()));
        server.url = listening.next().context("the server ended before it listened")?;
        // A log that nobody reads would stop the server once the pipe is full.
        thread::spawn(move || lines.for_each(drop));
        Ok(server)
    }

    fn command(program: &Path, directory: &Path) -> Command {
        let mut command = Command::new(program);
        command.args(["--listen", "127.0.0.1:0", "serve"]).current_dir(directory);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("CAMPAIGNQL_") || name == "DATABASE_URL" {
                command.env_remove(name);
            }
        }
        command.env("CAMPAIGNQL_ADMIN_KEY", KEY);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        command
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It is ours alone, and its database goes with it: there is nothing to finish.
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = fs::remove_dir_all(&self.directory);
    }
}
