//! Suppression lists of any vendor: addresses that must not be written to, and why. Amazon SES (`list-suppressed-destinations`
//! and the form of its bulk jobs), SendGrid (bounces, blocks, spam reports, unsubscribes, invalid addresses), Mailgun (bounces,
//! complaints, unsubscribes), our own export, and whatever has columns that can be told by their names.
//!
//! | the row's word (`type`, `reason`), else the caller's | kind |
//! |---|---|
//! | `bounce`, `hard_bounce`, `permanent` … | `HARD_BOUNCED` |
//! | `complaint`, `spam_report`, `spam`, `abuse` … | `SPAM_REPORTED` |
//! | `unsubscribe`, `opt_out` … | `OPTED_OUT` |
//! | `invalid` … | `UNREACHABLE`, `invalid_identifier` |
//! | `block`, `transient` … | `SOFT_BOUNCED`: the vendor goes on sending |
//! | `suppressed`, `manual` | `UNREACHABLE`, `other` |
//! | any type of reachability: `soft_bounce`, `uninstall`, `expired` … | `UNREACHABLE` of that type |
//! | none of these, and a code of SMTP (`status`, or where `reason` or `error` begins): 5 or 6 | `HARD_BOUNCED` |
//! | … 4 | `SOFT_BOUNCED` |
//!
//! | field | from |
//! |---|---|
//! | `occurred_at` | `time`, else what the caller says of all rows |
//! | identifiers | `email`, `phone`, `address` (of the type in `type`), `user_id` |
//! | reason | of bounces the mail server's words |
//!
//! No campaign: what a list says is no step of one.

use serde_json::{Map, Value};

use super::columns::{DEFAULT_REASON, DEFAULT_TIME, normalized};
use super::row::Row;
use super::whom::{identify, is_identifier};
use crate::dialect::blank_event;
use crate::dialect::field::{shown_text, wrong_type};
use crate::dialect::key::lasting_key;
use crate::dialect::rules::Rules;
use crate::dialect::vendor::{FannedOut, Vendor};
use crate::domain::event::{Dialect, NewEvent, Rejection, RejectionCode};
use crate::domain::kind::Kind;
use crate::domain::reachability::ReachabilityType;

/// This form.
pub const VENDOR: Vendor = Vendor { dialect: Dialect::Suppressions, recognise, fan_out, parse, time_path: |_| "time" };

/// What a whole list of SES is called in its answer.
const SES_LIST: &str = "SuppressedDestinationSummaries";
/// Where answers of vendors have lists.
const LISTS: [&str; 2] = [SES_LIST, "items"];

/// Words that say why, without signs and in lower case; for all others see [`meaning`].
const WORDS: [(Kind, &[&str]); 5] = [
    (
        Kind::HardBounced,
        &["bounce", "bounces", "bounced", "hard", "hardbounced", "hardbounces", "permanent", "permanentbounce"],
    ),
    (
        Kind::SpamReported,
        &["complaint", "complaints", "complained", "spam", "spamreports", "spamreported", "abuse", "markedasspam"],
    ),
    (
        Kind::OptedOut,
        &[
            "unsubscribe",
            "unsubscribes",
            "unsubscribed",
            "globalunsubscribe",
            "globalunsubscribes",
            "optout",
            "optedout",
            "optouts",
        ],
    ),
    (Kind::SoftBounced, &["block", "blocks", "blocked", "transient", "temporary"]),
    (Kind::Unreachable, &["invalid", "invalidemail", "invalidemails", "invalidaddress", "suppressed", "manual"]),
];

fn recognise(record: &Map<String, Value>) -> bool {
    let has = |name| record.contains_key(name);
    record.get(SES_LIST).is_some_and(Value::is_array) || has("EmailAddress") && has("Reason") && has("LastUpdateTime")
}

/// A whole list in one document: each of its addresses.
pub(super) fn fan_out(mut record: Map<String, Value>) -> FannedOut {
    for name in LISTS {
        if let Some(Value::Array(items)) = record.get_mut(name) {
            let items = std::mem::take(items).into_iter();
            return FannedOut::Several(items.map(|item| one(name, item)).collect());
        }
    }
    FannedOut::Single(record)
}

