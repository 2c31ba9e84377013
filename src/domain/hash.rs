//! Stable hashes: ids of catalogue rows, identifiers and keys are hashes of what they stand for, so that two servers
//! make the same id without asking each other. Changing any of these needs a new database.

/// Number of shards of a database (V): 1 on SQLite, 8 on Postgres, recorded when the database is created.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShardCount(pub i16);

impl ShardCount {
    /// The shard of a 64-bit id.
    pub fn of_id(self, id: i64) -> i16 {
        self.of_bytes(&id.to_be_bytes())
    }

    /// The shard of a 128-bit id.
    pub fn of_bytes(self, id: &[u8]) -> i16 {
        if self.0 <= 1 {
            return 0;
        }
        let hash = blake3::hash(id);
        let bytes: [u8; 4] = hash.as_bytes()[..4].try_into().expect("four bytes of a 32-byte hash");
        (u32::from_be_bytes(bytes) % u32::from(self.0.unsigned_abs())) as i16
    }
}

/// 128 bits over a list of parts. The parts' lengths are hashed too, so that ("ab", "c") and ("a", "bc") differ.
pub fn hash128(parts: &[&[u8]]) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(&(part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    hasher.finalize().as_bytes()[..16].try_into().expect("sixteen bytes of a 32-byte hash")
}

/// The hash of a text of any length, made of its parts as they pass: BLAKE3, 256 bits. Two that differ differ in it, whoever
/// made them.
#[derive(Debug, Default)]
pub struct WholeHash(blake3::Hasher);

impl WholeHash {
    /// Takes the next part.
    pub fn update(&mut self, part: &[u8]) {
        self.0.update(part);
    }

    /// The hash of all parts.
    pub fn finish(&self) -> [u8; 32] {
        *self.0.finalize().as_bytes()
    }

    /// The hash of a text that is there as a whole.
    pub fn of(text: &[u8]) -> [u8; 32] {
        *blake3::hash(text).as_bytes()
    }
}

/// A positive 63-bit id over a list of parts; never 0, which stands for "none" in columns.
pub fn hash63(parts: &[&[u8]]) -> i64 {
    let bytes: [u8; 8] = hash128(parts)[..8].try_into().expect("eight bytes of a 16-byte hash");
    (i64::from_be_bytes(bytes) & i64::MAX).max(1)
}

/// Id of the identifier (type, value) in a workspace.
pub fn identifier_id(workspace: i32, name: &str, value: &str) -> [u8; 16] {
    hash128(&[b"identifier", &workspace.to_be_bytes(), name.as_bytes(), value.as_bytes()])
}

/// Id of the campaign that (namespace, external id) makes on first sight.
pub fn campaign_id(workspace: i32, namespace: &str, external_id: &str) -> i64 {
    hash63(&[b"campaign", &workspace.to_be_bytes(), namespace.as_bytes(), external_id.as_bytes()])
}

/// Id of a list, by the id that its source gave it; the same in every workspace.
pub fn list_id(name: &str) -> i64 {
    hash63(&[b"list", name.as_bytes()])
}

/// Id of a group of a rollup: the hash of its value; a missing value has a group of its own.
pub fn group_id(value: Option<&str>) -> i64 {
    match value {
        Some(value) => hash63(&[b"group", value.as_bytes()]),
        None => 1,
    }
}

/// A hash over texts that may be absent, where absent and empty differ.
pub fn optional_hash(domain: &[u8], texts: &[&Option<String>]) -> i64 {
    optional_hash_with(domain, &[], texts)
}

/// The same with parts that are always there.
pub fn optional_hash_with(domain: &[u8], parts: &[&[u8]], texts: &[&Option<String>]) -> i64 {
    let mut all: Vec<&[u8]> = vec![domain];
    all.extend_from_slice(parts);
    for text in texts {
        all.push(if text.is_some() { b"+" } else { b"-" });
        all.push(text.as_deref().unwrap_or_default().as_bytes());
    }
    hash63(&all)
}
