//! `campaignql key create|list|revoke`.

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use clap::{Args, Subcommand};
use entity::api_key::Model;
use serde_json::{Value, json};

use super::Outcome;
use super::output::{self, Format};
use crate::config::Settings;
use crate::domain::access::Scope;
use crate::domain::audit::{Actor, AuditEntry};
use crate::domain::time::Micros;
use crate::domain::workspace::WorkspaceId;
use crate::store::api_key::{self, NewApiKey};
use crate::store::{self, Store, workspace};
use crate::{Error, Result};

/// What to do with keys.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// Make a key and print it. It cannot be printed again.
    Create(Create),
    /// List the keys of a workspace, revoked ones too.
    List(Place),
    /// Revoke a key. Servers stop honouring it within a second.
    Revoke {
        /// The key's id, as listed.
        id: i64,
        /// Where.
        #[command(flatten)]
        place: Place,
    },
}

/// The workspace, and the form of the answer.
#[derive(Debug, Args)]
pub struct Place {
    /// Name of the workspace.
    #[arg(long, default_value = "default")]
    workspace: String,
    /// Form of the answer.
    #[arg(long, value_enum, default_value_t)]
    output: Format,
}

/// A key to be made.
#[derive(Debug, Args)]
pub struct Create {
    /// What it admits to: ingest, `odp_public`, report, read or admin.
    #[arg(long, value_parser = parse_scope)]
    scope: Scope,
    /// What it is for.
    #[arg(long, default_value = "")]
    name: String,
    /// When it ends: 2027-01-31 or 2027-01-31T12:00:00Z. Without it, never.
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    expires: Option<Micros>,
    /// Where.
    #[command(flatten)]
    place: Place,
}

/// Makes, lists or revokes.
pub async fn run(action: Action, settings: &Settings) -> Result<Outcome> {
    let store = store::open(&settings.database).await?;
    match action {
        Action::Create(create) => make(&store, create).await?,
        Action::List(place) => {
            let workspace = find_workspace(&store, &place.workspace).await?;
            print(&api_key::list(&store, workspace).await?, place.output);
        }
        Action::Revoke { id, place } => {
            let workspace = find_workspace(&store, &place.workspace).await?;
            let entry = AuditEntry::new(Actor::command_line(), "apiKeyRevoke");
            let revoked = api_key::revoke(&store, workspace, id, &entry).await?;
            let missing = || Error::NotFound(format!("workspace {} has no key {id}", place.workspace));
            print(&[revoked.ok_or_else(missing)?], place.output);
        }
    }
    Ok(Outcome::Done)
}

/// The workspace of a name, or an error that names those there are.
pub async fn find_workspace(store: &Store, name: &str) -> Result<WorkspaceId> {
    if let Some(found) = workspace::find_by_name(store, name).await? {
        return Ok(found.id);
    }
    let known: Vec<String> = workspace::list(store).await?.into_iter().map(|workspace| workspace.name).collect();
    Err(Error::NotFound(format!("there is no workspace {name}; there are: {}", known.join(", "))))
}

async fn make(store: &Store, create: Create) -> Result<()> {
    let workspace = find_workspace(store, &create.place.workspace).await?;
    let new = NewApiKey { name: create.name, scope: create.scope, expires_at: create.expires };
    let entry = AuditEntry::new(Actor::command_line(), "apiKeyCreate");
    let created = api_key::create(store, workspace, &new, &entry).await?;
    match create.place.output {
        Format::Text => output::line(&created.key),
        Format::Json => {
            let mut value = as_json(&created.row);
            value["key"] = json!(created.key);
            output::json(&value);
        }
    }
    Ok(())
}

fn print(rows: &[Model], format: Format) {
    match format {
        Format::Json => output::json(&rows.iter().map(as_json).collect()),
        Format::Text => {
            let heading = ["ID", "SCOPE", "BEGINS", "NAME", "CREATED", "EXPIRES", "REVOKED"].map(str::to_owned);
            let mut table = vec![heading.to_vec()];
            table.extend(rows.iter().map(cells));
            output::table(&table);
        }
    }
}

fn cells(row: &Model) -> Vec<String> {
    let or_dash = |at: Option<i64>| at.map_or_else(|| "-".to_owned(), time);
    let (id, created) = (row.id.to_string(), time(row.created_at));
    let (scope, prefix, name) = (row.scope.clone(), row.prefix.clone(), row.name.clone());
    vec![id, scope, prefix, name, created, or_dash(row.expires_at), or_dash(row.revoked_at)]
}

fn as_json(row: &Model) -> Value {
    json!({
        "id": row.id.to_string(),
        "scope": row.scope,
        "prefix": row.prefix,
        "name": row.name,
        "createdAt": time(row.created_at),
        "expiresAt": row.expires_at.map(time),
        "revokedAt": row.revoked_at.map(time),
    })
}

fn time(micros: i64) -> String {
    Micros(micros).to_datetime().to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn parse_scope(text: &str) -> std::result::Result<Scope, String> {
    let names = || Scope::ALL.map(Scope::name).join(", ");
    Scope::from_name(text).ok_or_else(|| format!("it takes one of {}", names()))
}

/// A time as it is given on the command line: a day, or an instant.
pub(super) fn parse_time(text: &str) -> std::result::Result<Micros, String> {
    let midnight = || text.parse::<NaiveDate>().ok()?.and_hms_opt(0, 0, 0).map(|time| time.and_utc());
    let instant = || DateTime::parse_from_rfc3339(text).ok().map(|time| time.with_timezone(&Utc));
    let time = midnight().or_else(instant);
    time.map(Micros::from).ok_or_else(|| "it takes 2027-01-31 or 2027-01-31T12:00:00Z".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_a_day_or_an_instant() {
        assert_eq!(parse_time("1970-01-02"), Ok(Micros::from_seconds(86_400)));
        assert_eq!(parse_time("1970-01-01T01:00:00+01:00"), Ok(Micros(0)));
        assert!(parse_time("tomorrow").is_err());
    }

    #[test]
    fn a_scope_is_one_of_five_names() {
        assert_eq!(parse_scope("odp_public"), Ok(Scope::OdpPublic));
        assert_eq!(parse_scope("owner"), Err("it takes one of ingest, odp_public, report, read, admin".to_owned()));
    }
}
