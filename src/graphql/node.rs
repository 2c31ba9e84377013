//! Global ids: opaque text that names one object of one type, and the interface of everything that has one.

use async_graphql::{Context, ID, Interface};

use super::api_key::ApiKey;
use super::audience::{self, Audience};
use super::campaign::Campaign;
use super::context::caller;
use super::customer::Customer;
use super::error::Result;
use super::event::Event;
use super::list::List;
use super::quarantine::QuarantinedRecord;
use super::workspace::Workspace;
use super::{api_key, campaign, customer, event, list, quarantine, workspace};
use crate::domain::access::Permission;
use crate::domain::global_id;
use crate::domain::reachability::EventRef;

/// An object with a global id.
#[derive(Interface)]
#[graphql(field(name = "id", ty = "ID", desc = "Opaque, unique over all types, and stable."))]
pub enum Node {
    /// A key.
    ApiKey(ApiKey),
    /// A campaign.
    Campaign(Campaign),
    /// A customer.
    Customer(Customer),
    /// An event.
    Event(Event),
    /// A list.
    List(List),
    /// A named rule over customers.
    Audience(Audience),
    /// A record that could not be taken.
    QuarantinedRecord(QuarantinedRecord),
    /// A workspace.
    Workspace(Workspace),
}

/// What a global id names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeId {
    /// A key by its number.
    ApiKey(i64),
    /// A campaign by its number.
    Campaign(i64),
    /// A customer by its number.
    Customer(i64),
    /// An event by its shard and number.
    Event(EventRef),
    /// A list by its number.
    List(i64),
    /// An audience by its number.
    Audience(i64),
    /// A quarantined record by its hash.
    QuarantinedRecord([u8; 16]),
    /// A workspace by its number.
    Workspace(i32),
}

impl NodeId {
    /// The opaque text.
    pub fn encode(self) -> ID {
        ID(global_id::encode(&self.plain()))
    }

    /// The text that the opaque one is made of.
    pub fn plain(self) -> String {
        match self {
            Self::ApiKey(id) => format!("ApiKey:{id}"),
            Self::Campaign(id) => format!("Campaign:{id}"),
            Self::Customer(id) => format!("Customer:{id}"),
            Self::Event((shard, seq)) => format!("Event:{shard}:{seq}"),
            Self::List(id) => format!("List:{id}"),
            Self::Audience(id) => format!("Audience:{id}"),
            Self::QuarantinedRecord(id) => format!("QuarantinedRecord:{:032x}", u128::from_be_bytes(id)),
            Self::Workspace(id) => format!("Workspace:{id}"),
        }
    }

    /// What the text names; none for text that was never given out.
    pub fn decode(id: &ID) -> Option<Self> {
        let plain = global_id::decode(id.as_str())?;
        let (name, key) = plain.split_once(':')?;
        let found = match name {
            "ApiKey" => Self::ApiKey(key.parse().ok()?),
            "Campaign" => Self::Campaign(key.parse().ok()?),
            "Customer" => Self::Customer(key.parse().ok()?),
            "Event" => {
                let (shard, seq) = key.split_once(':')?;
                Self::Event((shard.parse().ok()?, seq.parse().ok()?))
            }
            "List" => Self::List(key.parse().ok()?),
            "Audience" => Self::Audience(key.parse().ok()?),
            "QuarantinedRecord" => Self::QuarantinedRecord(u128::from_str_radix(key, 16).ok()?.to_be_bytes()),
            "Workspace" => Self::Workspace(key.parse().ok()?),
            _ => return None,
        };
        // Only the canonical text counts, so that one object has one id.
        (found.encode() == *id).then_some(found)
    }

    /// The number of a campaign, if it names one.
    pub fn campaign(id: &ID) -> Option<i64> {
        if let Some(Self::Campaign(id)) = Self::decode(id) { Some(id) } else { None }
    }

    /// The number of a customer, if it names one.
    pub fn customer(id: &ID) -> Option<i64> {
        if let Some(Self::Customer(id)) = Self::decode(id) { Some(id) } else { None }
    }

    fn permission(self) -> Permission {
        match self {
            Self::Audience(_) | Self::Campaign(_) | Self::List(_) | Self::Workspace(_) => Permission::ReadAggregates,
            Self::Customer(_) | Self::Event(_) | Self::QuarantinedRecord(_) => Permission::ReadPersonalData,
            Self::ApiKey(_) => Permission::Administer,
        }
    }
}

/// The object that an id names; none where the workspace has no such object.
pub async fn find(ctx: &Context<'_>, id: &ID) -> Result<Option<Node>> {
    let Some(id) = NodeId::decode(id) else { return Ok(None) };
    let caller = caller(ctx)?;
    caller.require(id.permission())?;
    Ok(match id {
        NodeId::ApiKey(id) => api_key::find(ctx, id).await?.map(Node::ApiKey),
        NodeId::Campaign(id) => campaign::find(ctx, id).await?.map(Node::Campaign),
        NodeId::Customer(id) => customer::find(ctx, id).await?.map(Node::Customer),
        NodeId::Event(id) => event::find(ctx, id).await?.map(Node::Event),
        NodeId::List(id) => list::find(ctx, id).await?.map(Node::List),
        NodeId::Audience(id) => audience::find(ctx, id).await?.map(Node::Audience),
        NodeId::QuarantinedRecord(id) => quarantine::find(ctx, id).await?.map(Node::QuarantinedRecord),
        NodeId::Workspace(id) => {
            let own = if id == caller.workspace.id.0 { Some(workspace::fresh(ctx).await?) } else { None };
            own.map(|workspace| Node::Workspace(Workspace(workspace)))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_come_back_as_what_they_name() {
        let ids = [
            NodeId::ApiKey(7),
            NodeId::Campaign(i64::MAX),
            NodeId::Customer(1),
            NodeId::Event((3, 99)),
            NodeId::List(i64::MAX),
            NodeId::Audience(7),
            NodeId::QuarantinedRecord([9; 16]),
            NodeId::QuarantinedRecord([0; 16]),
            NodeId::Workspace(1),
        ];
        for id in ids {
            assert_eq!(NodeId::decode(&id.encode()), Some(id));
        }
    }

    #[test]
    fn text_that_was_never_given_out_names_nothing() {
        let encoded = |plain: &str| ID(global_id::encode(plain));
        for id in [
            ID("Campaign:1".to_owned()),
            encoded("Campaign:01"),
            encoded("Campaign:1x"),
            encoded("Event:1"),
            encoded("Secret:1"),
            encoded("QuarantinedRecord:FF"),
            ID(String::new()),
        ] {
            assert_eq!(NodeId::decode(&id), None, "{id:?}");
        }
        assert_eq!(NodeId::campaign(&NodeId::Customer(1).encode()), None);
    }
}
