//! The part of an event that no query filters by, deflated into one column.

use std::cell::RefCell;
use std::io::Read;

use flate2::read::DeflateDecoder;
use flate2::{Compress, Compression, FlushCompress, Status};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::domain::identifier::Identifier;
use crate::domain::mention::Mentions;
use crate::domain::recipient::detail_id;
use crate::{Error, Result};

/// What an event holds beside its indexed columns. Absent fields take no space.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct EventDetails {
    /// (type, value) of every identifier, normalised.
    #[serde(rename = "i", default, skip_serializing_if = "Vec::is_empty")]
    pub identifiers: Vec<(String, String)>,
    /// The vendor's content id.
    #[serde(rename = "c", default, skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// The vendor's list id.
    #[serde(rename = "l", default, skip_serializing_if = "Option::is_none")]
    pub list: Option<String>,
    /// The vendor's message id.
    #[serde(rename = "m", default, skip_serializing_if = "Option::is_none")]
    pub message_id: Option<String>,
    /// The address whose state the event changes.
    #[serde(rename = "t", default, skip_serializing_if = "Option::is_none")]
    pub target_address: Option<String>,
    /// The link.
    #[serde(rename = "u", default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Hash of the link, of an erased click: links of one message are told apart by it, as in recipients' states.
    #[serde(rename = "h", default, skip_serializing_if = "Option::is_none")]
    pub url_id: Option<i64>,
    /// The reason.
    #[serde(rename = "r", default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The rule that gave the vendor's verdict on who acted.
    #[serde(rename = "a", default, skip_serializing_if = "Option::is_none")]
    pub automation_rule: Option<String>,
    /// The vendor's send stamp, UTC microseconds.
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    pub sent_at: Option<i64>,
    /// (code, message) of every note.
    #[serde(rename = "n", default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<(String, String)>,
    /// Everything else that came.
    #[serde(rename = "d", default, skip_serializing_if = "Map::is_empty")]
    pub data: Map<String, Value>,
}

impl EventDetails {
    /// What is left when its customer is erased: nothing of a person, and nothing that names the message.
    #[must_use]
    pub fn erased(self) -> Self {
        let url_id = self.url_hash();
        let Self { content, list, automation_rule, sent_at, .. } = self;
        Self { content, list, url_id, automation_rule, sent_at, ..Self::default() }
    }

    /// The hash of the link, whether it is known or was erased.
    pub fn url_hash(&self) -> Option<i64> {
        self.url.as_deref().map(detail_id).or(self.url_id)
    }

    /// Takes some identifiers out, and every text that names one of them.
    pub fn forget(&mut self, identifiers: &[Identifier]) {
        let mentions = Mentions::of(identifiers);
        self.identifiers.retain(|(name, value)| {
            !identifiers.iter().any(|identifier| identifier.name == *name && identifier.value == *value)
        });
        let link = self.url.as_deref().map(detail_id);
        let texts = [
            &mut self.content,
            &mut self.list,
            &mut self.message_id,
            &mut self.target_address,
            &mut self.url,
            &mut self.reason,
        ];
        for text in texts {
            *text = text.take().filter(|text| !mentions.in_text(text));
        }
        if self.url.is_none() {
            self.url_id = self.url_id.or(link);
        }
        self.notes.retain(|(_, message)| !mentions.in_text(message));
        mentions.take_out(&mut self.data);
    }

    /// Packs the details into a column.
    pub fn encode(&self) -> Vec<u8> {
        let json = serde_json::to_vec(self).expect("details are plain JSON");
        DEFLATE.with_borrow_mut(|deflate| deflated(deflate, &json))
    }

    /// Unpacks what [`Self::encode`] packed.
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        let mut json = Vec::with_capacity(bytes.len() * 3);
        DeflateDecoder::new(bytes).read_to_end(&mut json).map_err(|error| Error::Corrupt(error.to_string()))?;
        serde_json::from_slice(&json).map_err(|error| Error::Corrupt(error.to_string()))
    }
}

thread_local! {
    /// A compressor is some 300 KB to set up, many times the work of an event: each thread keeps one.
    static DEFLATE: RefCell<Compress> = RefCell::new(Compress::new(Compression::fast(), false));
}

fn deflated(deflate: &mut Compress, json: &[u8]) -> Vec<u8> {
    deflate.reset();
    let mut bytes = Vec::with_capacity(json.len() / 2 + 64);
    loop {
        let rest = &json[usize::try_from(deflate.total_in()).unwrap_or(json.len()).min(json.len())..];
        let status = deflate.compress_vec(rest, &mut bytes, FlushCompress::Finish);
        match status.expect("a stream just reset takes any bytes") {
            Status::StreamEnd => return bytes,
            Status::Ok | Status::BufError => bytes.reserve(json.len().max(64)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_details_unpack_to_themselves() {
        let details = EventDetails {
            identifiers: vec![("email".to_owned(), "a@b.example".to_owned())],
            url: Some("https://x.example/".to_owned()),
            data: serde_json::json!({"n": 1.5, "deep": {"list": [null, true]}})
                .as_object()
                .cloned()
                .unwrap_or_default(),
            ..EventDetails::default()
        };
        assert_eq!(EventDetails::decode(&details.encode()).expect("unpacks"), details);
        assert!(EventDetails::decode(b"not deflated").is_err());
    }
}
