//! The one shape that all tables share: a primary key in the order given, columns that are not null unless said, and on
//! SQLite no hidden row number (rows are stored in key order, as Postgres' index would find them).

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DatabaseBackend;

/// One column of a new table.
pub struct Column {
    definition: ColumnDef,
    is_nullable: bool,
}

impl Column {
    /// Allows null.
    pub fn nullable(mut self) -> Self {
        self.is_nullable = true;
        self
    }

    /// Gives rows that do not name the column a 0, those that are there before it included.
    pub fn or_zero(mut self) -> Self {
        self.definition.default(0);
        self
    }
}

fn column(name: &'static str, set_type: impl FnOnce(&mut ColumnDef)) -> Column {
    let mut definition = ColumnDef::new(Alias::new(name));
    set_type(&mut definition);
    Column { definition, is_nullable: false }
}

/// Text of any length.
pub fn text(name: &'static str) -> Column {
    column(name, |definition| {
        definition.text();
    })
}

/// 16 bits.
pub fn small_integer(name: &'static str) -> Column {
    column(name, |definition| {
        definition.small_integer();
    })
}

/// 32 bits.
pub fn integer(name: &'static str) -> Column {
    column(name, |definition| {
        definition.integer();
    })
}

/// 64 bits.
pub fn big_integer(name: &'static str) -> Column {
    column(name, |definition| {
        definition.big_integer();
    })
}

/// True or false.
pub fn boolean(name: &'static str) -> Column {
    column(name, |definition| {
        definition.boolean();
    })
}

/// Bytes.
pub fn blob(name: &'static str) -> Column {
    column(name, |definition| {
        definition.blob();
    })
}

/// Creates a table.
pub async fn create(
    manager: &SchemaManager<'_>,
    name: &str,
    key: &[&'static str],
    columns: Vec<Column>,
) -> Result<(), DbErr> {
    let mut statement = Table::create();
    statement.table(Alias::new(name));
    for mut column in columns {
        if !column.is_nullable {
            column.definition.not_null();
        }
        statement.col(column.definition);
    }
    let mut primary_key = Index::create();
    primary_key.name(format!("{name}_pkey")).primary();
    for part in key {
        primary_key.col(Alias::new(*part));
    }
    statement.primary_key(&mut primary_key);
    if manager.get_database_backend() == DatabaseBackend::Sqlite {
        statement.extra("WITHOUT ROWID");
    }
    manager.create_table(statement).await
}

/// Leaves room in the pages of tables whose rows are rewritten again and again, so that Postgres can put a row's next version
/// beside it without touching an index. SQLite rewrites rows in place.
pub async fn rewritten_often(manager: &SchemaManager<'_>, names: &[&str]) -> Result<(), DbErr> {
    if manager.get_database_backend() == DatabaseBackend::Postgres {
        for name in names {
            let sql = format!("ALTER TABLE \"{name}\" SET (fillfactor = 75, autovacuum_vacuum_scale_factor = 0.05)");
            manager.get_connection().execute_unprepared(&sql).await?;
        }
    }
    Ok(())
}

/// Creates an index.
pub async fn index(
    manager: &SchemaManager<'_>,
    table: &str,
    name: &str,
    columns: &[&'static str],
) -> Result<(), DbErr> {
    manager.create_index(index_on(table, name, columns)).await
}

/// Creates an index that admits each value once.
pub async fn unique_index(
    manager: &SchemaManager<'_>,
    table: &str,
    name: &str,
    columns: &[&'static str],
) -> Result<(), DbErr> {
    let mut statement = index_on(table, name, columns);
    statement.unique();
    manager.create_index(statement).await
}

/// Adds a column, which must admit null or have a default where there are rows.
pub async fn add_column(manager: &SchemaManager<'_>, table: &str, mut column: Column) -> Result<(), DbErr> {
    if !column.is_nullable {
        column.definition.not_null();
    }
    manager.alter_table(Table::alter().table(Alias::new(table)).add_column(column.definition).to_owned()).await
}

/// Removes a column.
pub async fn remove_column(manager: &SchemaManager<'_>, table: &str, column: &str) -> Result<(), DbErr> {
    let (table, column) = (Alias::new(table), Alias::new(column));
    manager.alter_table(Table::alter().table(table).drop_column(column).to_owned()).await
}

/// Removes a table with its indexes.
pub async fn remove(manager: &SchemaManager<'_>, name: &str) -> Result<(), DbErr> {
    manager.drop_table(Table::drop().table(Alias::new(name)).to_owned()).await
}

fn index_on(table: &str, name: &str, columns: &[&'static str]) -> IndexCreateStatement {
    let mut statement = Index::create();
    statement.name(name).table(Alias::new(table));
    for column in columns {
        statement.col(Alias::new(*column));
    }
    statement
}
