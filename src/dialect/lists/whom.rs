//! Whom a row is about, and which of the addresses it concerns: the mail address, else the phone number, else what stands
//! in a column of addresses of any sort. Beside the two such a column is a postal address, unless its type says otherwise.

use super::row::Row;
use crate::dialect::field::shown_text;
use crate::dialect::who::Who;
use crate::domain::event::{NewEvent, Rejection, RejectionCode};
use crate::domain::identifier::rule_by_name;

/// Puts the identifiers of a row into its event, and the channel whose address the row concerns.
pub(super) fn identify(row: &Row<'_>, event: &mut NewEvent) -> Result<(), Rejection> {
    let mut who = Who::default();
    let (email, phone, address) = (row.id("email")?, row.id("phone")?, row.id("address")?);
    let address_type = row.id("type")?.filter(|name| is_identifier(name)).map(|name| name.trim().to_lowercase());
    event.channel = row.id("channel")?.map(|name| name.to_lowercase());
    let mut concern = None;
    if let Some(email) = &email {
        who.add("email", checked_mail(email, row.column("email"))?, row.column("email"))?;
        concern = Some("email");
    }
    if let Some(phone) = &phone {
        who.add("phone", checked_phone(phone, row.column("phone"))?, row.column("phone"))?;
        concern = concern.or(Some("phone"));
    }
    if let Some(address) = &address
        && (address_type.is_some() || concern.is_none())
    {
        let path = row.column("address");
        let name = match address_type.as_deref() {
            Some(name) => name,
            None if address.contains('@') => "email",
            None => "phone",
        };
        let address = match name {
            "email" => checked_mail(address, path)?,
            "phone" => checked_phone(address, path)?,
            _ => address,
        };
        who.add(name, address, path)?;
        if concern.is_some() && concern != Some(name) {
            event.target_address = Some(address.to_owned());
        }
        concern = Some(if name == "email" { "email" } else { "other" });
    }
    if let Some(user) = row.id("user_id")? {
        who.add("user_id", &user, row.column("user_id"))?;
    }
    if concern.is_none() {
        let path = row.column("email");
        let message = "the row names no address: neither email nor phone nor address has a value";
        return Err(Rejection::new(RejectionCode::MissingIdentifier, path, message));
    }
    if concern == Some("email") && event.channel.is_none() {
        event.channel = Some("email".to_owned());
    }
    let (identifiers, notes) = who.finish(row.column("email"))?;
    event.identifiers = identifiers;
    event.notes.extend(notes);
    Ok(())
}

/// Whether a word names a type of identifier.
pub(super) fn is_identifier(word: &str) -> bool {
    rule_by_name(&word.trim().to_lowercase()).is_some()
}

/// A column that is taken for addresses and has none is more likely the wrong column.
fn checked_mail<'v>(value: &'v str, path: &str) -> Result<&'v str, Rejection> {
    let value = value.trim();
    let is_mail = value.split_once('@').is_some_and(|(name, host)| !name.is_empty() && !host.is_empty());
    if is_mail && !value.contains(char::is_whitespace) {
        return Ok(value);
    }
    let message = format!("{path} is {}; it must be a mail address", shown_text(value));
    Err(Rejection::new(RejectionCode::InvalidValue, path, message))
}

fn checked_phone<'v>(value: &'v str, path: &str) -> Result<&'v str, Rejection> {
    if value.bytes().filter(u8::is_ascii_digit).count() >= 4 {
        return Ok(value);
    }
    let message = format!("{path} is {}; it must be a mail address or a phone number", shown_text(value));
    Err(Rejection::new(RejectionCode::InvalidValue, path, message))
}
