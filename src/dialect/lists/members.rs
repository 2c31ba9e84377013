//! Members of a list: who joined or left it. Any CSV or JSON whose columns can be told by their names; Mailchimp, Mailgun and
//! others export theirs so.
//!
//! | `status` (any case; blanks and signs do not matter) | kind |
//! |---|---|
//! | none, `subscribed`, `active`, `confirmed`, `opt in`, `yes`, `true`, `1` | `LIST_SUBSCRIBED` |
//! | `unsubscribed`, `inactive`, `removed`, `opt out`, `no`, `false`, `0` | `LIST_UNSUBSCRIBED` |
//! | `cleaned`, `bounced` | `HARD_BOUNCED`: the vendor wrote to it in vain |
//! | `complained`, `spam` | `SPAM_REPORTED` |
//! | `pending`, `unconfirmed`, `transactional`, `non subscribed` | `OTHER`: neither joined nor left |
//!
//! | field | from |
//! |---|---|
//! | `occurred_at` | `subscribed_at` or `unsubscribed_at`, whichever the status asks for; `time`; what the caller says of all rows |
//! | list | `list`, else what the caller says of all rows |
//! | identifiers | `email`, `phone`, `address` (of the type in `type`), `user_id` |
//! | attributes | columns whose names begin with `Attributes.`, under the rest of the name |

use serde_json::{Map, Value};

use super::columns::{DEFAULT_LIST, DEFAULT_TIME, normalized};
use super::row::Row;
use super::suppressions::fan_out;
use super::whom::identify;
use crate::dialect::blank_event;
use crate::dialect::field::shown_text;
use crate::dialect::key::lasting_key;
use crate::dialect::rules::Rules;
use crate::dialect::vendor::Vendor;
use crate::domain::event::{Dialect, NewEvent, Rejection, RejectionCode};
use crate::domain::kind::Kind;
use crate::domain::time::Micros;

/// This form.
pub const VENDOR: Vendor =
    Vendor { dialect: Dialect::ListMembers, recognise: |_| false, fan_out, parse, time_path: |_| "time" };

const STATUSES: [(Kind, &[&str]); 5] = [
    (
        Kind::ListSubscribed,
        &["subscribed", "subscribe", "active", "confirmed", "optin", "optedin", "member", "yes", "true", "y", "1"],
    ),
    (
        Kind::ListUnsubscribed,
        &[
            "unsubscribed",
            "unsubscribe",
            "inactive",
            "removed",
            "deleted",
            "optout",
            "optedout",
            "no",
            "false",
            "n",
            "0",
        ],
    ),
    (Kind::HardBounced, &["cleaned", "bounced", "bounce", "hardbounced", "hardbounce"]),
    (Kind::SpamReported, &["complained", "complaint", "spam", "spamreport", "spamreported"]),
    (Kind::Other, &["pending", "unconfirmed", "transactional", "nonsubscribed"]),
];

/// The event of one row.
fn parse(record: &Map<String, Value>, _rules: &Rules) -> Result<Vec<NewEvent>, Rejection> {
    let row = Row::of(Dialect::ListMembers, record)?;
    let mut event = blank_event(Dialect::ListMembers, "list_member");
    identify(&row, &mut event)?;
    event.kind = kind(&row)?;
    event.list = match row.id("list")? {
        None => row.id(DEFAULT_LIST)?,
        list => list,
    };
    if event.list.is_none() {
        return Err(no_list(&row));
    }
    event.occurred_at = time(&row, event.kind)?;
    if event.kind == Kind::HardBounced {
        event.reason = row.word("status")?;
    }
    let (attributes, notes) = row.attributes();
    event.attributes = attributes;
    event.notes.extend(notes);
    event.data = row.rest(&["email", "phone", "address", "user_id", "list"]);
    event.key = lasting_key(&event);
    Ok(vec![event])
}

fn kind(row: &Row<'_>) -> Result<Kind, Rejection> {
    let Some(status) = row.word("status")? else { return Ok(Kind::ListSubscribed) };
    let plain = normalized(&status);
    let known = STATUSES.iter().find(|(_, words)| words.contains(&plain.as_str()));
    known.map(|(kind, _)| *kind).ok_or_else(|| {
        let path = row.column("status");
        let message = format!(
            "{path} is {}; it must be subscribed, unsubscribed, pending, cleaned, complained or a word for one of them",
            shown_text(&status)
        );
        Rejection::new(RejectionCode::InvalidValue, path, message)
    })
}

fn time(row: &Row<'_>, kind: Kind) -> Result<Option<Micros>, Rejection> {
    let own = match kind {
        Kind::ListSubscribed => row.time("subscribed_at")?,
        Kind::ListUnsubscribed => row.time("unsubscribed_at")?,
        _ => None,
    };
    for at in [own, row.time("time")?] {
        if at.is_some() {
            return Ok(at);
        }
    }
    row.time(DEFAULT_TIME)
}

fn no_list(row: &Row<'_>) -> Rejection {
    let path = row.column("list");
    let message = format!(
        "{path} is missing: no column names the list; what holds of all rows is said with them, as --list does"
    );
    Rejection::new(RejectionCode::MissingField, path, message)
}

#[cfg(test)]
mod tests;
