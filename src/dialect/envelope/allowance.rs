//! How much compressed data within wrappers may unpack to. Base64 and JSON texts only shrink when they are opened; what
//! gzip gives out is counted.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// What one record of a file may unpack to: four times the longest record that is read.
pub(in crate::dialect) const RECORD_UNPACKED_BYTES: u64 = 64 * 1024 * 1024;

/// The bytes that may still be unpacked, shared by all parts that count together.
#[derive(Clone, Debug)]
pub(in crate::dialect) struct UnpackLimit {
    bytes: u64,
    left: Arc<AtomicU64>,
    is_per_record: bool,
}

impl UnpackLimit {
    /// So many for each record that stands in no wrapper.
    pub(in crate::dialect) fn per_record() -> Self {
        Self { is_per_record: true, ..Self::whole(RECORD_UNPACKED_BYTES) }
    }

    /// So many for everything.
    pub(in crate::dialect) fn whole(bytes: u64) -> Self {
        Self { bytes, left: Arc::new(AtomicU64::new(bytes)), is_per_record: false }
    }

    /// Another record that stands in no wrapper begins.
    pub(super) fn begin_record(&self) {
        if self.is_per_record {
            self.left.store(self.bytes, Ordering::Relaxed);
        }
    }

    /// The allowance of one part.
    pub(super) fn allowance(&self) -> Allowance {
        Allowance { left: Arc::clone(&self.left), is_exceeded: Arc::default() }
    }

    /// The limit in words, behind "more than".
    pub(super) fn shown(&self) -> String {
        let whose = if self.is_per_record { "one record" } else { "one request" };
        format!("the {} bytes that the wrappers of {whose} may hold", self.bytes)
    }
}

/// One part's share in the limit.
#[derive(Clone, Debug)]
pub(in crate::dialect) struct Allowance {
    left: Arc<AtomicU64>,
    is_exceeded: Arc<AtomicBool>,
}

impl Allowance {
    /// Takes so many bytes; an error when there are not as many left.
    pub(in crate::dialect) fn take(&self, bytes: usize) -> io::Result<()> {
        let taken = |left: u64| left.checked_sub(bytes as u64);
        if self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, taken).is_ok() {
            return Ok(());
        }
        self.left.store(0, Ordering::Relaxed);
        self.is_exceeded.store(true, Ordering::Relaxed);
        Err(io::Error::other("it unpacks to more than is allowed"))
    }

    /// Whether this part was the one that asked for too much.
    pub(super) fn is_exceeded(&self) -> bool {
        self.is_exceeded.load(Ordering::Relaxed)
    }
}
