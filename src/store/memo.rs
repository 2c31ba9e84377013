//! Answers that took a look at many rows, kept in memory for as long as the rows they came from have not changed. What
//! tells is a number in the database (a version), read with every question, so that any number of servers may keep answers
//! without telling each other. Memory is bounded: the answers that were asked for longest ago go first.

use std::any::Any;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Semaphore, SemaphorePermit};

/// Which answer: a hash over the workspace, the campaign and the question.
pub type MemoKey = [u8; 16];

/// Most bytes of all answers together, as they say themselves.
const MAX_BYTES: usize = 32 * 1024 * 1024;
/// Answers that are computed at a time: each uses several processors.
const AT_ONCE: usize = 2;

/// The answers of one database.
pub struct Memo {
    answers: Mutex<Answers>,
    turns: Semaphore,
}

#[derive(Default)]
struct Answers {
    by_key: HashMap<MemoKey, Kept>,
    bytes: usize,
    /// Counts the looks, so that the oldest is known.
    looks: u64,
}

struct Kept {
    version: i64,
    answer: Arc<dyn Any + Send + Sync>,
    bytes: usize,
    last_look: u64,
}

impl Default for Memo {
    fn default() -> Self {
        Self { answers: Mutex::default(), turns: Semaphore::new(AT_ONCE) }
    }
}

impl fmt::Debug for Memo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Memo")
    }
}

impl Memo {
    /// The answer to a question, if it is kept and of this version.
    pub fn get<T: Send + Sync + 'static>(&self, key: &MemoKey, version: i64) -> Option<Arc<T>> {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.looks += 1;
        let look = answers.looks;
        let kept = answers.by_key.get_mut(key).filter(|kept| kept.version == version)?;
        kept.last_look = look;
        Arc::clone(&kept.answer).downcast().ok()
    }

    /// Keeps an answer of so many bytes in place of older versions, unless it is too large.
    pub fn put<T: Send + Sync + 'static>(&self, key: MemoKey, version: i64, (answer, bytes): (Arc<T>, usize)) {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.remove(&key);
        if bytes > MAX_BYTES / 2 {
            return;
        }
        while answers.bytes + bytes > MAX_BYTES {
            let oldest = answers.by_key.iter().min_by_key(|(_, kept)| kept.last_look).map(|(key, _)| *key);
            let Some(oldest) = oldest else { break };
            answers.remove(&oldest);
        }
        let last_look = answers.looks;
        answers.bytes += bytes;
        answers.by_key.insert(key, Kept { version, answer, bytes, last_look });
    }

    /// Waits for a turn to compute an answer. Whoever gets one looks again first: the answer may have come meanwhile.
    pub async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        self.turns.acquire().await.ok()
    }
}

impl Answers {
    fn remove(&mut self, key: &MemoKey) {
        if let Some(kept) = self.by_key.remove(key) {
            self.bytes -= kept.bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const THIRD: usize = MAX_BYTES / 3;

    #[test]
    fn an_answer_is_kept_for_its_version_alone() {
        let memo = Memo::default();
        memo.put([1; 16], 7, (Arc::new(70), 10));
        assert_eq!(memo.get::<i32>(&[1; 16], 7).as_deref(), Some(&70));
        assert_eq!(memo.get::<i32>(&[1; 16], 8), None);
        memo.put([1; 16], 8, (Arc::new(80), 10));
        assert_eq!(memo.get::<i32>(&[1; 16], 8).as_deref(), Some(&80));
        assert_eq!(memo.get::<i32>(&[1; 16], 7), None);
    }

    #[test]
    fn the_answers_not_asked_for_longest_make_room() {
        let memo = Memo::default();
        for key in 0..3 {
            memo.put([key; 16], 1, (Arc::new(key), THIRD));
        }
        assert!(memo.get::<u8>(&[0; 16], 1).is_some());
        memo.put([3; 16], 1, (Arc::new(3_u8), THIRD));
        let kept: Vec<bool> = (0..4).map(|key| memo.get::<u8>(&[key; 16], 1).is_some()).collect();
        assert_eq!(kept, [true, false, true, true]);
        memo.put([4; 16], 1, (Arc::new(4_u8), MAX_BYTES));
        assert!(memo.get::<u8>(&[4; 16], 1).is_none(), "too large to be kept");
    }
}
