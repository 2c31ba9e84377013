//! The real program, run in a directory of its own with nothing of the caller's settings.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};

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

impl Ended {
    fn of(output: &Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// The most memory so far in KiB, out of a process's status.
fn peak(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
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
        Ended::of(&output)
    }

    /// Runs it to its end, and tells the most memory that it held, in MiB, as the kernel counts it.
    pub fn run_measured<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> (Ended, u64) {
        let mut command = self.command(arguments);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn().expect("the program starts");
        let status = format!("/proc/{}/status", child.id());
        let ended = AtomicBool::new(false);
        let (output, peak_kib) = std::thread::scope(|scope| {
            let watcher = scope.spawn(|| {
                let mut peak_kib = 0;
                while !ended.load(Ordering::Relaxed) {
                    peak_kib = std::fs::read_to_string(&status).ok().and_then(|text| peak(&text)).unwrap_or(peak_kib);
                    std::thread::sleep(std::time::Duration::from_millis(2));
                }
                peak_kib
            });
            let output = child.wait_with_output().expect("the program ends");
            ended.store(true, Ordering::Relaxed);
            (output, watcher.join().expect("it watches"))
        });
        (Ended::of(&output), peak_kib / 1_024)
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

/// A server of its own process: killed when this is dropped, if it has not ended before.
pub struct Running(Child);

impl Running {
    /// Starts it.
    pub fn start(mut command: Command) -> Self {
        Self(command.stdin(Stdio::null()).spawn().expect("the program starts"))
    }

    /// The process.
    pub fn process(&mut self) -> &mut Child {
        &mut self.0
    }

    /// SIGTERM; its exit code when it has ended.
    pub fn terminate(&mut self) -> Option<i32> {
        let sent = Command::new("kill").args(["-TERM", &self.0.id().to_string()]).status();
        assert!(sent.is_ok_and(|status| status.success()), "the signal is sent");
        self.0.wait().expect("it ends").code()
    }

    /// SIGKILL.
    pub fn kill(&mut self) {
        self.0.kill().expect("it can be killed");
        self.0.wait().expect("it ends");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended before, which is what is wanted.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Reads what a program writes (its output must be piped) up to a line with a text; that line.
pub fn read_until(stream: &mut BufReader<impl Read>, text: &str) -> String {
    let mut line = String::new();
    while !line.contains(text) {
        line.clear();
        let read = stream.read_line(&mut line).expect("it writes text");
        assert_ne!(read, 0, "the program ended before it said {text:?}");
    }
    line
}
