//! The GraphQL API. `query` and `mutation` are the tables of contents; every noun has a file; what all share stands in
//! `context` (who asks), `loader` (no query per row), `page`, `node`, `scalar`, `error` and `limits`.

pub mod mutation;
pub mod query;

pub mod address_history;
pub mod address_update;
pub mod api_key;
pub mod attribution;
pub mod attribution_credit;
pub mod attribution_report;
pub mod audience;
pub mod audience_upsert;
pub mod audit_log;
pub mod campaign;
pub mod campaign_attribution;
pub mod campaign_funnel;
pub mod campaign_update;
pub mod consent;
pub mod customer;
pub mod customer_erase;
pub mod customer_export;
pub mod customer_list;
pub mod customer_merge;
pub mod eligibility;
pub mod event;
pub mod event_list;
pub mod event_type;
pub mod events_ingest;
pub mod funnel_counts;
pub mod funnel_group;
mod funnel_reasons;
pub mod identifier;
pub mod identifier_block;
pub mod identifier_type;
pub mod identity_history;
pub mod ingest_report;
pub mod kind;
pub mod list;
pub mod odp_event_send;
pub mod profile;
pub mod quarantine;
pub mod quarantine_counts;
pub mod quarantine_discard;
pub mod quarantine_filter;
pub mod quarantine_replay;
pub mod reachability;
pub mod reachability_funnel;
pub mod source;
pub mod suppression;
pub mod user_error;
pub mod workspace;
pub mod workspace_update;

pub mod context;
pub mod duration;
pub mod error;
pub mod limits;
pub mod loader;
pub mod money;
pub mod node;
pub mod omitted_variables;
pub mod page;
pub mod range;
pub mod request_scope;
pub mod scalar;

use async_graphql::{EmptySubscription, ID, SDLExportOptions, Schema, SchemaBuilder};

use crate::ingest::Ingest;
use crate::store::Store;
pub use context::RequestContext;
use mutation::Mutation;
use query::Query;
use request_scope::RequestScope;

/// The executable schema.
pub type AppSchema = Schema<Query, Mutation, EmptySubscription>;

/// The schema over a database and its way in. Every request needs a [`RequestContext`] in its data.
pub fn schema(store: Store, ingest: Ingest) -> AppSchema {
    builder().data(store).data(ingest).finish()
}

/// The schema as text: types, fields, arguments and values sorted, so that it changes only when the API does.
pub fn sdl() -> String {
    let options = SDLExportOptions::new()
        .sorted_fields()
        .sorted_arguments()
        .sorted_enum_items()
        .include_specified_by()
        .use_space_ident();
    let sdl = builder().finish().sdl_with_options(options);
    let lines: Vec<&str> = sdl.lines().map(str::trim_end).collect();
    format!("{}\n", lines.join("\n").trim())
}

fn builder() -> SchemaBuilder<Query, Mutation, EmptySubscription> {
    Schema::build(Query, Mutation, EmptySubscription)
        .extension(RequestScope)
        .override_output_type_description::<ID>("Opaque text that names one object. Compare it, never read it.")
        .limit_depth(limits::MAX_DEPTH)
        .limit_recursive_depth(limits::MAX_RECURSION)
        .limit_complexity(limits::MAX_COMPLEXITY)
        .limit_aliases(limits::MAX_ALIASES)
        .limit_directives(limits::MAX_DIRECTIVES)
        .with_sorted_fields()
        .with_sorted_enums()
}

#[cfg(test)]
mod tests;
