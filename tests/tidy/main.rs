//! What the compiler does not check: the arrows between layers, where SQL may stand, how long things may get, and what
//! must not be in the tree. Every check is a pure function, and is shown to fail on a bad sample beside it.

mod layers;
mod shape;
mod source;
mod text;

use std::path::{Path, PathBuf};
use std::process::Command;

/// A rule broken: where, and which.
#[derive(Debug, PartialEq, Eq)]
struct Complaint {
    file: String,
    line: usize,
    rule: String,
}

impl Complaint {
    fn new(file: &str, line: usize, rule: impl Into<String>) -> Self {
        Self { file: file.to_owned(), line, rule: rule.into() }
    }
}

/// A file of the project: its path from the root, with `/`, and its content.
struct TreeFile {
    path: String,
    bytes: Vec<u8>,
}

impl TreeFile {
    fn is_rust(&self) -> bool {
        Path::new(&self.path).extension().is_some_and(|extension| extension == "rs")
    }
}

#[test]
fn layers_use_only_those_below_them() {
    check_rust(layers::upward_uses);
}

#[test]
fn only_the_store_holds_sql() {
    check_rust(layers::sql_outside_store);
}

#[test]
fn files_and_functions_are_short() {
    check_rust(shape::too_long);
}

#[test]
fn every_file_says_what_it_is_for() {
    check_rust(shape::missing_header);
}

#[test]
fn no_module_is_named_for_nothing() {
    check_rust(shape::empty_name);
}

#[test]
fn nothing_is_left_undone() {
    check_rust(shape::unfinished);
}

#[test]
fn no_machine_path_or_registry_host_is_in_the_tree() {
    check(&tree(), |file| text::machine_traces(&file.path, &String::from_utf8_lossy(&file.bytes)));
}

#[test]
fn fixtures_are_small() {
    check(&tree(), |file| text::large_fixture(&file.path, file.bytes.len()));
}

fn check_rust(rule: fn(&str, &str) -> Vec<Complaint>) {
    let files: Vec<TreeFile> = tree().into_iter().filter(TreeFile::is_rust).collect();
    check(&files, |file| rule(&file.path, &String::from_utf8_lossy(&file.bytes)));
}

fn check(files: &[TreeFile], rule: impl Fn(&TreeFile) -> Vec<Complaint>) {
    assert!(!files.is_empty(), "no files to check: is this the project's own tree?");
    let complaints: Vec<String> =
        files.iter().flat_map(rule).map(|found| format!("{}:{}: {}", found.file, found.line, found.rule)).collect();
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

/// Every file that belongs to the project: what git tracks or would track, or everything where there is no git.
fn tree() -> Vec<TreeFile> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let listed = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root)
        .output();
    let paths = match listed {
        Ok(output) if output.status.success() => {
            output.stdout.split(|byte| *byte == 0).map(|path| String::from_utf8_lossy(path).into_owned()).collect()
        }
        _ => walk(root),
    };
    let read = |path: String| Some(TreeFile { bytes: std::fs::read(root.join(&path)).ok()?, path });
    paths.into_iter().filter_map(read).collect()
}

fn walk(root: &Path) -> Vec<String> {
    let mut open = vec![root.to_path_buf()];
    let mut found = Vec::new();
    while let Some(directory) = open.pop() {
        let entries: Vec<PathBuf> =
            std::fs::read_dir(&directory).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
        for path in entries {
            let Ok(relative) = path.strip_prefix(root) else { continue };
            if path.is_dir() && relative != Path::new("target") && relative != Path::new(".git") {
                open.push(path);
            } else if path.is_file() {
                found.push(relative.to_string_lossy().replace('\\', "/"));
            }
        }
    }
    found
}
