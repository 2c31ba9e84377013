//! Placeholder.
use crate::{ingest::Ingest, store::Store};
/// Placeholder.
#[derive(Debug)]
pub struct Q;
#[async_graphql::Object]
impl Q {
    /// Placeholder.
    async fn ok(&self) -> bool {
        true
    }
}
/// Placeholder.
pub type Schema = async_graphql::Schema<Q, async_graphql::EmptyMutation, async_graphql::EmptySubscription>;
/// Placeholder.
pub fn schema(_store: Store, _ingest: Ingest) -> Schema {
    Schema::new(Q, async_graphql::EmptyMutation, async_graphql::EmptySubscription)
}
/// Placeholder.
pub fn sdl() -> String {
    Schema::new(Q, async_graphql::EmptyMutation, async_graphql::EmptySubscription).sdl()
}

/// Placeholder.
pub mod context {
    use crate::domain::access::Scope;
    use crate::domain::workspace::Workspace;
    /// Placeholder.
    #[derive(Clone, Debug)]
    pub struct RequestContext {
        /// P.
        pub workspace: Workspace,
        /// P.
        pub scope: Scope,
        /// P.
        pub api_key_id: i64,
    }
}
pub use context::RequestContext;
