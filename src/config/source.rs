//! Where values come from: flag, then environment, then file, then default.

use std::fmt;

use super::setting::{SETTINGS, Setting, by_name};
use crate::{Error, Result};

/// Where the present value of a setting comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A flag of the command line.
    Flag(String),
    /// An environment variable.
    Environment(String),
    /// A file, by path.
    File(String),
    /// The built-in default.
    Default,
}

impl fmt::Display for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(flag) => write!(formatter, "flag --{flag}"),
            Self::Environment(variable) => write!(formatter, "environment {variable}"),
            Self::File(path) => write!(formatter, "file {path}"),
            Self::Default => formatter.write_str("default"),
        }
    }
}

/// A setting with its present text and source.
#[derive(Clone, Debug)]
pub struct Value {
    /// The setting.
    pub setting: &'static Setting,
    /// Its text, not yet parsed.
    pub text: String,
    /// Where the text comes from.
    pub source: Source,
}

/// One value per setting, in the order of `SETTINGS`.
#[derive(Clone, Debug)]
pub struct Values(Vec<Value>);

impl Values {
    /// All values, in the order of documentation.
    pub fn iter(&self) -> impl Iterator<Item = &Value> {
        self.0.iter()
    }

    /// The value of a setting of the table.
    pub(super) fn get(&self, name: &'static str) -> &Value {
        self.0.iter().find(|value| value.setting.name == name).expect("the table holds every setting of the struct")
    }
}

/// What the sources say, before they are merged.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// (setting, text) of the flags that were given.
    pub flags: Vec<(&'static str, String)>,
    /// (variable, text) of the environment.
    pub environment: Vec<(String, String)>,
    /// Path and text of the file, if there is one.
    pub file: Option<(String, String)>,
}

/// Merges the sources: flag > environment > file > default.
pub fn merge(sources: &Sources) -> Result<Values> {
    let file = match &sources.file {
        Some((path, text)) => read_file(path, text)?,
        None => Vec::new(),
    };
    let merged = SETTINGS.iter().map(|setting| {
        from_flags(setting, sources)
            .or_else(|| from_environment(setting, sources))
            .or_else(|| from_file(setting, sources, &file))
            .unwrap_or_else(|| (setting.default.to_owned(), Source::Default))
    });
    let values = SETTINGS.iter().zip(merged);
    Ok(Values(values.map(|(setting, (text, source))| Value { setting, text, source }).collect()))
}

/// Variables that start like ours but are none. They are not an error: container platforms put such names there by
/// themselves, for a service that is called `campaignql`.
pub fn unknown_variables(environment: &[(String, String)]) -> Vec<&str> {
    let ours = |name: &str| name == "CAMPAIGNQL_CONFIG" || SETTINGS.iter().any(|setting| setting.variable() == name);
    let names = environment.iter().map(|(name, _)| name.as_str());
    names.filter(|name| name.starts_with("CAMPAIGNQL_") && !ours(name)).collect()
}

fn from_flags(setting: &Setting, sources: &Sources) -> Option<(String, Source)> {
    let (_, text) = sources.flags.iter().find(|(name, _)| *name == setting.name)?;
    Some((text.clone(), Source::Flag(setting.flag())))
}

fn from_environment(setting: &Setting, sources: &Sources) -> Option<(String, Source)> {
    let mut names = vec![setting.variable()];
    if setting.name == "database_url" {
        names.push("DATABASE_URL".to_owned());
    }
    // An empty variable counts as not set: that is how shells and container files unset one.
    names.into_iter().find_map(|name| {
        let found = sources.environment.iter().find(|(variable, text)| *variable == name && !text.is_empty())?;
        Some((found.1.clone(), Source::Environment(name)))
    })
}

fn from_file(setting: &Setting, sources: &Sources, file: &[(String, String)]) -> Option<(String, Source)> {
    let (_, text) = file.iter().find(|(name, _)| name == setting.name)?;
    let (path, _) = sources.file.as_ref()?;
    Some((text.clone(), Source::File(path.clone())))
}

fn read_file(path: &str, text: &str) -> Result<Vec<(String, String)>> {
    let table: toml::Table =
        text.parse().map_err(|error: toml::de::Error| Error::Config(format!("{path} is not TOML: {error}")))?;
    table.into_iter().map(|(key, value)| read_entry(path, key, value)).collect()
}

fn read_entry(path: &str, key: String, value: toml::Value) -> Result<(String, String)> {
    let Some(setting) = by_name(&key) else {
        let known: Vec<&str> = SETTINGS.iter().map(|setting| setting.name).collect();
        return Err(Error::Config(format!("unknown key {key} in {path}; known keys: {}", known.join(", "))));
    };
    let text = match value {
        toml::Value::String(text) => text,
        toml::Value::Integer(number) => number.to_string(),
        toml::Value::Boolean(flag) => flag.to_string(),
        other => {
            let (got, unit) = (other.type_str(), setting.unit);
            return Err(Error::Config(format!(
                "setting {key} (file {path}) is of type {got}; it takes one value ({unit})"
            )));
        }
    };
    Ok((key, text))
}
