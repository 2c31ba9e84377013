//! The real program, run in a directory of its own with nothing of the caller's settings.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// The program, its database, and the directory it is run in.
pub struct Program {
    database_url: Option<String>,
    directory: TempDir,
}

/// How a run ended, and what it said.
#[derive(Debug)]
pub struct Ended {
    /// Exit code.
    pub code: i32,
    /// What it printed.
    pub stdout: String,
    /// What it logged.
    pub stderr: String,
}

impl Program {
    /// The program over a database.
    pub fn over(database_url: &str) -> Self {
        Self { database_url: Some(database_url.to_owned()), ..Self::by_itself() }
    }

    /// The program with the embedded default, in a new directory.
    pub fn by_itself() -> Self {
        Self { database_url: None, directory: tempfile::tempdir().expect("a directory for the program") }
    }

    /// Where it is run.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Writes a file into its directory.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.directory().join(name);
        std::fs::create_dir_all(path.parent().expect("it is in a directory")).expect("folders can be made");
        std::fs::write(path, content).expect("a file can be written");
    }

    /// Runs it to its end.
    pub fn run<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Ended {
        self.run_with_input(arguments, b"")
    }

    /// Runs it to its end with something on its standard input.
    pub fn run_with_input<'a>(&self, arguments: impl IntoIterator<Item = &'a str>, input: &[u8]) -> Ended {
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        let mut stdin = child.stdin.take().expect("it has an input");
        let output = std::thread::scope(|scope| {
            // A program that does not read its input closes it early, which is no fault.
            scope.spawn(move || stdin.write_all(input).ok());
            child.wait_with_output().expect("the program ends")
        });
        Ended {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// The command, for tests that do not wait for its end.
    pub fn command<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_campaignql"));
        command.args(arguments).current_dir(self.directory());
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("CAMPAIGNQL_") || name == "DATABASE_URL" {
                command.env_remove(name);
            }
        }
        if let Some(url) = &self.database_url {
            command.env("CAMPAIGNQL_DATABASE_URL", url);
        }
        command
    }
}
