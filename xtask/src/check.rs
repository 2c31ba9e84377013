//! `cargo xtask check`: everything but the tests. The order is cheapest first.

use std::process::Command;

use anyhow::Result;

use crate::{schema, steps};

/// Tools that add to the check where they are installed: program, arguments.
const EXTRAS: [(&str, &[&str]); 3] =
    [("cargo-machete", &["machete"]), ("cargo-deny", &["deny", "check", "bans", "sources"]), ("typos", &[])];

/// Runs every check; the first that fails ends it.
pub fn run() -> Result<()> {
    steps::run("format", &mut steps::cargo(&["fmt", "--all", "--check"]))?;
    for (program, arguments) in EXTRAS {
        run_if_installed(program, arguments)?;
    }
    let lints = ["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"];
    steps::run("lints", &mut steps::cargo(&lints))?;
    let mut documentation = steps::cargo(&["doc", "--workspace", "--no-deps", "--locked"]);
    steps::run("documentation", documentation.env("RUSTDOCFLAGS", "-D warnings"))?;
    steps::run("tidy rules", &mut steps::cargo(&["test", "--workspace", "--locked", "--quiet", "--test", "tidy"]))?;
    schema::compare()
}

fn run_if_installed(program: &str, arguments: &[&str]) -> Result<()> {
    if !steps::is_installed(program) {
        eprintln!("== {program}: skipped, it is not installed");
        return Ok(());
    }
    let mut command = match arguments {
        [] => Command::new(program),
        some => steps::cargo(some),
    };
    steps::run(program, command.current_dir(steps::root()))
}
