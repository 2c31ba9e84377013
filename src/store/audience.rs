//! Audiences: named rules over customers.

use entity::audience;
use sea_orm::sea_query::{OnConflict, Order};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};

use super::page::{Page, PageEnd, Slice};
use super::{Store, audit};
use crate::domain::audience::Rule;
use crate::domain::audit::AuditEntry;
use crate::domain::hash::hash63;
use crate::domain::time::Micros;
use crate::domain::workspace::WorkspaceId;
use crate::{Error, Result};

/// Most audiences of a workspace: a customer's are found by asking all of them.
pub const MAX_AUDIENCES: u64 = 1_000;

/// An audience, its rule read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audience {
    /// Hash of the name.
    pub id: i64,
    /// What clients ask for it by.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Who is in it.
    pub rule: Rule,
    /// When it was made.
    pub created_at: Micros,
    /// When it was changed last.
    pub updated_at: Micros,
}

/// The id of an audience by its name.
pub fn id_of(name: &str) -> i64 {
    hash63(&[b"audience", name.as_bytes()])
}

/// The audience of an id.
pub async fn find(store: &Store, workspace: WorkspaceId, id: i64) -> Result<Option<Audience>> {
    audience::Entity::find_by_id((workspace.0, id)).one(store.db()).await?.map(read).transpose()
}

/// The audiences of some names, or all; by name.
pub async fn find_many(store: &Store, workspace: WorkspaceId, names: Option<&[String]>) -> Result<Vec<Audience>> {
    let ids = names.map(|names| audience::Column::Id.is_in(names.iter().map(|name| id_of(name))));
    let found = audience::Entity::find()
        .filter(audience::Column::Workspace.eq(workspace.0))
        .filter(Condition::all().add_option(ids))
        .order_by_asc(audience::Column::Name)
        .limit(MAX_AUDIENCES);
    found.all(store.db()).await?.into_iter().map(read).collect()
}

/// A page of audiences, by name as the database compares it.
pub async fn page(store: &Store, workspace: WorkspaceId, page: &Page<String>) -> Result<Slice<Audience>> {
    let order = if page.from == PageEnd::Start { Order::Asc } else { Order::Desc };
    let between = Condition::all()
        .add_option(page.after.as_ref().map(|name| audience::Column::Name.gt(name)))
        .add_option(page.before.as_ref().map(|name| audience::Column::Name.lt(name)));
    let rows = audience::Entity::find()
        .filter(audience::Column::Workspace.eq(workspace.0))
        .filter(between)
        .order_by(audience::Column::Name, order)
        .limit(page.limit + 1)
        .all(store.db())
        .await?;
    Slice::of_walk(rows, page).try_map(read)
}

/// Number of audiences.
pub async fn count(store: &Store, workspace: WorkspaceId) -> Result<i64> {
    let number = audience::Entity::find().filter(audience::Column::Workspace.eq(workspace.0)).count(store.db()).await?;
    Ok(i64::try_from(number).unwrap_or(i64::MAX))
}

/// What an audience is to be.
#[derive(Clone, Copy, Debug)]
pub struct NewAudience<'a> {
    /// What clients ask for it by.
    pub name: &'a str,
    /// What it is for.
    pub description: Option<&'a str>,
    /// Who is in it.
    pub rule: &'a Rule,
}

/// Makes the audience of a name, or changes its description and rule, with an entry in the audit log.
pub async fn put(store: &Store, workspace: WorkspaceId, audience: NewAudience<'_>, entry: &AuditEntry) -> Result<()> {
    let NewAudience { name, description, rule } = audience;
    let (now, rule) = (Micros::now().0, serde_json::to_string(rule));
    let row = audience::ActiveModel {
        workspace: Set(workspace.0),
        id: Set(id_of(name)),
        name: Set(name.to_owned()),
        description: Set(description.map(str::to_owned)),
        rule: Set(rule.map_err(|error| Error::Corrupt(format!("the rule of audience {name}: {error}")))?),
        created_at: Set(now),
        updated_at: Set(now),
    };
    let changed = [audience::Column::Description, audience::Column::Rule, audience::Column::UpdatedAt];
    let on_conflict =
        OnConflict::columns([audience::Column::Workspace, audience::Column::Id]).update_columns(changed).to_owned();
    let object = format!("Audience:{}", id_of(name));
    let transaction = audit::begin(store, workspace, &entry.clone().on(object)).await?;
    audience::Entity::insert(row).on_conflict(on_conflict).exec_without_returning(&transaction).await?;
    Ok(transaction.commit().await?)
}

/// Removes an audience, with an entry in the audit log; false where there was none.
pub async fn remove(store: &Store, workspace: WorkspaceId, id: i64, entry: &AuditEntry) -> Result<bool> {
    let transaction = audit::begin(store, workspace, &entry.clone().on(format!("Audience:{id}"))).await?;
    let removed = audience::Entity::delete_by_id((workspace.0, id)).exec(&transaction).await?;
    if removed.rows_affected == 0 {
        return Ok(false);
    }
    transaction.commit().await?;
    Ok(true)
}

fn read(row: audience::Model) -> Result<Audience> {
    let damaged = |error| Error::Corrupt(format!("the rule of audience {}: {error}", row.name));
    let rule = serde_json::from_str(&row.rule).map_err(damaged)?;
    let (created_at, updated_at) = (Micros(row.created_at), Micros(row.updated_at));
    Ok(Audience { id: row.id, name: row.name, description: row.description, rule, created_at, updated_at })
}
