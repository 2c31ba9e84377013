//! What the operator settled about reading records, and how one body or file is to be read.

use std::sync::Arc;
use std::time::Duration;

use super::field::Fields;
use super::lists::Given;
use super::signature::SnsKey;
use crate::domain::event::{Dialect, Format, Rejection};
use crate::domain::time::Micros;

/// Settings that records are read by.
#[derive(Clone, Debug)]
pub struct Rules {
    /// Names of the tags, context keys and unique arguments that may hold a campaign's id; the first that is there counts.
    pub campaign_tags: Vec<String>,
    /// How far after its receipt an event may lie.
    pub future_limit: Duration,
    /// Keys that messages of SNS are checked with; without any they are not.
    pub sns_keys: Vec<SnsKey>,
}

impl Default for Rules {
    fn default() -> Self {
        let campaign_tags = ["campaign", "campaign_id"].map(str::to_owned).to_vec();
        Self { campaign_tags, future_limit: Duration::from_hours(24), sns_keys: Vec::new() }
    }
}

impl Rules {
    /// The campaign id among named values, and the name that it stood under.
    pub fn campaign_id(&self, fields: &Fields<'_>) -> Result<Option<(String, &str)>, Rejection> {
        for tag in &self.campaign_tags {
            if let Some(id) = fields.id(tag)? {
                return Ok(Some((id, tag)));
            }
        }
        Ok(None)
    }
}

/// How a body, file or value is read.
#[derive(Clone, Debug)]
pub struct Reading {
    /// The form of its records.
    pub format: Format,
    /// The settings.
    pub rules: Arc<Rules>,
    /// When it was received.
    pub now: Micros,
    /// What is said of the rows of a list beside its file.
    pub given: Arc<Given>,
}

impl Reading {
    /// The latest time that is believed.
    pub fn latest(&self) -> Micros {
        let limit = i64::try_from(self.rules.future_limit.as_micros()).unwrap_or(i64::MAX);
        Micros(self.now.0.saturating_add(limit))
    }
}

/// Records of one form by the built-in settings, received now: for records of our own making.
impl From<Dialect> for Reading {
    fn from(dialect: Dialect) -> Self {
        Self { format: Format::Of(dialect), rules: Arc::default(), now: Micros::now(), given: Arc::default() }
    }
}
