//! The server over the real routes, in this process, on a port of its own.

use std::sync::atomic::{AtomicI32, Ordering};

use campaignql::config::{self, Settings, Sources};
use campaignql::domain::access::Scope;
use campaignql::domain::audit::{Actor, AuditEntry};
use campaignql::domain::workspace::WorkspaceId;
use campaignql::http::{self, RunningServer};
use campaignql::store::api_key::{self, NewApiKey};
use sea_orm::ActiveValue::Set;
use sea_orm::EntityTrait;

use super::{Client, TestDatabase};

/// The admin key of every test's server.
pub const ADMIN_KEY: &str = "test-admin-key-000000000000000000000000";

/// A running server over a database of its own.
pub struct TestServer {
    /// Somebody who may do everything in the workspace `default`.
    pub admin: Client,
    running: RunningServer,
    /// A file of SQLite is removed when this is dropped.
    _database: TestDatabase,
}

impl TestServer {
    /// A server with default settings.
    pub async fn start(database: TestDatabase) -> Self {
        Self::start_with(database, &[]).await
    }

    /// A server with some settings of its own.
    pub async fn start_with(database: TestDatabase, given: &[(&'static str, &str)]) -> Self {
        let settings = settings(&database, given);
        let running = http::start(settings).await.expect("the server starts");
        let admin = Client::new(&running.url()).with_key(ADMIN_KEY);
        Self { admin, running, _database: database }
    }

    /// Where it answers.
    pub fn url(&self) -> String {
        self.running.url()
    }

    /// The database behind it.
    pub fn store(&self) -> &campaignql::store::Store {
        &self.running.state.store
    }

    /// Somebody without a key.
    pub fn anybody(&self) -> Client {
        Client::new(&self.running.url())
    }

    /// Somebody with a new key of the workspace `default`.
    pub async fn holder_of(&self, scope: Scope) -> Client {
        self.member_of(WorkspaceId(1), scope).await
    }

    /// Somebody with a new key of a workspace.
    pub async fn member_of(&self, workspace: WorkspaceId, scope: Scope) -> Client {
        self.anybody().with_key(&self.new_key(workspace, scope).await)
    }

    /// A new key of the workspace `default`, as text.
    pub async fn key_of(&self, scope: Scope) -> String {
        self.new_key(WorkspaceId(1), scope).await
    }

    async fn new_key(&self, workspace: WorkspaceId, scope: Scope) -> String {
        let new = NewApiKey { name: "test".to_owned(), scope, expires_at: None };
        let entry = AuditEntry::new(Actor::server(), "apiKeyCreate");
        api_key::create(&self.running.state.store, workspace, &new, &entry).await.expect("a key can be made").key
    }

    /// An administrator of a new, empty workspace.
    pub async fn another_workspace(&self) -> Client {
        static NEXT: AtomicI32 = AtomicI32::new(2);
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        let workspace = entity::workspace::ActiveModel {
            id: Set(id),
            name: Set(format!("workspace {id}")),
            time_zone: Set("UTC".to_owned()),
            currency: Set("USD".to_owned()),
            settings: Set("{}".to_owned()),
            created_at: Set(0),
        };
        let insert = entity::workspace::Entity::insert(workspace).exec_without_returning(self.running.state.store.db());
        insert.await.expect("a workspace can be made");
        self.member_of(WorkspaceId(id), Scope::Admin).await
    }

    /// Stops as SIGTERM does.
    pub async fn stop(self) {
        self.running.stop().await;
    }
}

/// Settings as from flags, and from nowhere else.
fn settings(database: &TestDatabase, given: &[(&'static str, &str)]) -> Settings {
    let fixed = [
        ("database_url", database.url()),
        ("listen", "127.0.0.1:0"),
        ("admin_key", ADMIN_KEY),
        ("http_workers", "1"),
        ("database_max_connections", "4"),
    ];
    let flags = given.iter().chain(&fixed).map(|(name, value)| (*name, (*value).to_owned())).collect();
    let sources = Sources { flags, environment: Vec::new(), file: None };
    let values = config::merge(&sources).expect("the settings are known");
    Settings::parse(&values).expect("the settings are good")
}
