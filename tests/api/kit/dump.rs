//! Everything that stands in a database, as text: what was deflated is inflated.

use std::collections::BTreeMap;

use campaignql::store::event_details::EventDetails;
use sea_orm::{ConnectionTrait, DatabaseBackend, DatabaseConnection, Statement};

use super::TestDatabase;
use super::stored::connect;

/// The migrations' own table.
const OF_MIGRATIONS: &str = "seaql_migrations";

/// A column: (table, name).
pub type ColumnName = (String, String);

/// Every column of every table, but for the migrations' own.
pub async fn columns(database: &TestDatabase) -> Vec<ColumnName> {
    columns_of(&connect(database).await).await
}

async fn columns_of(db: &DatabaseConnection) -> Vec<ColumnName> {
    let sql = match db.get_database_backend() {
        DatabaseBackend::Sqlite => {
            "SELECT m.name AS t, i.name AS c FROM sqlite_master AS m, pragma_table_info(m.name) AS i
             WHERE m.type = 'table' ORDER BY 1, 2"
        }
        _ => {
            "SELECT table_name::text AS t, column_name::text AS c FROM information_schema.columns
             WHERE table_schema = 'public' ORDER BY 1, 2"
        }
    };
    let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await;
    let rows = rows.expect("the catalogue answers");
    let column =
        |row: &sea_orm::QueryResult| (row.try_get("", "t").expect("a name"), row.try_get("", "c").expect("a name"));
    rows.iter()
        .map(column)
        .filter(|(table, _): &ColumnName| table != OF_MIGRATIONS && !table.starts_with("sqlite_"))
        .collect()
}

/// The values of every column, in lower case and one a line; bytes as what they hold, else as Latin-1.
pub async fn dump(database: &TestDatabase) -> BTreeMap<ColumnName, String> {
    let db = connect(database).await;
    let mut dumped = BTreeMap::new();
    for (table, column) in columns_of(&db).await {
        let sql = match db.get_database_backend() {
            DatabaseBackend::Sqlite => format!(
                "SELECT CASE typeof(\"{column}\") WHEN 'blob' THEN '\\x' || hex(\"{column}\")
                 ELSE CAST(\"{column}\" AS TEXT) END AS v FROM \"{table}\""
            ),
            _ => format!("SELECT \"{column}\"::text AS v FROM \"{table}\""),
        };
        let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await;
        let mut text = String::new();
        for row in rows.expect("the table answers") {
            let value: Option<String> = row.try_get("", "v").expect("a text");
            text.push_str(&readable(&value.unwrap_or_default()));
            text.push('\n');
        }
        dumped.insert((table, column), text.to_lowercase());
    }
    dumped
}

fn readable(value: &str) -> String {
    let Some(hexadecimal) = value.strip_prefix("\\x") else { return value.to_owned() };
    let byte = |at| u8::from_str_radix(&hexadecimal[at..at + 2], 16).expect("bytes in hexadecimal");
    let bytes: Vec<u8> = (0..hexadecimal.len()).step_by(2).map(byte).collect();
    match EventDetails::decode(&bytes) {
        Ok(details) => serde_json::to_string(&details).expect("it is JSON"),
        Err(_) => bytes.into_iter().map(char::from).collect(),
    }
}
