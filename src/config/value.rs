//! From text to typed values. Every error names the setting and its source, what it got and what it takes.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

use super::source::Values;
use crate::{Error, Result};

/// Reads single settings out of the merged values.
pub(super) struct Reader<'a>(pub(super) &'a Values);

impl Reader<'_> {
    /// The text of a setting.
    pub(super) fn text(&self, name: &'static str) -> String {
        self.0.get(name).text.clone()
    }

    /// A number within limits.
    pub(super) fn number<T>(&self, name: &'static str, takes: RangeInclusive<T>) -> Result<T>
    where
        T: FromStr + PartialOrd + Display,
    {
        let expected = || format!("a whole number from {} to {}", takes.start(), takes.end());
        match self.0.get(name).text.trim().parse::<T>() {
            Ok(number) if takes.contains(&number) => Ok(number),
            _ => Err(self.error(name, &expected())),
        }
    }

    /// One or more names, separated by commas.
    pub(super) fn names(&self, name: &'static str) -> Result<Vec<String>> {
        let text = &self.0.get(name).text;
        let names: Vec<String> = text.split(',').map(|part| part.trim().to_owned()).collect();
        if names.iter().any(String::is_empty) { Err(self.error(name, "names separated by commas")) } else { Ok(names) }
    }

    /// `true` or `false`.
    pub(super) fn flag(&self, name: &'static str) -> Result<bool> {
        self.0.get(name).text.trim().parse().map_err(|_| self.error(name, "true or false"))
    }

    /// One of a set of names.
    pub(super) fn one_of<T: Copy>(&self, name: &'static str, choices: &[(&str, T)]) -> Result<T> {
        let text = self.0.get(name).text.trim().to_ascii_lowercase();
        let found = choices.iter().find(|(choice, _)| *choice == text);
        found.map(|(_, value)| *value).ok_or_else(|| {
            let names: Vec<&str> = choices.iter().map(|(choice, _)| *choice).collect();
            self.error(name, &names.join(" or "))
        })
    }

    /// The error for a value that a setting does not take.
    pub(super) fn error(&self, name: &'static str, takes: &str) -> Error {
        let value = self.0.get(name);
        let got = value.setting.printable(&value.text);
        Error::Config(format!("setting {name} ({}) is \"{got}\"; it takes {takes}", value.source))
    }
}
