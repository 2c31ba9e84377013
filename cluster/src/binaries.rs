//! Where PostgreSQL's programs are, and as whom they run: they refuse to run as root.

use std::path::{Path, PathBuf};
use std::process::Command;

const NEEDED: [&str; 4] = ["initdb", "pg_ctl", "postgres", "psql"];
const ORDINARY_ACCOUNTS: [&str; 2] = ["postgres", "nobody"];

/// An installation of PostgreSQL.
#[derive(Clone, Debug)]
pub struct Binaries {
    directory: PathBuf,
    account: Option<String>,
}

impl Binaries {
    /// The first complete installation: the one in PATH, else the newest under `/usr/lib/postgresql`.
    pub fn find() -> Option<Self> {
        let directory = in_path().into_iter().chain(packaged()).find(|directory| is_complete(directory))?;
        Some(Self { directory, account: ordinary_account() })
    }

    /// A program of the installation.
    pub fn path(&self, program: &str) -> PathBuf {
        self.directory.join(program)
    }

    /// A command that runs a program as an ordinary user.
    pub fn command(&self, program: &str) -> Command {
        let Some(account) = &self.account else { return Command::new(self.path(program)) };
        let mut command = Command::new("setpriv");
        command.args(["--reuid", account, "--regid", &group_of(account), "--clear-groups", "--"]);
        command.arg(self.path(program));
        command
    }

    /// The account that must own the data directory, where that is not the present one.
    pub fn owner(&self) -> Option<&str> {
        self.account.as_deref()
    }
}

fn is_complete(directory: &Path) -> bool {
    NEEDED.iter().all(|program| directory.join(program).is_file())
}

/// Distributions put links into PATH; the programs stand together where the link leads.
fn in_path() -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let links = std::env::split_paths(&path).map(|directory| directory.join("initdb"));
    links.filter_map(|link| link.canonicalize().ok()?.parent().map(Path::to_path_buf)).collect()
}

fn packaged() -> Vec<PathBuf> {
    let entries = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut versions: Vec<(u32, PathBuf)> = entries
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .collect();
    versions.sort();
    versions.into_iter().rev().map(|(_, directory)| directory).collect()
}

/// An ordinary account of this machine, when the present one is root.
fn ordinary_account() -> Option<String> {
    if id(&["-u"])? != "0" {
        return None;
    }
    ORDINARY_ACCOUNTS.into_iter().find(|account| id(&["-u", account]).is_some()).map(str::to_owned)
}

fn group_of(account: &str) -> String {
    id(&["-g", account]).unwrap_or_else(|| account.to_owned())
}

fn id(arguments: &[&str]) -> Option<String> {
    let output = Command::new("id").args(arguments).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
