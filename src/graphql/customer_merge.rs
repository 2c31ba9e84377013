//! The mutation that merges two customers by hand.

use async_graphql::{Context, Enum, ID, InputObject, OneofObject, SimpleObject};

use super::context::{audited, caller, ingest};
use super::customer::{self, Customer};
use super::error::Result;
use super::identifier::IdentifierInput;
use super::limits::MAX_REASON_CHARS;
use super::node::NodeId;
use super::user_error::{UserError, UserErrorCode};
use crate::ingest::{MergeOutcome, MergeRequest, NamedCustomer};

/// A customer, by exactly one of these.
#[derive(Clone, Debug, OneofObject)]
pub enum CustomerReference {
    /// Its id, or that of a customer which became part of it.
    Id(ID),
    /// Any identifier that names it.
    Identifier(IdentifierInput),
}

/// Two customers that are one.
#[derive(Clone, Debug, InputObject)]
pub struct CustomerMergeInput {
    /// One of the two. Which is named first does not matter: the older one survives.
    customer: CustomerReference,
    /// The other.
    other: CustomerReference,
    /// Why, for the history of the customer, at most 1,000 characters.
    reason: Option<String>,
}

/// What became of a merge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum CustomerMergeStatus {
    /// They are one now.
    Merged,
    /// They were one before. Nothing was changed.
    AlreadyOne,
}

/// A merged customer, or what is wrong.
#[derive(Debug, SimpleObject)]
pub struct CustomerMergePayload {
    /// The customer that stands for both: the older one. Null where nothing was changed because of an error.
    customer: Option<Customer>,
    /// Id of the customer that became part of it. It resolves to the customer from now on; null where none did.
    merged_id: Option<ID>,
    /// What became of it; null where nothing was changed because of an error.
    status: Option<CustomerMergeStatus>,
    /// What a person can mend; empty on success.
    user_errors: Vec<UserError>,
}

impl CustomerMergePayload {
    fn refused(user_errors: Vec<UserError>) -> Self {
        Self { customer: None, merged_id: None, status: None, user_errors }
    }
}

/// Merges two customers.
pub async fn merge(ctx: &Context<'_>, input: CustomerMergeInput) -> Result<CustomerMergePayload> {
    let (pair, reason) = match parse(&input) {
        Ok(parsed) => parsed,
        Err(user_errors) => return Ok(CustomerMergePayload::refused(user_errors)),
    };
    let caller = caller(ctx)?;
    let entry = audited(ctx, "customerMerge")?;
    let request = MergeRequest { pair, api_key: caller.api_key_id, reason, entry };
    let (customer, merged_id, status) = match ingest(ctx)?.submit_merge(caller.workspace_id(), request).await? {
        MergeOutcome::Merged { customer, merged } => (customer, Some(merged), CustomerMergeStatus::Merged),
        MergeOutcome::AlreadyOne(customer) => (customer, None, CustomerMergeStatus::AlreadyOne),
        MergeOutcome::Unknown(0) => {
            return Ok(CustomerMergePayload::refused(vec![unknown("customer", &input.customer)]));
        }
        MergeOutcome::Unknown(_) => return Ok(CustomerMergePayload::refused(vec![unknown("other", &input.other)])),
    };
    Ok(CustomerMergePayload {
        customer: customer::find(ctx, customer).await?,
        merged_id: merged_id.map(|id| NodeId::Customer(id).encode()),
        status: Some(status),
        user_errors: Vec::new(),
    })
}

type Parsed = ([NamedCustomer; 2], Option<String>);

fn parse(input: &CustomerMergeInput) -> Result<Parsed, Vec<UserError>> {
    let reason = input.reason.as_deref().map(str::trim).filter(|reason| !reason.is_empty());
    let length = reason.map_or(0, |reason| reason.chars().count());
    let mut errors = Vec::new();
    if length > MAX_REASON_CHARS {
        let message = format!("reason has {length} characters, above the maximum of {MAX_REASON_CHARS}");
        errors.push(UserError::new(UserErrorCode::TooLong, &["input", "reason"], message));
    }
    if reason.is_some_and(|reason| reason.contains('\0')) {
        let message = "reason has a NUL character, which no database column holds";
        errors.push(UserError::new(UserErrorCode::Invalid, &["input", "reason"], message));
    }
    let (one, other) = (named("customer", &input.customer), named("other", &input.other));
    match (one, other) {
        (Ok(one), Ok(other)) if one == other => {
            let message = format!("customer and other are the same, {}: a merge takes two", shown(&input.other));
            errors.push(UserError::new(UserErrorCode::Invalid, &["input", "other"], message));
        }
        (Ok(one), Ok(other)) if errors.is_empty() => return Ok(([one, other], reason.map(str::to_owned))),
        (one, other) => errors.extend([one, other].into_iter().filter_map(Result::err)),
    }
    Err(errors)
}

fn named(field: &str, reference: &CustomerReference) -> Result<NamedCustomer, UserError> {
    match reference {
        CustomerReference::Id(id) => {
            NodeId::customer(id).map(NamedCustomer::Number).ok_or_else(|| unknown(field, reference))
        }
        CustomerReference::Identifier(identifier) => match identifier.parse() {
            Ok((parsed, _)) => Ok(NamedCustomer::Identifier(parsed)),
            Err(fault) => {
                let field = ["input", field, "identifier"];
                Err(UserError::new(UserErrorCode::Invalid, &field, fault.to_string()))
            }
        },
    }
}

fn unknown(field: &str, reference: &CustomerReference) -> UserError {
    let message = format!("{field}: {} names no customer", shown(reference));
    UserError::new(UserErrorCode::NotFound, &["input", field], message)
}

fn shown(reference: &CustomerReference) -> String {
    let start = |text: &str| text.chars().take(80).collect::<String>();
    match reference {
        CustomerReference::Id(id) => format!("id {}", start(id.as_str())),
        CustomerReference::Identifier(identifier) => {
            format!("{} {}", start(&identifier.name), start(&identifier.value))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by_email(value: &str) -> CustomerReference {
        CustomerReference::Identifier(IdentifierInput { name: "email".to_owned(), value: value.to_owned() })
    }

    fn faults(customer: CustomerReference, other: CustomerReference, reason: &str) -> Vec<(UserErrorCode, String)> {
        let input = CustomerMergeInput { customer, other, reason: Some(reason.to_owned()) };
        let errors = parse(&input).err().unwrap_or_default();
        errors.into_iter().map(|error| (error.code, error.field.unwrap_or_default().join("."))).collect()
    }

    #[test]
    fn a_merge_takes_two_customers_that_can_be_named() {
        let number = |id| CustomerReference::Id(NodeId::Customer(id).encode());
        let fault = |code, field: &str| vec![(code, field.to_owned())];
        assert_eq!(faults(number(1), by_email("a@x.example"), " the same person "), []);
        let same = faults(by_email("A@x.example"), by_email("a@x.example "), "");
        assert_eq!(same, fault(UserErrorCode::Invalid, "input.other"));
        assert_eq!(faults(number(1), number(1), ""), fault(UserErrorCode::Invalid, "input.other"));
        let foreign = CustomerReference::Id(NodeId::List(1).encode());
        assert_eq!(faults(foreign, number(1), ""), fault(UserErrorCode::NotFound, "input.customer"));
        let nobody = faults(number(1), by_email("undefined"), "");
        assert_eq!(nobody, fault(UserErrorCode::Invalid, "input.other.identifier"));
        assert_eq!(faults(number(1), number(2), &"x".repeat(1_001)), fault(UserErrorCode::TooLong, "input.reason"));
    }
}
