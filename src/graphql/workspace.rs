//! The workspace that a key admits to.

use std::collections::BTreeSet;

use async_graphql::{Context, ID, Object, SimpleObject};

use super::context::caller;
use super::error::{Fault, Result};
use super::loader::{WorkspaceKey, load};
use super::node::NodeId;
use super::scalar::TimeZone;
use crate::domain::identifier_type::IdentifierTypes;
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
        i32::from(self.0.settings.soft_bounce_limit)
    }

    /// Days for which the identifiers of an erased customer are not taken again; 0: they are at once.
    fn block_erased_days(&self) -> i32 {
        i32::from(self.0.settings.block_erased_days)
    }

    /// How an address whose owner said nothing counts, for the channels that have a usual word and those that were set, by
    /// channel. On every other channel it counts as consented.
    fn default_consent(&self) -> Vec<DefaultConsent> {
        let own = self.0.settings.default_consent.keys().map(String::as_str);
        let channels: BTreeSet<&str> = own.chain(CHANNELS).collect();
        let settings = &self.0.settings;
        let of = |channel: &str| DefaultConsent {
            channel: channel.to_owned(),
            is_consented: settings.consents_by_default(channel),
        };
        channels.into_iter().map(of).collect()
    }
}

const CHANNELS: [&str; 7] = ["email", "mms", "push", "sms", "voice", "web_push", "whatsapp"];

/// How an address whose owner said nothing counts on a channel.
#[derive(Clone, Debug, SimpleObject)]
pub struct DefaultConsent {
    /// The channel, lower-case.
    channel: String,
    /// Whether it counts as consented.
    is_consented: bool,
}

/// The caller's workspace with the settings that it has now, not those at the time its key was looked up.
pub async fn fresh(ctx: &Context<'_>) -> Result<workspace::Workspace> {
    let gone = || Fault::not_found("the workspace of the key is gone");
    let workspace = load(ctx, WorkspaceKey).await?.ok_or_else(gone)?;
    debug_assert_eq!(workspace.id, caller(ctx)?.workspace_id());
    Ok(workspace)
}

/// The identifier types of the caller's workspace.
pub async fn types(ctx: &Context<'_>) -> Result<IdentifierTypes> {
    Ok(fresh(ctx).await?.settings.identifier_types)
}
