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
