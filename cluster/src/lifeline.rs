//! What ends the server: a shell that waits on a pipe which only this process holds open. The pipe closes when the
//! cluster is dropped and also when the process dies in any way, so nothing is left behind.

use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::Binaries;

const WATCH: &str = r#"trap "" INT TERM HUP; read -r _; directory=$1; shift; "$@"; rm -rf "$directory""#;

/// The hold on a server's life.
#[derive(Debug)]
pub struct Lifeline {
    directory: PathBuf,
    watcher: Child,
}

impl Lifeline {
    /// From now on the server in `directory` is stopped and deleted when this process lets go.
    pub fn tie(binaries: &Binaries, directory: &Path) -> io::Result<Self> {
        let mut stop = binaries.command("pg_ctl");
        stop.arg("--pgdata").arg(directory.join("data")).args(["--mode=immediate", "stop"]);
        let mut watcher = Command::new("sh");
        watcher.args(["-c", WATCH, "watcher"]).arg(directory).arg(stop.get_program()).args(stop.get_args());
        watcher.current_dir("/").process_group(0);
        watcher.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        Ok(Self { directory: directory.to_owned(), watcher: watcher.spawn()? })
    }

    /// Where the server keeps its data.
    pub fn directory(&self) -> &Path {
        &self.directory
    }
}

impl Drop for Lifeline {
    fn drop(&mut self) {
        drop(self.watcher.stdin.take());
        // Nothing can be done about a failure here, and the watcher goes on without us.
        let _ = self.watcher.wait();
    }
}
