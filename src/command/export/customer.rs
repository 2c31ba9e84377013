//! `campaignql export customer`: everything about one customer, however much that is.

use std::path::PathBuf;

use async_graphql::ID;
use clap::{ArgGroup, Args};

use super::{done, target};
use crate::analytics::customer_export;
use crate::command::Outcome;
use crate::command::key::find_workspace;
use crate::domain::audit::{Actor, AuditEntry};
use crate::domain::identifier::{Identifier, Normalized, normalize};
use crate::domain::workspace::WorkspaceId;
use crate::graphql::node::NodeId;
use crate::store::{self, Store, workspace};
use crate::{Error, Result};

/// Which customer.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("who").args(["id", "identifier"]).required(true))]
pub struct Customer {
    /// Its global id, as the API gives it.
    #[arg(long)]
    id: Option<String>,
    /// An identifier that names it, such as email=ann@mail.example.
    #[arg(long, value_name = "TYPE=VALUE", value_parser = parse_identifier)]
    identifier: Option<Identifier>,
    /// The file; without it, standard output.
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Name of the workspace.
    #[arg(long, default_value = "default")]
    workspace: String,
}

/// Exports.
pub async fn run(wanted: &Customer, store: &Store) -> Result<Outcome> {
    let id = find_workspace(store, &wanted.workspace).await?;
    let found = find(store, id, wanted).await?;
    let unknown = || Error::NotFound(format!("workspace {} knows no such customer", wanted.workspace));
    let customer = found.ok_or_else(unknown)?.id;
    let workspace = workspace::find(store, id).await?;
    let workspace = workspace.ok_or_else(|| Error::NotFound(format!("there is no workspace {}", wanted.workspace)))?;
    let entry = AuditEntry::new(Actor::command_line(), "customerExport").on(NodeId::Customer(customer).plain());
    // Before the first byte is written: what was read must be on record.
    let open = store::audit::open(store, id, &entry).await?;
    let mut target = target(wanted.output.as_deref())?;
    let written = customer_export::write(store, &workspace, customer, &mut target).await?;
    if let Ok(counts) = &written {
        store::audit::complete(store, open, &counts.record(entry)).await?;
    }
    done(written.map(|_| ()))
}

async fn find(store: &Store, workspace: WorkspaceId, wanted: &Customer) -> Result<Option<entity::customer::Model>> {
    match (&wanted.id, &wanted.identifier) {
        (Some(id), _) => match NodeId::customer(&ID(id.clone())) {
            Some(number) => store::customer::find(store, workspace, number).await,
            None => Err(Error::BadInput(format!("--id {id} is no global id of a customer"))),
        },
        (None, Some(identifier)) => store::customer::find_by_identifier(store, workspace, identifier).await,
        (None, None) => Ok(None),
    }
}

fn parse_identifier(text: &str) -> std::result::Result<Identifier, String> {
    let (name, value) = text.split_once('=').ok_or("it takes TYPE=VALUE, such as email=ann@mail.example")?;
    match normalize(name, value) {
        Normalized::Identifier(identifier) => Ok(identifier),
        Normalized::UnknownType => Err(format!("{name} is no type of identifier")),
        Normalized::Nobody => Err(format!("{value:?} means nobody")),
        Normalized::TooLong => Err(format!("the {name} is longer than identifiers are")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_is_given_with_its_type() {
        let ann = Identifier { name: "email".to_owned(), value: "ann@mail.example".to_owned() };
        assert_eq!(parse_identifier("email= Ann@Mail.Example"), Ok(ann));
        for wrong in ["ann@mail.example", "nickname=ann", "user_id=null"] {
            assert!(parse_identifier(wrong).is_err(), "{wrong}");
        }
    }
}
