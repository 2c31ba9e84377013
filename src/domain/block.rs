//! Identifiers of erased customers, blocked for a while. What is kept is a keyed hash of each: whoever has the table alone
//! cannot try out addresses.

use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::identity::IdentifierId;
use super::time::Micros;

/// The blocks of a workspace, as its settings know them: ingestion reads these anyway, and asks for nothing more where no
/// block can hold any longer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Blocks {
    /// What the hashes are keyed with.
    pub key: BlockKey,
    /// When the last of them ends, UTC microseconds.
    pub until: i64,
    /// How many there are, ended ones among them.
    pub identifiers: usize,
}

impl Blocks {
    /// Whether any may hold at an instant.
    pub fn may_hold(&self, now: Micros) -> bool {
        now.0 < self.until
    }
}

/// 256 random bits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct BlockKey(pub [u8; 32]);

/// What is kept of a blocked identifier.
pub type BlockHash = [u8; 16];

impl BlockKey {
    /// The hash of an identifier.
    pub fn hash(&self, identifier: &IdentifierId) -> BlockHash {
        let hash = blake3::keyed_hash(&self.0, identifier);
        hash.as_bytes()[..16].try_into().expect("sixteen bytes of a 32-byte hash")
    }
}

/// Keys stand in no log.
impl fmt::Debug for BlockKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BlockKey(…)")
    }
}

impl Serialize for BlockKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let digits = self.0.iter().fold(String::with_capacity(64), |text, byte| text + &format!("{byte:02x}"));
        serializer.serialize_str(&digits)
    }
}

impl<'de> Deserialize<'de> for BlockKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let wrong = || D::Error::custom("a key of blocks has 64 hexadecimal digits");
        if text.len() != 64 || !text.is_ascii() {
            return Err(wrong());
        }
        let mut key = [0; 32];
        for (index, byte) in key.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * index..2 * index + 2], 16).map_err(|_| wrong())?;
        }
        Ok(Self(key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_depends_on_the_key() {
        let (one, two) = (BlockKey([1; 32]), BlockKey([2; 32]));
        assert_eq!(one.hash(&[7; 16]), one.hash(&[7; 16]));
        assert_ne!(one.hash(&[7; 16]), two.hash(&[7; 16]));
        assert_ne!(one.hash(&[7; 16]), one.hash(&[8; 16]));
    }

    #[test]
    fn a_key_comes_back_from_its_text_and_is_never_shown() {
        let blocks = Blocks { key: BlockKey([0xa5; 32]), until: 9, identifiers: 3 };
        let text = serde_json::to_string(&blocks).expect("it is JSON");
        assert_eq!(serde_json::from_str::<Blocks>(&text).expect("its own text"), blocks);
        assert!(!format!("{blocks:?}").contains("a5"));
        assert!(serde_json::from_str::<Blocks>(r#"{"key": "ff", "until": 1, "identifiers": 1}"#).is_err());
        assert!(blocks.may_hold(Micros(8)) && !blocks.may_hold(Micros(9)));
    }
}
