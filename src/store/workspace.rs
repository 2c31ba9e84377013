//! Workspaces: the tenants. Finding one by name or number is how everything else gets its scope.

use chrono_tz::Tz;
use entity::workspace;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use super::Store;
use crate::domain::time::Micros;
use crate::domain::workspace::{Workspace, WorkspaceId, WorkspaceSettings};
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

/// What a new workspace is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewWorkspace {
    /// Its unique name.
    pub name: String,
    /// The zone in which its reports count days.
    pub time_zone: Tz,
    /// ISO 4217 code.
    pub currency: String,
    /// Its rules.
    pub settings: WorkspaceSettings,
}

/// Makes a workspace; none where the name is taken.
pub async fn create(store: &Store, new: &NewWorkspace) -> Result<Option<Workspace>> {
    for _ in 0..MAX_TRIES {
        if find_by_name(store, &new.name).await?.is_some() {
            return Ok(None);
        }
        let last = workspace::Entity::find().order_by_desc(workspace::Column::Id).one(store.db()).await?;
        let id = last.map_or(1, |row| row.id + 1);
        let row = workspace::ActiveModel {
            id: Set(id),
            name: Set(new.name.clone()),
            time_zone: Set(new.time_zone.name().to_owned()),
            currency: Set(new.currency.clone()),
            settings: Set(new.settings.to_text()),
            created_at: Set(Micros::now().0),
        };
        // Somebody else may take the number or the name meanwhile.
        workspace::Entity::insert(row).on_conflict_do_nothing().exec_without_returning(store.db()).await?;
        if let Some(made) = find(store, WorkspaceId(id)).await?.filter(|made| made.name == new.name) {
            return Ok(Some(made));
        }
    }
    Err(Error::Unavailable { retry_after_s: 1 })
}

const MAX_TRIES: usize = 5;

fn parse(row: &workspace::Model) -> Result<Workspace> {
    let damaged = |what: &str| Error::Corrupt(format!("{what} of workspace {}", row.id));
    Ok(Workspace {
        id: WorkspaceId(row.id),
        name: row.name.clone(),
        time_zone: row.time_zone.parse().map_err(|_| damaged("time zone"))?,
        currency: row.currency.clone(),
        settings: WorkspaceSettings::parse(&row.settings).ok_or_else(|| damaged("settings"))?,
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
    fn a_row_is_read() {
        let parsed = parse(&row(r#"{"softBounceLimit": 3}"#, "Europe/Berlin")).expect("parses");
        assert_eq!(parsed.settings.soft_bounce_limit, 3);
        assert_eq!(parsed.time_zone, chrono_tz::Europe::Berlin);
    }

    #[test]
    fn a_damaged_row_is_an_error() {
        assert!(parse(&row("{", "UTC")).is_err());
        assert!(parse(&row("{}", "Mars/Olympus")).is_err());
    }
}
