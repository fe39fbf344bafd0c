//! Slots behind a bad connection: answers get lost, and writes arrive late, or never.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use annals_event_log::{Creation, SlotError, Slots};

/// One in so many writes goes wrong.
const WRITES: u32 = 8;
/// One in so many reads goes wrong. Pages take hundreds, and must get through now and then.
const READS: u32 = 2000;
/// A late write arrives within so many microseconds.
const LATE: u64 = 8000;

/// Slots that are reached by a bad connection; clones share it.
#[derive(Clone, Debug)]
pub struct Flaky<S> {
    slots: S,
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    random: fastrand::Rng,
    /// Writes under way whose callers have given up.
    late: Vec<(Instant, String, Vec<u8>)>,
}

impl<S: Slots> Flaky<S> {
    /// What goes wrong is drawn from the seed.
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

    /// Lets late writes arrive that are due; then says whether this call goes wrong, and how.
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
