//! The keys that senders' signatures are checked with.

use super::value::Reader;
use crate::dialect::signature::{SendGridKey, SnsKey};
use crate::{Error, Result};

/// The keys of the certificates of SNS; none where signatures are not checked.
pub(super) fn sns_keys(read: &Reader<'_>) -> Result<Vec<SnsKey>> {
    let path = read.text("sns_certificate");
    let is_checked = match read.text("sns_signature").trim().to_ascii_lowercase().as_str() {
        "" => !path.is_empty(),
        "check" => true,
        "off" => false,
        _ => return Err(read.error("sns_signature", "check or off")),
    };
    if is_checked && path.is_empty() {
        let takes = "off, unless sns_certificate names the file with the certificates of SNS";
        return Err(read.error("sns_signature", takes));
    }
    // A file that cannot be used is an error even while nothing is checked: it was meant to be.
    let keys = if path.is_empty() { Vec::new() } else { certificate_keys(&path)? };
    Ok(if is_checked { keys } else { Vec::new() })
}

fn certificate_keys(path: &str) -> Result<Vec<SnsKey>> {
    let wrong = |why: String| Error::Config(format!("setting sns_certificate is {path}, which cannot be used: {why}"));
    let pem = std::fs::read(path).map_err(|error| wrong(error.to_string()))?;
    SnsKey::parse_pem(&pem).map_err(wrong)
}

/// The key of SendGrid's signed event webhook.
pub(super) fn sendgrid_key(read: &Reader<'_>) -> Result<Option<SendGridKey>> {
    let text = read.text("sendgrid_public_key");
    if text.trim().is_empty() {
        return Ok(None);
    }
    let takes = |why| format!("the verification key as SendGrid shows it: {why}");
    SendGridKey::parse(&text).map(Some).map_err(|why| read.error("sendgrid_public_key", &takes(why)))
}