fn one(list: &str, item: Value) -> Result<Map<String, Value>, Rejection> {
    match item {
        Value::Object(map) => Ok(map),
        other => Err(wrong_type(list, &other, "an array of objects")),
    }
}

/// The event of one row.
fn parse(record: &Map<String, Value>, _rules: &Rules) -> Result<Vec<NewEvent>, Rejection> {
    let row = Row::of(Dialect::Suppressions, record)?;
    let mut event = blank_event(Dialect::Suppressions, "suppression");
    identify(&row, &mut event)?;
    (event.kind, event.reason) = why(&row)?;
    event.occurred_at = match row.time("time")? {
        None => row.time(DEFAULT_TIME)?,
        at => at,
    };
    event.data = row.rest(&["email", "phone", "address", "user_id"]);
    event.key = lasting_key(&event);
    Ok(vec![event])
}

/// What the row means, and the reason.
fn why(row: &Row<'_>) -> Result<(Kind, Option<String>), Rejection> {
    let word = row.words("type")?.filter(|word| !is_identifier(word));
    let (reason, given) = (row.words("reason")?, row.words(DEFAULT_REASON)?);
    let (status, error) = (row.words("status")?, row.words("error")?);
    let said = [&word, &reason, &given].into_iter().flatten().find_map(|word| meaning(word));
    let by_code = || [&status, &reason, &error].into_iter().flatten().find_map(|text| meaning_of_code(text));
    let Some((kind, own)) = said.or_else(|| by_code().map(|kind| (kind, None))) else {
        return Err(unknown(row, reason.or(word)));
    };
    let words = || error.or(reason.clone().filter(|reason| meaning(reason).is_none())).or(status);
    let reason = match own {
        Some(reachability) => Some(reachability.name().to_owned()),
        None => words(),
    };
    Ok((kind, reason))
}

/// What a word means, if it is one; of addresses that cannot be reached, the type.
fn meaning(word: &str) -> Option<(Kind, Option<ReachabilityType>)> {
    let plain = normalized(word);
    if let Some((kind, _)) = WORDS.iter().find(|(_, words)| words.contains(&plain.as_str())) {
        let of_unreachable = match plain.as_str() {
            "suppressed" | "manual" => ReachabilityType::Other,
            _ => ReachabilityType::InvalidIdentifier,
        };
        return Some((*kind, (*kind == Kind::Unreachable).then_some(of_unreachable)));
    }
    match ReachabilityType::from_name(word.trim())? {
        ReachabilityType::HardBounce => Some((Kind::HardBounced, None)),
        ReachabilityType::SpamReport => Some((Kind::SpamReported, None)),
        other => Some((Kind::Unreachable, Some(other))),
    }
}

/// `550`, `5.1.1`, `550 5.1.1 no such user`: what a mail server's answer means by its first digit.
fn meaning_of_code(text: &str) -> Option<Kind> {
    let code = text.trim().split(|sign: char| !sign.is_ascii_digit() && sign != '.').next().unwrap_or_default();
    let is_basic = code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_digit());
    let is_enhanced = code.split('.').count() == 3 && code.split('.').all(|part| !part.is_empty() && part.len() <= 3);
    match code.bytes().next() {
        Some(b'5' | b'6') if is_basic || is_enhanced => Some(Kind::HardBounced),
        Some(b'4') if is_basic || is_enhanced => Some(Kind::SoftBounced),
        _ => None,
    }
}

/// Whether a word says why an address is suppressed.
pub(super) fn is_reason(word: &str) -> bool {
    meaning(word).is_some()
}

fn unknown(row: &Row<'_>, said: Option<String>) -> Rejection {
    let path = row.column("reason");
    let what = said.map_or_else(|| "missing".to_owned(), |said| shown_text(&said));
    let message = format!(
        "{path} is {what}; it must say bounce, complaint, unsubscribe, invalid, block or a type of reachability, or begin with \
         a code of SMTP; what holds of all rows is said with them, as --reason does"
    );
    Rejection::new(RejectionCode::InvalidValue, path, message)
}

#[cfg(test)]
mod tests;
