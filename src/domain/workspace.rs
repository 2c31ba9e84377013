//! The tenant that everything belongs to, and its settings.

use chrono_tz::Tz;

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
    /// Number of soft bounces in a row after which an address is unreachable.
    pub soft_bounce_limit: u8,
}

/// Default number of soft bounces in a row after which an address is unreachable.
pub const DEFAULT_SOFT_BOUNCE_LIMIT: u8 = 5;

/// Most soft bounces in a row that the setting takes.
pub const MAX_SOFT_BOUNCE_LIMIT: u8 = 100;

/// The number of soft bounces in a row after which an address is unreachable, from a workspace's stored settings.
pub fn soft_bounce_limit(settings: &serde_json::Value) -> u8 {
    let given = settings.get("softBounceLimit").and_then(serde_json::Value::as_u64);
    let limit = given.and_then(|limit| u8::try_from(limit).ok());
    limit.map_or(DEFAULT_SOFT_BOUNCE_LIMIT, |limit| limit.clamp(1, MAX_SOFT_BOUNCE_LIMIT))
}
