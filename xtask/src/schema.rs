//! `schema.graphql` is what the program prints: written here, and compared by the check.

use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::steps;

/// Writes the file.
pub fn write() -> Result<()> {
    std::fs::write(path(), printed()?).context("cannot write schema.graphql")?;
    eprintln!("== schema.graphql written");
    Ok(())
}

/// Fails when the file is not what the program prints.
pub fn compare() -> Result<()> {
    let kept = std::fs::read_to_string(path()).unwrap_or_default();
    if kept != printed()? {
        bail!("schema.graphql is not what the program prints: run `cargo xtask schema` and look at the difference");
    }
    eprintln!("== schema.graphql: current");
    Ok(())
}

fn path() -> std::path::PathBuf {
    steps::root().join("schema.graphql")
}

/// Built with the workspace's features, as the tests are, so that nothing is compiled twice.
fn printed() -> Result<String> {
    steps::run("build", &mut steps::cargo(&["build", "--workspace", "--bin", "campaignql", "--locked", "--quiet"]))?;
    let program = steps::target_directory().join("debug").join("campaignql");
    let output =
        Command::new(&program).arg("schema").output().with_context(|| format!("cannot run {}", program.display()))?;
    if !output.status.success() {
        bail!("`campaignql schema` failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    String::from_utf8(output.stdout).context("the schema is not UTF-8")
}
