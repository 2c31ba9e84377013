//! Quarantined records that name a customer, as `domain::mention` reads them. The whole quarantine is searched, some
//! megabytes at a time.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::document::Document;
use super::{Question, time};
use crate::Result;
use crate::domain::global_id;
use crate::domain::identifier::Identifier;
use crate::domain::mention::Mentions;
use crate::domain::quarantine::RecordState;
use crate::store::quarantine::{self, QuarantineFilter, QuarantinePosition, QuarantinedHead};

/// Records that are looked at between two questions.
const PAGE: u64 = 500;
/// Bytes of texts that are held at a time; a longer text is held alone.
const BYTES_AT_ONCE: i64 = 16 * 1024 * 1024;

/// Writes them; their number.
pub(super) async fn write(
    question: Question<'_>,
    document: &mut Document<'_, '_>,
    identifiers: &[Identifier],
) -> Result<u64> {
    let Question { store, workspace, .. } = question;
    let (mentions, filter, mut number) = (Mentions::of(identifiers), QuarantineFilter::default(), 0);
    document.begin_list("quarantinedRecords")?;
    let mut after: Option<QuarantinePosition> = None;
    loop {
        let slice = quarantine::walk(store, workspace.id, &filter, after.as_ref(), PAGE).await?;
        after = slice.rows.last().map(QuarantinePosition::of);
        for heads in portions(slice.rows) {
            let ids: Vec<Vec<u8>> = heads.iter().map(|head| head.id.clone()).collect();
            let raws = quarantine::raws(store, workspace.id, &ids).await?;
            for head in heads {
                let Some(raw) = raws.get(&head.id).filter(|raw| mentions.in_record(raw)) else { continue };
                document.item(&shown(&head, raw))?;
                number += 1;
            }
        }
        if !slice.has_next {
            document.end_list()?;
            return Ok(number);
        }
    }
}

fn portions(heads: Vec<QuarantinedHead>) -> Vec<Vec<QuarantinedHead>> {
    let (mut portions, mut bytes): (Vec<Vec<QuarantinedHead>>, i64) = (Vec::new(), 0);
    for head in heads {
        bytes += head.kept_len;
        match portions.last_mut() {
            Some(portion) if bytes <= BYTES_AT_ONCE => portion.push(head),
            _ => {
                bytes = head.kept_len;
                portions.push(vec![head]);
            }
        }
    }
    portions
}

fn shown(head: &QuarantinedHead, raw: &[u8]) -> Value {
    let id: Option<[u8; 16]> = head.id.as_slice().try_into().ok();
    let id = id.map(|id| global_id::encode(&format!("QuarantinedRecord:{:032x}", u128::from_be_bytes(id))));
    let text = std::str::from_utf8(raw).ok();
    json!({
        "id": id, "state": RecordState::from_code(head.state).map(RecordState::name), "source": head.source,
        "receivedAt": time(head.received_at), "dialect": head.dialect, "code": head.code, "path": head.path,
        "message": head.message, "resolution": head.resolution, "raw": text,
        "rawBase64": if text.is_none() { Some(STANDARD.encode(raw)) } else { None },
    })
}
