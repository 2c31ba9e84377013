//! Workspaces: the tenants. Finding one by name or number is how everything else gets its scope.

use entity::workspace;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use super::Store;
use crate::domain::workspace::{DEFAULT_SOFT_BOUNCE_LIMIT, Workspace, WorkspaceId};
use crate::{Error, Result};

/// The workspace of a number.
pub async fn find(store: &Store, id: WorkspaceId) -> Result<Option<Workspace>> {
    workspace::Entity::find_by_id(id.0).one(store.db()).await?.map(|row| parse(&row)).transpose()
}

/// The workspace of a name.
pub async fn find_by_name(store: &Store, name: &str) -> Result<Option<Workspace>> {
    let found = workspace::Entity::find().filter(workspace::Column::Name.eq(name));
    found.one(store.db()).await?.map(|row| parse(&row)).transpose()
}

/// Every workspace, by number.
pub async fn list(store: &Store) -> Result<Vec<Workspace>> {
    let rows = workspace::Entity::find().order_by_asc(workspace::Column::Id).all(store.db()).await?;
    rows.iter().map(parse).collect()
}

/// Name of the setting that holds the number of soft bounces in a row after which an address is unreachable.
const SOFT_BOUNCE_LIMIT: &str = "soft_bounce_limit";

fn parse(row: &workspace::Model) -> Result<Workspace> {
    let damaged = |what: &str| Error::Corrupt(format!("{what} of workspace {}", row.id));
    let settings: serde_json::Value = serde_json::from_str(&row.settings).map_err(|_| damaged("settings"))?;
    let soft_bounce_limit = match settings.get(SOFT_BOUNCE_LIMIT) {
        None => DEFAULT_SOFT_BOUNCE_LIMIT,
        Some(limit) => {
            limit.as_u64().and_then(|limit| u8::try_from(limit).ok()).ok_or_else(|| damaged(SOFT_BOUNCE_LIMIT))?
        }
    };
    Ok(Workspace {
        id: WorkspaceId(row.id),
        name: row.name.clone(),
        time_zone: row.time_zone.parse().map_err(|_| damaged("time zone"))?,
        currency: row.currency.clone(),
        soft_bounce_limit,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(settings: &str, time_zone: &str) -> workspace::Model {
        workspace::Model {
            id: 1,
            name: "default".to_owned(),
            time_zone: time_zone.to_owned(),
            currency: "USD".to_owned(),
            settings: settings.to_owned(),
            created_at: 0,
        }
    }

    #[test]
    fn settings_that_are_not_given_have_their_defaults() {
        let parsed = parse(&row("{}", "Europe/Berlin")).expect("parses");
        assert_eq!(parsed.soft_bounce_limit, DEFAULT_SOFT_BOUNCE_LIMIT);
        assert_eq!(parsed.time_zone, chrono_tz::Europe::Berlin);
        assert_eq!(parse(&row(r#"{"soft_bounce_limit": 3}"#, "UTC")).expect("parses").soft_bounce_limit, 3);
    }

    #[test]
    fn a_damaged_row_is_an_error() {
        assert!(parse(&row("{", "UTC")).is_err());
        assert!(parse(&row("{}", "Mars/Olympus")).is_err());
        assert!(parse(&row(r#"{"soft_bounce_limit": 900}"#, "UTC")).is_err());
    }
}
