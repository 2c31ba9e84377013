//! What becomes of a quarantined record: it waits, until somebody replays or discards it.

/// The state of a quarantined record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(i16)]
pub enum RecordState {
    /// It waits.
    Open = 0,
    /// It was read again and taken; for good.
    Replayed = 1,
    /// It is not wanted, for a reason given; it can still be replayed.
    Discarded = 2,
}

/// The stored code of a record that named an erased customer: its text is gone, and only its key is left, so that a repeat
/// adds nothing. No answer shows it, so that it is no state.
pub const ERASED: i16 = 3;

impl RecordState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Open, Self::Replayed, Self::Discarded];

    /// The stored code.
    pub fn code(self) -> i16 {
        self as i16
    }

    /// The state of a stored code.
    pub fn from_code(code: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }

    /// The name used on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Replayed => "replayed",
            Self::Discarded => "discarded",
        }
    }
}

/// Most characters of a kept path: it is part of an index, whose entries are bounded.
pub const MAX_PATH_CHARS: usize = 500;

/// What no text column holds is shown as U+FFFD.
pub fn kept_text(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

/// A path as it is kept.
pub fn kept_path(path: &str) -> String {
    path.chars().take(MAX_PATH_CHARS).map(|char| if char == '\0' { '\u{fffd}' } else { char }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_lead_back_to_their_state() {
        for state in RecordState::ALL {
            assert_eq!(RecordState::from_code(state.code()), Some(state));
        }
        assert_eq!(RecordState::from_code(9), None);
    }

    #[test]
    fn a_kept_path_is_bounded_and_fits_a_text_column() {
        assert_eq!(kept_path("data.\0x"), "data.\u{fffd}x");
        assert_eq!(kept_path(&"é".repeat(900)).chars().count(), MAX_PATH_CHARS);
    }
}
