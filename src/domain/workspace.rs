//! The tenant that everything belongs to, and its settings.

use std::collections::BTreeMap;

use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::block::Blocks;
use super::identifier_type::IdentifierTypes;

/// Number of a workspace. Every function of the store takes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WorkspaceId(pub i32);

/// A workspace with its settings, parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workspace {
    /// Its number.
    pub id: WorkspaceId,
    /// Its unique name.
    pub name: String,
    /// The zone in which its reports count days.
    pub time_zone: Tz,
    /// ISO 4217 code of orders that name none.
    pub currency: String,
    /// What its own rules are.
    pub settings: WorkspaceSettings,
}

/// A workspace's own rules. This is the one form in which they are stored: ingestion and queries read the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct WorkspaceSettings {
    /// Number of soft bounces in a row after which an address is unreachable.
    pub soft_bounce_limit: u8,
    /// How an address without a consent update counts, for channels on which it is not as [`default_consent`] says.
    pub default_consent: BTreeMap<String, bool>,
    /// Identifier types that an administrator registered or changed.
    pub identifier_types: IdentifierTypes,
    /// Days for which the identifiers of an erased customer are not taken again; 0: they are at once.
    pub block_erased_days: u16,
    /// The blocks there are; none where nobody was erased yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blocks: Option<Blocks>,
}

impl Default for WorkspaceSettings {
    fn default() -> Self {
        Self {
            soft_bounce_limit: DEFAULT_SOFT_BOUNCE_LIMIT,
            default_consent: BTreeMap::new(),
            identifier_types: IdentifierTypes::default(),
            block_erased_days: DEFAULT_BLOCK_ERASED_DAYS,
            blocks: None,
        }
    }
}

impl WorkspaceSettings {
    /// The settings of a stored text; none where it is damaged or breaks a rule.
    pub fn parse(stored: &str) -> Option<Self> {
        let settings: Self = serde_json::from_str(stored).ok()?;
        let is_valid = (1..=MAX_SOFT_BOUNCE_LIMIT).contains(&settings.soft_bounce_limit)
            && settings.block_erased_days <= MAX_BLOCK_ERASED_DAYS;
        is_valid.then_some(settings)
    }

    /// The text to be stored.
    pub fn to_text(&self) -> String {
        serde_json::to_string(self).expect("settings are plain JSON")
    }

    /// Whether an address without a consent update counts as consented on a channel.
    pub fn consents_by_default(&self, channel: &str) -> bool {
        self.default_consent.get(channel).copied().unwrap_or_else(|| default_consent(channel))
    }
}

/// Whether an address without a consent update counts as consented where the workspace says nothing: messages to a phone
/// need a yes, all others only the absence of a no.
pub fn default_consent(channel: &str) -> bool {
    !matches!(channel, "sms" | "mms" | "whatsapp" | "voice")
}

/// Default number of soft bounces in a row after which an address is unreachable.
pub const DEFAULT_SOFT_BOUNCE_LIMIT: u8 = 5;

/// Most soft bounces in a row that the setting takes.
pub const MAX_SOFT_BOUNCE_LIMIT: u8 = 100;

/// Default number of days for which the identifiers of an erased customer are not taken again.
pub const DEFAULT_BLOCK_ERASED_DAYS: u16 = 30;

/// Most days for which they may be blocked: ten years.
pub const MAX_BLOCK_ERASED_DAYS: u16 = 3_650;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_are_not_given_have_their_defaults() {
        let settings = WorkspaceSettings::parse("{}").expect("parses");
        assert_eq!(settings, WorkspaceSettings::default());
        assert!(settings.consents_by_default("email") && settings.consents_by_default("push"));
        assert!(!settings.consents_by_default("sms"));
    }

    #[test]
    fn settings_come_back_from_their_text() {
        let mut settings = WorkspaceSettings { soft_bounce_limit: 3, ..WorkspaceSettings::default() };
        settings.default_consent.insert("email".to_owned(), false);
        let read = WorkspaceSettings::parse(&settings.to_text()).expect("parses");
        assert_eq!(read, settings);
        assert!(!read.consents_by_default("email"));
        assert!(settings.to_text().contains(r#""softBounceLimit":3"#));
    }

    #[test]
    fn damaged_settings_are_refused() {
        for text in [
            "{",
            r#"{"softBounceLimit": 900}"#,
            r#"{"softBounceLimit": 0}"#,
            r#"{"softBounceLimit": "x"}"#,
            r#"{"blockErasedDays": 3651}"#,
        ] {
            assert_eq!(WorkspaceSettings::parse(text), None, "{text}");
        }
    }
}
