//! The workspace that a key admits to.

use async_graphql::{ID, Object};

use super::node::NodeId;
use super::scalar::TimeZone;
use crate::domain::workspace;

/// The workspace that a key admits to.
#[derive(Clone, Debug)]
pub struct Workspace(pub workspace::Workspace);

/// The tenant that everything belongs to: the one that the key admits to.
#[Object]
impl Workspace {
    /// Opaque, unique over all types, and stable.
    pub async fn id(&self) -> ID {
        NodeId::Workspace(self.0.id.0).encode()
    }

    /// Its unique name.
    fn name(&self) -> &str {
        &self.0.name
    }

    /// The zone in which its reports count days.
    fn time_zone(&self) -> TimeZone {
        TimeZone(self.0.time_zone)
    }

    /// ISO 4217 code of the currency of orders that name none.
    fn currency(&self) -> &str {
        &self.0.currency
    }

    /// Number of soft bounces in a row after which an address counts as unreachable.
    fn soft_bounce_limit(&self) -> i32 {
        i32::from(self.0.soft_bounce_limit)
    }
}
