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
