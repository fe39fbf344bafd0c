//! Slots over a journal in memory, which distinguishes the durable part from the rest.
//!
//! A write is first *staged*: in the journal, in order, and not synced. A sync makes everything that
//! is staged durable at once. A crash keeps the durable values and, since disks may have written a
//! part of the journal already, a random prefix of what was staged; the rest is lost.
//!
//! No answer reveals a staged value: reads do not return it, and another creator of the same key waits until the
//! value is durable or lost. So every answer depends only on values that survive. [`Durability::Pretended`] breaks
//! exactly this: a staged value is acknowledged and visible at once, and synced only now and then.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use annals_event_log::{Creation, SlotError, Slots};

/// When a write is acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// After it is durable.
    Synced,
    /// At once, with a sync after every `every` writes. This is a broken store.
    Pretended {
        /// Writes between two syncs.
        every: usize,
    },
}

/// The contents of the disk and of the process.
#[derive(Debug)]
pub struct Journal {
    state: Mutex<State>,
    synced: Condvar,
    durability: Durability,
    /// Duration of a sync.
    sync: Duration,
}

#[derive(Debug)]
struct State {
    durable: HashMap<String, Option<Vec<u8>>>,
    staged: VecDeque<(String, Option<Vec<u8>>)>,
    /// A sync is in progress. Values staged meanwhile belong to the next sync.
    syncing: bool,
    /// Number of all staged writes, and number of durable ones.
    written: u64,
    safe: u64,
    /// Changes with each crash.
    process: u64,
    /// The process is starting, and unavailable, until this time.
    down: Option<Instant>,
    random: fastrand::Rng,
}

impl Journal {
    /// An empty journal. The seed determines what a crash leaves.
    #[must_use]
    pub fn new(durability: Durability, sync: Duration, seed: u64) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(State {
                durable: HashMap::new(),
                staged: VecDeque::new(),
                syncing: false,
                written: 0,
                safe: 0,
                process: 0,
                down: None,
                random: fastrand::Rng::with_seed(seed),
            }),
            synced: Condvar::new(),
            durability,
            sync,
        })
    }

    /// Kills the process and starts it again. It is unavailable until it has started.
    pub fn crash(&self, starting: Duration) {
        let mut state = self.state();
        let most = state.staged.len();
        let kept = state.random.usize(..=most);
        let staged: Vec<_> = state.staged.drain(..).collect();
        for (key, value) in staged.into_iter().take(kept) {
            state.durable.insert(key, value);
        }
        state.process += 1;
        state.syncing = false;
        state.safe = state.written;
        state.down = Some(Instant::now() + starting);
        self.synced.notify_all();
    }

    /// The number of the current process, if it has started.
    #[must_use]
    pub fn process(&self) -> Option<u64> {
        let mut state = self.state();
        if state.down.is_some_and(|until| Instant::now() < until) {
            return None;
        }
        state.down = None;
        Some(state.process)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn latest_staged(&self, key: &str) -> Option<&Option<Vec<u8>>> {
        self.staged
            .iter()
            .rev()
            .find(|(staged, _)| staged == key)
            .map(|(_, value)| value)
    }

    fn flush(&mut self, count: usize) {
        let flushed: Vec<_> = self.staged.drain(..count).collect();
        self.safe += flushed.len() as u64;
        self.durable.extend(flushed);
    }
}

/// The slots from the view of one process. After a crash they give no answers.
#[derive(Clone, Debug)]
pub struct Process {
    journal: Arc<Journal>,
    number: u64,
}

impl Process {
    /// The slots of a process, by the number that [`Journal::process`] gave.
    #[must_use]
    pub fn new(journal: Arc<Journal>, number: u64) -> Self {
        Self { journal, number }
    }

    fn alive(&self, state: &State) -> Result<(), SlotError> {
        if state.process == self.number {
            return Ok(());
        }
        Err(SlotError::Unavailable("the process was killed".into()))
    }

    /// Writes the value that `decide` returns, or returns its answer.
    fn write<T>(
        &self,
        key: &str,
        written: T,
        decide: impl Fn(Option<&Vec<u8>>) -> Result<Option<Vec<u8>>, T>,
    ) -> Result<T, SlotError> {
        let mut state = self.journal.state();
        self.alive(&state)?;
        if let Durability::Pretended { every } = self.journal.durability {
            let now = state.latest_staged(key).or_else(|| state.durable.get(key));
            match decide(now.and_then(Option::as_ref)) {
                Err(answer) => return Ok(answer),
                Ok(value) => state.staged.push_back((key.to_owned(), value)),
            }
            if state.staged.len() >= every {
                let all = state.staged.len();
                state.flush(all);
            }
            return Ok(written);
        }
        while state.latest_staged(key).is_some() {
            state = self.wait(state)?;
        }
        match decide(state.durable.get(key).and_then(Option::as_ref)) {
            Err(answer) => return Ok(answer),
            Ok(value) => state.staged.push_back((key.to_owned(), value)),
        }
        state.written += 1;
        let mine = state.written;
        while state.safe < mine {
            state = if state.syncing {
                self.wait(state)?
            } else {
                self.sync(state)?
            };
        }
        Ok(written)
    }

