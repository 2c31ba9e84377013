//! What the tests stand on: databases of their own, the server over the real routes, the real program, and records.

pub mod client;
pub mod database;
pub mod dump;
pub mod program;
pub mod record;
pub mod server;
pub mod stored;
pub mod wrapped;

pub use client::{Answer, Client};
pub use database::TestDatabase;
pub use program::Program;
pub use server::TestServer;

/// No test may hang: one that takes longer than this fails.
pub const PATIENCE: std::time::Duration = std::time::Duration::from_mins(2);

/// Runs each test on SQLite and on PostgreSQL, as two tests: `name::on_sqlite` and `name::on_postgresql`.
macro_rules! both_databases {
    ($(async fn $name:ident($given:ident: TestDatabase) $body:block)*) => {$(
        mod $name {
            #[allow(unused_imports, reason = "not every test needs everything that its file imports")]
            use super::*;
            use $crate::kit::database::TestDatabase as Given;

            async fn check($given: Given) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_sqlite() {
                let test = check(Given::sqlite());
                tokio::time::timeout($crate::kit::PATIENCE, test).await.expect("the test ends in time");
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_postgresql() {
                let Some(database) = Given::postgresql() else { return };
                let test = check(database);
                tokio::time::timeout($crate::kit::PATIENCE, test).await.expect("the test ends in time");
            }
        }
    )*};
    ($(async fn $name:ident($given:ident: TestServer) $body:block)*) => {
        $crate::kit::both_databases! {$(
            async fn $name(database: TestDatabase) {
                let $given = $crate::kit::TestServer::start(database).await;
                $body
            }
        )*}
    };
}
pub(crate) use both_databases;
