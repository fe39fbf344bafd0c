//! Slots behind an unreliable connection: answers get lost, and writes arrive late or never.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use annals_event_log::{Creation, SlotError, Slots};

/// One in this many writes fails.
const WRITES: u32 = 8;
/// One in this many reads fails. A page takes hundreds of reads and must succeed now and then.
const READS: u32 = 2000;
/// Maximum delay of a late write, in microseconds.
const LATE: u64 = 8000;

/// Slots behind an unreliable connection. Clones share the connection.
#[derive(Clone, Debug)]
pub struct Flaky<S> {
    slots: S,
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    random: fastrand::Rng,
    /// Writes in progress whose callers have got an error.
    late: Vec<(Instant, String, Vec<u8>)>,
}

impl<S: Slots> Flaky<S> {
    /// The seed determines the failures.
    pub fn new(slots: S, seed: u64) -> Self {
        let state = State {
            random: fastrand::Rng::with_seed(seed),
            late: Vec::new(),
        };
        Self {
            slots,
            state: Arc::new(Mutex::new(state)),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Applies the late writes that are due. Then it returns whether this call fails, and how.
    fn fate(&self, of: u32) -> Result<Option<u32>, SlotError> {
        let mut state = self.state();
        let now = Instant::now();
        for (_, key, value) in state.late.extract_if(.., |(due, ..)| *due <= now) {
            self.slots.create(&key, &value)?;
        }
        let wrong = state.random.u32(0..of) == 0;
        Ok(wrong.then(|| state.random.u32(0..4)))
    }
}

fn lost() -> SlotError {
    SlotError::InDoubt("the answer was lost".into())
}

fn down() -> SlotError {
    SlotError::Unavailable("no connection".into())
}

impl<S: Slots> Slots for Flaky<S> {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, SlotError> {
        match self.fate(READS)? {
            None => self.slots.get(key),
            Some(_) => Err(down()),
        }
    }

    fn create(&self, key: &str, value: &[u8]) -> Result<Creation, SlotError> {
        match self.fate(WRITES)? {
            None => self.slots.create(key, value),
            Some(0) => Err(down()),
            Some(1) => Err(lost()),
            Some(2) => self.slots.create(key, value).and_then(|_| Err(lost())),
            Some(_) => {
                let mut state = self.state();
                let due = Instant::now() + Duration::from_micros(state.random.u64(0..LATE));
                state.late.push((due, key.to_owned(), value.to_vec()));
                Err(lost())
            }
        }
    }

    fn put(&self, key: &str, value: &[u8]) -> Result<(), SlotError> {
        match self.fate(WRITES)? {
            None => self.slots.put(key, value),
            Some(_) => Err(down()),
        }
    }

    fn delete(&self, key: &str) -> Result<(), SlotError> {
        match self.fate(WRITES)? {
            None => self.slots.delete(key),
            Some(_) => Err(down()),
        }
    }
}
