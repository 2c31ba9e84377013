//! Whom a record of SES is about: addresses where it tells them, else the mail itself, and never a guess.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::MESSAGE_ID;
use super::form::{About, Form};
use crate::dialect::field::{Fields, wrong_type};
use crate::dialect::path::{array_at, id_at};
use crate::dialect::who::Who;
use crate::domain::event::{Note, Rejection};
use crate::domain::identifier::Identifier;

const DESTINATION: &str = "mail.destination";

/// Each of the recipients, who get an event of their own, and notes on those that name nobody.
///
/// The id of the mail names all of its recipients alike. It stands alone and never beside an address: named beside one
/// address after the other, it would hand what one of them did to another.
pub(super) fn recipients(
    record: &Map<String, Value>,
    form: Option<&Form>,
    details: &Fields<'_>,
) -> Result<(Vec<Identifier>, Vec<Note>), Rejection> {
    let about = form.map_or(About::Somebody, |form| form.about);
    if let About::Listed(list) = about {
        let listed = details.array(list)?.map_or(&[][..], Vec::as_slice);
        if !listed.is_empty() {
            return addresses(listed, &details.path(list))?.finish(&details.path(list));
        }
    }
    let destination = array_at(record, DESTINATION)?.map_or(&[][..], Vec::as_slice);
    let who = addresses(destination, DESTINATION)?;
    let message_id = id_at(record, MESSAGE_ID)?;
    let (mut mail, mut notes) = match who.clone().finish(DESTINATION) {
        Ok((named, notes)) if named.len() == 1 || about == About::Everybody => return Ok((named, notes)),
        Ok((_, notes)) => (Who::default(), notes),
        Err(nobody) if message_id.is_none() => return Err(nobody),
        Err(_) => (who, Vec::new()),
    };
    mail.add("ses_message_id", message_id.as_deref().unwrap_or_default(), MESSAGE_ID)?;
    let (identifiers, dropped) = mail.finish(MESSAGE_ID)?;
    notes.extend(dropped);
    Ok((identifiers, notes))
}

/// The addresses of a list, whose elements are texts or objects with an `emailAddress`.
fn addresses(list: &[Value], path: &str) -> Result<Who, Rejection> {
    let mut who = Who::default();
    for (index, value) in list.iter().enumerate() {
        let path = format!("{path}[{index}]");
        let (text, path) = match value {
            Value::String(text) => (Cow::Borrowed(text.as_str()), path),
            Value::Object(recipient) => {
                let recipient = Fields::at(recipient, path);
                (Cow::Owned(recipient.required_text("emailAddress")?), recipient.path("emailAddress"))
            }
            other => return Err(wrong_type(&path, other, "an e-mail address or an object with an emailAddress")),
        };
        who.add("email", address(&text), &path)?;
    }
    Ok(who)
}

/// The address alone of `Name <address>`.
fn address(text: &str) -> &str {
    let text = text.trim();
    let bracketed = text.strip_suffix('>').and_then(|open| open.rsplit_once('<'));
    bracketed.map_or(text, |(_, address)| address)
}