    fn wait<'j>(
        &'j self,
        state: MutexGuard<'j, State>,
    ) -> Result<MutexGuard<'j, State>, SlotError> {
        let state = self
            .journal
            .synced
            .wait(state)
            .unwrap_or_else(PoisonError::into_inner);
        self.alive(&state).map_err(killed)?;
        Ok(state)
    }

    /// Syncs the staged values. Others can stage values meanwhile.
    fn sync<'j>(
        &'j self,
        mut state: MutexGuard<'j, State>,
    ) -> Result<MutexGuard<'j, State>, SlotError> {
        let count = state.staged.len();
        state.syncing = true;
        drop(state);
        std::thread::sleep(self.journal.sync);
        let mut state = self.journal.state();
        self.alive(&state).map_err(killed)?;
        state.syncing = false;
        state.flush(count);
        self.journal.synced.notify_all();
        Ok(state)
    }
}

fn killed(_: SlotError) -> SlotError {
    SlotError::InDoubt("the process was killed".into())
}

impl Slots for Process {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, SlotError> {
        let state = self.journal.state();
        self.alive(&state)?;
        let staged = match self.journal.durability {
            Durability::Synced => None,
            Durability::Pretended { .. } => state.latest_staged(key),
        };
        Ok(staged.or_else(|| state.durable.get(key)).cloned().flatten())
    }

    fn create(&self, key: &str, value: &[u8]) -> Result<Creation, SlotError> {
        self.write(key, Creation::Created, |now| match now {
            Some(_) => Err(Creation::Exists),
            None => Ok(Some(value.to_vec())),
        })
    }

    fn put(&self, key: &str, value: &[u8]) -> Result<(), SlotError> {
        self.write(key, (), |_| Ok(Some(value.to_vec())))
    }

    fn delete(&self, key: &str) -> Result<(), SlotError> {
        self.write(key, (), |_| Ok(None))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn process(journal: &Arc<Journal>) -> Process {
        Process::new(journal.clone(), journal.process().unwrap())
    }

    #[test]
    fn what_was_acknowledged_survives_a_crash_and_the_old_process_does_not() {
        let journal = Journal::new(Durability::Synced, Duration::ZERO, 1);
        let before = process(&journal);
        assert_eq!(before.create("a", b"1"), Ok(Creation::Created));
        journal.crash(Duration::ZERO);
        assert!(matches!(before.get("a"), Err(SlotError::Unavailable(_))));
        let after = process(&journal);
        assert_eq!(after.get("a"), Ok(Some(b"1".to_vec())));
        assert_eq!(after.create("a", b"2"), Ok(Creation::Exists));
    }

    #[test]
    fn a_write_under_way_is_in_doubt_and_nobody_saw_it() {
        let mut survived = [0, 0];
        for seed in 0..40 {
            let journal = Journal::new(Durability::Synced, Duration::from_millis(20), seed);
            let writer = process(&journal);
            let answer = std::thread::scope(|scope| {
                let write = scope.spawn(|| writer.create("a", b"1"));
                while journal.state().staged.is_empty() {
                    std::thread::yield_now();
                }
                assert_eq!(process(&journal).get("a"), Ok(None));
                journal.crash(Duration::ZERO);
                write.join().unwrap()
            });
            assert!(matches!(answer, Err(SlotError::InDoubt(_))));
            let there = process(&journal).get("a").unwrap().is_some();
            survived[usize::from(there)] += 1;
        }
        assert!(survived.iter().all(|count| *count > 5), "{survived:?}");
    }

    #[test]
    fn pretended_writes_are_seen_and_lost() {
        let lost = (0..40).filter(|seed| {
            let journal = Journal::new(Durability::Pretended { every: 100 }, Duration::ZERO, *seed);
            let slots = process(&journal);
            assert_eq!(slots.create("a", b"1"), Ok(Creation::Created));
            assert_eq!(slots.get("a"), Ok(Some(b"1".to_vec())));
            journal.crash(Duration::ZERO);
            process(&journal).get("a").unwrap().is_none()
        });
        assert!(lost.count() > 5);
    }
}
