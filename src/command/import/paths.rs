//! What the paths of the command line stand for: files as they are, folders with all files in them. Listing reads folders
//! only; files are opened when their turn comes.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs::{self, DirEntry};
use std::io;
use std::path::{Path, PathBuf, absolute};

use crate::{Error, Result};

/// One thing to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Input {
    /// Standard input.
    Stdin,
    /// A pipe or device, which can be read once.
    Stream(PathBuf),
    /// A file.
    File(PathBuf),
}

impl Input {
    /// How it is named in messages and in the quarantine.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Stdin => "stdin".to_owned(),
            Self::Stream(path) | Self::File(path) => path.display().to_string(),
        }
    }
}

/// What is to be read.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// In order, each once.
    pub(super) inputs: Vec<Input>,
    /// What cannot be listed.
    pub(super) unreadable: Vec<Error>,
}

/// The inputs in order. A path that does not exist is an error before anything is read; a folder within that cannot be
/// listed is none.
pub(super) fn list(paths: &[PathBuf]) -> Result<Plan> {
    let mut plan = Plan::default();
    for path in paths {
        if path.as_os_str() == "-" {
            plan.inputs.push(Input::Stdin);
            continue;
        }
        let metadata = fs::metadata(path).map_err(|error| unreadable(path, &error))?;
        if metadata.is_dir() {
            plan.add_folder(path);
        } else if metadata.is_file() {
            plan.inputs.push(Input::File(path.clone()));
        } else {
            plan.inputs.push(Input::Stream(path.clone()));
        }
    }
    if paths.len() > 1 {
        plan.forget_repeats();
    }
    Ok(plan)
}

impl Plan {
    fn add_folder(&mut self, folder: &Path) {
        let entries = fs::read_dir(folder).and_then(Iterator::collect::<io::Result<Vec<_>>>);
        let mut entries = match entries {
            Ok(entries) => entries,
            Err(error) => return self.unreadable.push(unreadable(folder, &error)),
        };
        entries.sort_by_key(DirEntry::file_name);
        for entry in entries {
            match entry.file_type() {
                _ if is_hidden(&entry.file_name()) => {}
                Ok(kind) if kind.is_dir() => self.add_folder(&entry.path()),
                Ok(kind) if kind.is_file() => self.inputs.push(Input::File(entry.path())),
                Ok(kind) if kind.is_symlink() => self.add_link(entry.path()),
                // Whoever writes into a pipe or device within a folder may never end.
                Ok(_) => {}
                Err(error) => self.unreadable.push(unreadable(&entry.path(), &error)),
            }
        }
    }

    /// A link to a folder may lead back to where it is.
    fn add_link(&mut self, path: PathBuf) {
        match fs::metadata(&path) {
            Ok(metadata) if metadata.is_file() => self.inputs.push(Input::File(path)),
            Ok(_) => {}
            Err(error) => self.unreadable.push(unreadable(&path, &error)),
        }
    }

    /// Keeps the first of what is named twice, as by a folder and a file within.
    fn forget_repeats(&mut self) {
        let mut seen = HashSet::new();
        self.inputs.retain(|input| match input {
            Input::File(path) => seen.insert(absolute(path).unwrap_or_else(|_| path.clone())),
            Input::Stdin | Input::Stream(_) => true,
        });
    }
}

/// Hidden files hold no events.
fn is_hidden(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b".")
}

pub(super) fn unreadable(path: &Path, error: &io::Error) -> Error {
    Error::BadInput(format!("{} cannot be read: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_read_in_the_order_of_names_and_each_file_once() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("2026/01/31/09")).unwrap();
        fs::create_dir_all(at("2026/01/04/23")).unwrap();
        let names = ["2026/01/31/09/s-2", "2026/01/31/09/s-1.gz", "2026/01/04/23/s-9", "z.json", ".hidden"];
        for name in names {
            fs::write(at(name), "{}").unwrap();
        }
        std::os::unix::fs::symlink(at("2026"), at("again")).unwrap();
        std::os::unix::fs::symlink(at("z.json"), at("linked")).unwrap();
        std::os::unix::fs::symlink(at("nowhere"), at("dangling")).unwrap();
        let file = |name: &str| Input::File(at(name));
        let plan = list(&[at("z.json"), folder.path().to_owned(), PathBuf::from("-")]).unwrap();
        let expected = ["z.json", "2026/01/04/23/s-9", "2026/01/31/09/s-1.gz", "2026/01/31/09/s-2", "linked"].map(file);
        assert_eq!(plan.inputs[..5], expected);
        assert_eq!(plan.inputs[5..], [Input::Stdin]);
        let unreadable: Vec<String> = plan.unreadable.iter().map(ToString::to_string).collect();
        assert!(unreadable.len() == 1 && unreadable[0].contains("dangling cannot be read"), "{unreadable:?}");
    }

    #[test]
    fn a_path_that_does_not_exist_is_named() {
        let error = list(&[PathBuf::from("no/such/file")]).unwrap_err().to_string();
        assert!(error.starts_with("no/such/file cannot be read: "), "{error}");
    }
}
