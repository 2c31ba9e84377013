//! Mutations of workspaces.

use std::collections::BTreeMap;

use async_graphql::{Context, InputObject, SimpleObject};

use super::campaign_update::check_text;
use super::context::{audited, caller, store};
use super::error::Result;
use super::node::NodeId;
use super::scalar::TimeZone;
use super::user_error::{UserError, UserErrorCode};
use super::workspace::{self, Workspace};
use crate::domain::access::Scope;
use crate::domain::workspace::{MAX_BLOCK_ERASED_DAYS, MAX_SOFT_BOUNCE_LIMIT, WorkspaceSettings};
use crate::ingest::recount::{WorkspaceChange, WorkspaceChanged, change_workspace};
use crate::store;
use crate::store::api_key::NewApiKey;
use crate::store::workspace::NewWorkspace;

/// How an address whose owner said nothing is to count on a channel.
#[derive(Clone, Debug, InputObject)]
pub struct DefaultConsentInput {
    /// The channel, in any case.
    channel: String,
    /// Whether it counts as consented.
    is_consented: bool,
}

/// What to change of the workspace; what is left out stays.
#[derive(Clone, Debug, InputObject)]
pub struct WorkspaceUpdateInput {
    /// The new name, 1 to 200 characters, unique.
    name: Option<String>,
    /// The new zone in which reports count days. It can be changed only before the first event is taken.
    time_zone: Option<TimeZone>,
    /// ISO 4217 code of the currency of orders that name none.
    currency: Option<String>,
    /// Number of soft bounces in a row after which an address counts as unreachable, 1 to 100. It holds at once for every
    /// address, also for bounces of the past.
    soft_bounce_limit: Option<i32>,
    /// How addresses whose owners said nothing are to count, for the channels named.
    default_consent: Option<Vec<DefaultConsentInput>>,
    /// Days for which the identifiers of a customer erased from now on are not taken again, 0 to 3,650. Present blocks stay
    /// as they are.
    block_erased_days: Option<i32>,
}

/// A workspace to be made.
#[derive(Clone, Debug, InputObject)]
pub struct WorkspaceCreateInput {
    /// Its name, 1 to 200 characters, unique.
    name: String,
    /// The zone in which its reports count days; UTC without it.
    time_zone: Option<TimeZone>,
    /// ISO 4217 code of the currency of orders that name none; USD without it.
    currency: Option<String>,
    /// Number of soft bounces in a row after which an address counts as unreachable, 1 to 100; 5 without it.
    soft_bounce_limit: Option<i32>,
    /// How addresses whose owners said nothing are to count, for the channels named.
    default_consent: Option<Vec<DefaultConsentInput>>,
}

/// The workspace, or what is wrong.
#[derive(Debug, SimpleObject)]
pub struct WorkspaceUpdatePayload {
    /// The workspace as it is now; null where nothing was changed because of an error.
    workspace: Option<Workspace>,
    /// What a person can mend; empty on success.
    user_errors: Vec<UserError>,
}

/// A new workspace, or what is wrong.
#[derive(Debug, SimpleObject)]
pub struct WorkspaceCreatePayload {
    /// The workspace; null where none was made because of an error.
    workspace: Option<Workspace>,
    /// A key that admits to everything in it, told once: the key of this request admits only to its own workspace.
    admin_key: Option<String>,
    /// What a person can mend; empty on success.
    user_errors: Vec<UserError>,
}

/// Changes the caller's workspace.
pub async fn update(ctx: &Context<'_>, input: WorkspaceUpdateInput) -> Result<WorkspaceUpdatePayload> {
    let refused = |user_errors| Ok(WorkspaceUpdatePayload { workspace: None, user_errors });
    let mut errors = Vec::new();
    let change = WorkspaceChange {
        name: input.name.map(|name| checked_name(&name, &mut errors)),
        time_zone: input.time_zone.map(|zone| zone.0),
        currency: input.currency.map(|code| checked_currency(&code, &mut errors)),
        soft_bounce_limit: input.soft_bounce_limit.map(|limit| checked_limit(limit, &mut errors)),
        default_consent: checked_consent(input.default_consent, &mut errors),
        block_erased_days: input.block_erased_days.map(|days| checked_days(days, &mut errors)),
        identifier_type: None,
    };
    if !errors.is_empty() {
        return refused(errors);
    }
    let (own, workspace) = (store(ctx)?.clone(), caller(ctx)?.workspace_id());
    let object = NodeId::Workspace(workspace.0).plain();
    let entry = audited(ctx, "workspaceUpdate")?.on(object).with("changed", changed_fields(&change));
    match change_workspace(&own, workspace, &change, &entry).await? {
        WorkspaceChanged::Done => {
            Ok(WorkspaceUpdatePayload { workspace: Some(Workspace(workspace::fresh(ctx).await?)), user_errors: errors })
        }
        WorkspaceChanged::HasReports => {
            let message = "timeZone cannot be changed once events or profiles were taken: the kept reports count days in the present zone";
            refused(vec![UserError::new(UserErrorCode::Invalid, &["input", "timeZone"], message)])
        }
        WorkspaceChanged::NameTaken => refused(vec![taken(&change.name.unwrap_or_default())]),
    }
}

