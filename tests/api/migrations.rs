//! The schema of the database: it can be taken back and made again, and every entity fits it.

use campaignql::store::connect::{
    DatabaseSettings, connect_without_migrating, migrate, migrate_down, migration_status,
};
use sea_orm::{ConnectionTrait, DatabaseBackend, DatabaseConnection, EntityTrait, Statement};

use crate::kit::{TestDatabase, both_databases};

both_databases! {
    async fn going_up_down_and_up_again_leaves_the_same_schema(database: TestDatabase) {
        let db = connect(&database).await;
        migrate(&db, None).await.expect("it goes up");
        let first = schema(&db).await;
        assert!(first.len() > 30, "only {} parts of a schema", first.len());
        migrate_down(&db, None).await.expect("it goes down");
        let bare = schema(&db).await;
        assert!(bare.iter().all(|part| part.contains("seaql_migrations")), "left behind: {bare:#?}");
        migrate(&db, None).await.expect("it goes up again");
        assert_eq!(schema(&db).await, first);
    }

    async fn each_step_can_be_taken_back_by_itself(database: TestDatabase) {
        let db = connect(&database).await;
        migrate(&db, None).await.expect("it goes up");
        let steps = migration_status(&db).await.expect("it tells");
        let whole = schema(&db).await;
        for _ in &steps {
            migrate_down(&db, Some(1)).await.expect("one step back");
        }
        for _ in &steps {
            migrate(&db, Some(1)).await.expect("one step forth");
        }
        assert_eq!(schema(&db).await, whole);
    }

    async fn every_entity_can_be_selected(database: TestDatabase) {
        let db = connect(&database).await;
        migrate(&db, None).await.expect("it goes up");
        let selected = select_each(&db).await;
        let modules = include_str!("../../entity/src/lib.rs").lines().filter(|line| line.starts_with("pub mod "));
        assert_eq!(selected, modules.count(), "an entity of entity/src/lib.rs is missing in this test");
    }
}

async fn connect(database: &TestDatabase) -> DatabaseConnection {
    let settings = DatabaseSettings { url: database.url().to_owned(), max_connections: 2 };
    connect_without_migrating(&settings).await.expect("the database opens")
}

macro_rules! select {
    ($db:ident: $($entity:ident)*) => {{
        let mut selected = 0;
        $(
            let found = entity::$entity::Entity::find().all($db).await;
            found.unwrap_or_else(|error| panic!("{}: {error}", stringify!($entity)));
            selected += 1;
        )*
        selected
    }};
}

async fn select_each(db: &DatabaseConnection) -> usize {
    select!(db: address_change address_state api_key audience audit blocked_identifier campaign campaign_activity campaign_alias cell conversion conversion_latest customer customer_reach database_info detail event event_key
        event_key_undated event_type event_type_count identifier identifier_type identity_change import_journal list profile_attribute purchase_order quarantine reach_count
        recipient rollup shard suppression workspace)
}

/// Every table, column and index, in words and in order.
async fn schema(db: &DatabaseConnection) -> Vec<String> {
    let sql = match db.get_database_backend() {
        DatabaseBackend::Sqlite => {
            "SELECT type || ' ' || name || ' ' || coalesce(sql, '') AS part FROM sqlite_master ORDER BY 1"
        }
        _ => {
            "SELECT concat_ws(' ', table_name, column_name, data_type, is_nullable, column_default) AS part
             FROM information_schema.columns WHERE table_schema = 'public'
             UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
             UNION ALL SELECT concat_ws(' ', conrelid::regclass::text, conname, pg_get_constraintdef(oid))
             FROM pg_constraint WHERE connamespace = 'public'::regnamespace
             ORDER BY 1"
        }
    };
    let statement = Statement::from_string(db.get_database_backend(), sql);
    let rows = db.query_all_raw(statement).await.expect("the catalogue answers");
    rows.iter().map(|row| row.try_get::<String>("", "part").expect("it is text")).collect()
}
