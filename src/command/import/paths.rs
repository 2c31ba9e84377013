//! What the paths of the command line stand for: files as they are, folders with all files in them.

use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};

use crate::{Error, Result};

/// One thing to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Input {
    /// Standard input.
    Stdin,
    /// A file and its size in bytes.
    File(PathBuf, u64),
}

/// The inputs in order. A path that does not exist is an error before anything is read.
pub(super) fn list(paths: &[PathBuf]) -> Result<Vec<Input>> {
    let mut inputs = Vec::new();
    for path in paths {
        if path.as_os_str() == "-" {
            inputs.push(Input::Stdin);
        } else {
            add(path, &mut inputs)?;
        }
    }
    Ok(inputs)
}

fn add(path: &Path, inputs: &mut Vec<Input>) -> Result<()> {
    let metadata: Metadata = fs::metadata(path).map_err(|error| unreadable(path, &error))?;
    if !metadata.is_dir() {
        inputs.push(Input::File(path.to_owned(), metadata.len()));
        return Ok(());
    }
    let entries = fs::read_dir(path).and_then(Iterator::collect::<std::io::Result<Vec<_>>>);
    let mut entries = entries.map_err(|error| unreadable(path, &error))?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let kind = entry.file_type().map_err(|error| unreadable(&entry.path(), &error))?;
        // Hidden files hold no events, and a link to a folder may lead back to where it is.
        let is_hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
        let is_linked_folder = kind.is_symlink() && entry.path().is_dir();
        if !is_hidden && !is_linked_folder {
            add(&entry.path(), inputs)?;
        }
    }
    Ok(())
}

pub(super) fn unreadable(path: &Path, error: &std::io::Error) -> Error {
    Error::BadInput(format!("{} cannot be read: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_read_in_the_order_of_names_and_hidden_files_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("b")).unwrap();
        for name in ["c.json", "a.json", "b/2.json", "b/1.json", ".hidden"] {
            fs::write(at(name), "{}").unwrap();
        }
        let inputs = list(&[folder.path().to_owned(), PathBuf::from("-")]).unwrap();
        let file = |name: &str| Input::File(at(name), 2);
        assert_eq!(inputs, [file("a.json"), file("b/1.json"), file("b/2.json"), file("c.json"), Input::Stdin]);
    }

    #[test]
    fn a_path_that_does_not_exist_is_named() {
        let error = list(&[PathBuf::from("no/such/file")]).unwrap_err().to_string();
        assert!(error.starts_with("no/such/file cannot be read: "), "{error}");
    }
}
