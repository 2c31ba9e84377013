//! `cargo xtask test`: all tests. It installs nothing; it says first what is missing, and what that leaves out.

use anyhow::{Result, bail};

use crate::steps;

/// Runs every test of the workspace; arguments go to `cargo test`.
pub fn run(arguments: &[String]) -> Result<()> {
    if cluster::Binaries::find().is_none() {
        eprintln!("{}", cluster::MISSING);
        if std::env::var_os("CI").is_some() {
            bail!("with CI set, the tests must run on PostgreSQL too");
        }
        eprintln!("The tests run on SQLite only.");
    }
    let mut tests = steps::cargo(&["test", "--workspace", "--locked"]);
    steps::run("tests", tests.args(arguments))
}