/// Makes a workspace with a first key.
pub async fn create(ctx: &Context<'_>, input: WorkspaceCreateInput) -> Result<WorkspaceCreatePayload> {
    let refused = |user_errors| Ok(WorkspaceCreatePayload { workspace: None, admin_key: None, user_errors });
    let mut errors = Vec::new();
    let defaults = WorkspaceSettings::default();
    let settings = WorkspaceSettings {
        soft_bounce_limit: input
            .soft_bounce_limit
            .map_or(defaults.soft_bounce_limit, |l| checked_limit(l, &mut errors)),
        default_consent: checked_consent(input.default_consent, &mut errors),
        ..defaults
    };
    let new = NewWorkspace {
        name: checked_name(&input.name, &mut errors),
        time_zone: input.time_zone.map_or(chrono_tz::UTC, |zone| zone.0),
        currency: checked_currency(input.currency.as_deref().unwrap_or("USD"), &mut errors),
        settings,
    };
    if !errors.is_empty() {
        return refused(errors);
    }
    let Some(made) = store::workspace::create(store(ctx)?, &new).await? else { return refused(vec![taken(&new.name)]) };
    let first = NewApiKey { name: "first key".to_owned(), scope: Scope::Admin, expires_at: None };
    let entry = audited(ctx, "workspaceCreate")?;
    let key = store::api_key::create(store(ctx)?, made.id, &first, &entry).await?;
    let entry = entry.on(NodeId::Workspace(made.id.0).plain());
    store::audit::record(store(ctx)?, caller(ctx)?.workspace_id(), &entry).await?;
    Ok(WorkspaceCreatePayload { workspace: Some(Workspace(made)), admin_key: Some(key.key), user_errors: errors })
}

fn changed_fields(change: &WorkspaceChange) -> Vec<&'static str> {
    let fields = [
        ("name", change.name.is_some()),
        ("timeZone", change.time_zone.is_some()),
        ("currency", change.currency.is_some()),
        ("softBounceLimit", change.soft_bounce_limit.is_some()),
        ("defaultConsent", !change.default_consent.is_empty()),
        ("blockErasedDays", change.block_erased_days.is_some()),
    ];
    fields.into_iter().filter(|field| field.1).map(|field| field.0).collect()
}

fn taken(name: &str) -> UserError {
    UserError::new(UserErrorCode::Invalid, &["input", "name"], format!("another workspace is named {name:?}"))
}

fn checked_name(name: &str, errors: &mut Vec<UserError>) -> String {
    let name = name.trim().to_owned();
    errors.extend(check_text(&name, &["input", "name"]));
    name
}

fn checked_currency(code: &str, errors: &mut Vec<UserError>) -> String {
    let code = code.trim().to_uppercase();
    if code.len() != 3 || !code.bytes().all(|byte| byte.is_ascii_uppercase()) {
        let message = format!("currency {code:?} is not an ISO 4217 code of three letters, such as EUR");
        errors.push(UserError::new(UserErrorCode::Invalid, &["input", "currency"], message));
    }
    code
}

fn checked_limit(limit: i32, errors: &mut Vec<UserError>) -> u8 {
    if let Ok(limit @ 1..=MAX_SOFT_BOUNCE_LIMIT) = u8::try_from(limit) {
        return limit;
    }
    let message = format!("softBounceLimit {limit} is not between 1 and {MAX_SOFT_BOUNCE_LIMIT}");
    errors.push(UserError::new(UserErrorCode::Invalid, &["input", "softBounceLimit"], message));
    1
}

fn checked_days(days: i32, errors: &mut Vec<UserError>) -> u16 {
    if let Ok(days @ 0..=MAX_BLOCK_ERASED_DAYS) = u16::try_from(days) {
        return days;
    }
    let message = format!("blockErasedDays {days} is not between 0 and {MAX_BLOCK_ERASED_DAYS}");
    errors.push(UserError::new(UserErrorCode::Invalid, &["input", "blockErasedDays"], message));
    0
}

const MAX_CHANNELS: usize = 100;

fn checked_consent(given: Option<Vec<DefaultConsentInput>>, errors: &mut Vec<UserError>) -> BTreeMap<String, bool> {
    let given = given.unwrap_or_default();
    if given.len() > MAX_CHANNELS {
        let message = format!("{} channels exceed the maximum of {MAX_CHANNELS}", given.len());
        errors.push(UserError::new(UserErrorCode::TooMany, &["input", "defaultConsent"], message));
        return BTreeMap::new();
    }
    let mut consent = BTreeMap::new();
    for (index, one) in given.into_iter().enumerate() {
        let channel = one.channel.trim().to_lowercase();
        if channel.is_empty() || channel.chars().count() > 64 || channel.contains(char::is_whitespace) {
            let message = format!("{:?} is not a channel such as email, sms or push", one.channel);
            let field = ["input", "defaultConsent", &index.to_string(), "channel"];
            errors.push(UserError::new(UserErrorCode::Invalid, &field, message));
        }
        consent.insert(channel, one.is_consented);
    }
    consent
}
