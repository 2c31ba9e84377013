//! Lists that addresses join and leave.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};

use super::campaign_update::check_text;
use super::context::{audited, caller, store};
use super::error::{Fault, Result};
use super::loader::{ListKey, load};
use super::node::NodeId;
use super::page::{Connection, CursorText, PageArguments, foreign_cursor};
use super::scalar::DateTime;
use super::user_error::UserError;
use crate::domain::time::Micros;
use crate::store;
use crate::store::page::{Page, PageEnd};

/// A list that addresses join and leave.
#[derive(Clone, Debug)]
pub struct List {
    row: entity::list::Model,
}

impl From<entity::list::Model> for List {
    fn from(row: entity::list::Model) -> Self {
        Self { row }
    }
}

impl List {
    /// Its number, as address states name it.
    pub fn number(&self) -> i64 {
        self.row.id
    }

    /// What events name it by.
    pub fn text(&self) -> &str {
        &self.row.name
    }
}

/// A list that addresses join and leave, such as a newsletter. One that an event names first is created on the spot.
#[Object]
impl List {
    /// Opaque, unique over all types, and stable.
    pub async fn id(&self) -> ID {
        NodeId::List(self.row.id).encode()
    }

    /// The id that its source gave it, or the name that it was created by: what events name it by, exactly.
    pub async fn name(&self) -> &str {
        &self.row.name
    }

    /// When it was created, or an event named it first.
    async fn created_at(&self) -> DateTime {
        DateTime(Micros(self.row.created_at))
    }
}

/// A list to be made.
#[derive(Clone, Debug, InputObject)]
pub struct ListCreateInput {
    /// Its name, 1 to 200 characters: the id by which events will name it.
    name: String,
}

/// A list, or what is wrong.
#[derive(Debug, SimpleObject)]
pub struct ListCreatePayload {
    /// The list; one of that name that was there already is answered as it is. Null where nothing was made.
    list: Option<List>,
    /// What a person can mend; empty on success.
    user_errors: Vec<UserError>,
}

/// Makes a list.
pub async fn create(ctx: &Context<'_>, input: ListCreateInput) -> Result<ListCreatePayload> {
    let name = input.name.trim();
    if let Some(error) = check_text(name, &["input", "name"]) {
        return Ok(ListCreatePayload { list: None, user_errors: vec![error] });
    }
    let entry = audited(ctx, "listCreate")?;
    let (row, _) = store::list::create(store(ctx)?, caller(ctx)?.workspace_id(), name, Some(&entry)).await?;
    Ok(ListCreatePayload { list: Some(row.into()), user_errors: Vec::new() })
}

/// The first lists, by name.
pub async fn all(ctx: &Context<'_>, limit: usize) -> Result<Vec<List>> {
    let page = Page { after: None, before: None, from: PageEnd::Start, limit: limit as u64 };
    let slice = store::list::page(store(ctx)?, caller(ctx)?.workspace_id(), &page).await?;
    Ok(slice.rows.into_iter().map(List::from).collect())
}

/// The list of a number.
pub async fn find(ctx: &Context<'_>, id: i64) -> Result<Option<List>> {
    Ok(load(ctx, ListKey(id)).await?.map(List::from))
}

/// The list of a global id that a question names; one that does not exist is not found.
pub async fn by_id(ctx: &Context<'_>, id: &ID) -> Result<List> {
    let missing = || Fault::not_found(format!("list: {} names no list", id.as_str()));
    let Some(NodeId::List(number)) = NodeId::decode(id) else { return Err(missing()) };
    find(ctx, number).await?.ok_or_else(missing)
}

const BY_NAME: &str = "list.name";

/// A page of lists, by name.
pub async fn page(ctx: &Context<'_>, arguments: PageArguments) -> Result<Connection<List>> {
    let page = arguments.page(|cursor| match cursor.parts(BY_NAME)? {
        [name] => Ok(name.clone()),
        _ => Err(foreign_cursor()),
    })?;
    let (store, workspace) = (store(ctx)?.clone(), caller(ctx)?.workspace_id());
    let slice = store::list::page(&store, workspace, &page).await?;
    let rows = slice.map(|row| {
        let cursor = CursorText::new(BY_NAME, [row.name.clone()]);
        (List::from(row), cursor)
    });
    let total = Arc::new(move || {
        let store = store.clone();
        Box::pin(async move { store::list::count(&store, workspace).await }) as _
    });
    Ok(Connection::new(rows, total))
}
