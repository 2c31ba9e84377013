//! `customerErase`: a customer, erased for good.

use async_graphql::{Context, ID, InputObject, SimpleObject};

use super::context::{audited, caller, store};
use super::error::Result;
use super::identifier::IdentifierInput;
use super::limits::MAX_REASON_CHARS;
use super::node::NodeId;
use super::scalar::{BigInt, DateTime};
use super::user_error::{UserError, UserErrorCode};
use crate::ingest::erase::{self, Erased, Erasee, Erasure, Outcome};

/// Whom to erase, by exactly one of `id` and `identifier`, and why.
#[derive(Clone, Debug, InputObject)]
pub struct CustomerEraseInput {
    /// Its global id; that of a customer that became part of another erases the other.
    id: Option<ID>,
    /// An identifier that names it.
    identifier: Option<IdentifierInput>,
    /// Why, at most 1,000 characters. It stays in the audit log: it must not name the customer.
    reason: Option<String>,
}

/// What was erased, in numbers.
#[derive(Clone, Debug, SimpleObject)]
pub struct CustomerErasure {
    /// The id that the customer had. It names nothing any more.
    id: ID,
    /// Customers that had become part of it, erased with it.
    merged_customers: BigInt,
    /// Identifiers.
    identifiers: BigInt,
    /// Attributes of its profile.
    attributes: BigInt,
    /// Events that lost their personal fields; they go on counting.
    events: BigInt,
    /// Events of others that lost a device which had been theirs before it was this customer's.
    events_of_others: BigInt,
    /// Addresses whose state, consent, subscriptions and history are gone.
    addresses: BigInt,
    /// Quarantined records that named it.
    quarantined_records: BigInt,
    /// Until when its identifiers are not taken again; null where the workspace does not block them.
    blocked_until: Option<DateTime>,
}

/// What was erased, or what is wrong.
#[derive(Debug, SimpleObject)]
pub struct CustomerErasePayload {
    /// What was erased; null where nothing was changed because of an error.
    erasure: Option<CustomerErasure>,
    /// What a person can mend; empty on success.
    user_errors: Vec<UserError>,
}

impl CustomerErasePayload {
    fn refused(code: UserErrorCode, field: &[&str], message: impl Into<String>) -> Self {
        Self { erasure: None, user_errors: vec![UserError::new(code, field, message)] }
    }
}

impl From<Erased> for CustomerErasure {
    fn from(erased: Erased) -> Self {
        let number = |count: u64| BigInt(i64::try_from(count).unwrap_or(i64::MAX));
        Self {
            id: NodeId::Customer(erased.customer).encode(),
            merged_customers: number(erased.merged_customers),
            identifiers: number(erased.identifiers),
            attributes: number(erased.attributes),
            events: number(erased.events),
            events_of_others: number(erased.events_of_others),
            addresses: number(erased.addresses),
            quarantined_records: number(erased.quarantined_records),
            blocked_until: erased.blocked_until.map(DateTime),
        }
    }
}

/// Erases a customer.
pub async fn erase(ctx: &Context<'_>, input: CustomerEraseInput) -> Result<CustomerErasePayload> {
    let reason = input.reason.map(|reason| reason.trim().to_owned()).filter(|reason| !reason.is_empty());
    let length = reason.as_ref().map_or(0, |reason| reason.chars().count());
    if length > MAX_REASON_CHARS {
        let message = format!("reason has {length} characters, above the maximum of {MAX_REASON_CHARS}");
        return Ok(CustomerErasePayload::refused(UserErrorCode::TooLong, &["input", "reason"], message));
    }
    let (erasee, field) = match (&input.id, &input.identifier) {
        (Some(id), None) => match NodeId::customer(id) {
            Some(number) => (Erasee::Customer(number), ["input", "id"]),
            None => return Ok(unknown(&["input", "id"], id.as_str())),
        },
        (None, Some(identifier)) => match identifier.parse() {
            Ok((named, _)) => (Erasee::Named(named), ["input", "identifier"]),
            Err(fault) => {
                let field = ["input", "identifier"];
                return Ok(CustomerErasePayload::refused(UserErrorCode::Invalid, &field, fault.to_string()));
            }
        },
        _ => {
            let message = "give exactly one of id and identifier";
            return Ok(CustomerErasePayload::refused(UserErrorCode::Ambiguous, &["input"], message));
        }
    };
    let erasure = Erasure { erasee, reason, entry: audited(ctx, "customerErase")? };
    // A large customer takes longer than a request may: it is erased to its end, whoever waits for the answer.
    let (store, workspace) = (store(ctx)?.clone(), caller(ctx)?.workspace_id());
    let erasing = tokio::spawn(async move { erase::erase(&store, workspace, &erasure).await });
    let done = erasing.await.map_err(|error| crate::Error::Corrupt(format!("erasing ended by a panic: {error}")))?;
    Ok(match done? {
        Outcome::Erased(done) => CustomerErasePayload { erasure: Some(done.into()), user_errors: Vec::new() },
        Outcome::Unknown => unknown(&field, "it"),
        Outcome::ReasonNames => {
            let message = "reason names the customer, and would stay in the audit log: say it without personal data";
            CustomerErasePayload::refused(UserErrorCode::Invalid, &["input", "reason"], message)
        }
    })
}

fn unknown(field: &[&str], what: &str) -> CustomerErasePayload {
    CustomerErasePayload::refused(UserErrorCode::NotFound, field, format!("{what} names no customer of the workspace"))
}
