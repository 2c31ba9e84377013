//! What surrounds every request: it gets loaders of its own, and its errors get their codes.

use std::sync::Arc;

use async_graphql::extensions::{
    Extension, ExtensionContext, ExtensionFactory, NextPrepareRequest, NextRequest, NextSubscribe,
};
use async_graphql::{Request, Response, ServerResult, async_trait};
use futures_util::StreamExt;
use futures_util::stream::BoxStream;

use super::error;
use super::loader::Loaders;
use super::omitted_variables;

/// Makes the scope of a request.
pub struct RequestScope;

impl ExtensionFactory for RequestScope {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self)
    }
}

#[async_trait::async_trait]
impl Extension for RequestScope {
    async fn request(&self, ctx: &ExtensionContext<'_>, next: NextRequest<'_>) -> Response {
        finished(next.run(ctx).await)
    }

    fn subscribe<'s>(
        &self,
        ctx: &ExtensionContext<'_>,
        stream: BoxStream<'s, Response>,
        next: NextSubscribe<'_>,
    ) -> BoxStream<'s, Response> {
        next.run(ctx, stream).map(finished).boxed()
    }

    async fn prepare_request(
        &self,
        ctx: &ExtensionContext<'_>,
        mut request: Request,
        next: NextPrepareRequest<'_>,
    ) -> ServerResult<Request> {
        omitted_variables::take_out(&mut request);
        next.run(ctx, request.data(Loaders::default())).await
    }
}

fn finished(mut response: Response) -> Response {
    response.errors.iter_mut().for_each(error::finish);
    response
}
