//! What stands in the database, read past the program.

use campaignql::store::connect::{DatabaseSettings, connect_without_migrating};
use campaignql::store::event_details::EventDetails;
use entity::quarantine::{Column, Entity as Quarantine, Model as Quarantined};
use sea_orm::{ColumnTrait, DatabaseConnection, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder};

use super::TestDatabase;

/// A connection to a test's database.
pub async fn connect(database: &TestDatabase) -> DatabaseConnection {
    let settings = DatabaseSettings { url: database.url().to_owned(), max_connections: 2 };
    connect_without_migrating(&settings).await.expect("the database opens")
}

/// Number of stored events.
pub async fn events(database: &TestDatabase) -> u64 {
    let db = connect(database).await;
    entity::event::Entity::find().count(&db).await.expect("the table answers")
}

/// Codes of the notes on stored events.
pub async fn notes(database: &TestDatabase) -> Vec<String> {
    let db = connect(database).await;
    let events = entity::event::Entity::find().all(&db).await.expect("the table answers");
    let details = events.iter().map(|event| EventDetails::decode(&event.details).expect("it was encoded"));
    details.flat_map(|details| details.notes).map(|(code, _)| code).collect()
}

/// Number of files that the journal holds.
pub async fn journal_files(database: &TestDatabase) -> u64 {
    let db = connect(database).await;
    let files = entity::import_journal::Entity::find().filter(entity::import_journal::Column::Path.ne(""));
    files.count(&db).await.expect("the table answers")
}

/// Every quarantined record, by file and position.
pub async fn quarantined(database: &TestDatabase) -> Vec<Quarantined> {
    let db = connect(database).await;
    let rows = Quarantine::find().order_by_asc(Column::Source).order_by_asc(Column::Position);
    rows.all(&db).await.expect("the table answers")
}
