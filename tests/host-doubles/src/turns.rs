//! Runs one thread at a time, in an order that a seed determines.

use std::collections::BTreeSet;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Decides which thread continues. Threads outside of the group are never blocked.
#[derive(Debug)]
pub struct Turns {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    random: Random,
    /// The threads of the group.
    running: BTreeSet<usize>,
    /// The threads that wait for their turn.
    waiting: BTreeSet<usize>,
    chosen: Option<usize>,
}

/// A small generator of random numbers (xorshift64*).
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// Equal seeds give equal numbers.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// The next random number.
    pub fn number(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// True with this probability in percent.
    pub fn percent(&mut self, percent: u64) -> bool {
        self.number() % 100 < percent
    }
}

/// Removes a thread from the group when dropped, also by a panic.
#[derive(Debug)]
pub struct Part<'a> {
    turns: &'a Turns,
    who: usize,
}

impl Turns {
    /// A group without threads.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            state: Mutex::new(State {
                random: Random::new(seed),
                running: BTreeSet::new(),
                waiting: BTreeSet::new(),
                chosen: None,
            }),
            changed: Condvar::new(),
        }
    }

    /// Adds a thread to the group. All threads must join before the first of them runs.
    pub fn join(&self, who: usize) -> Part<'_> {
        self.state().running.insert(who);
        Part { turns: self, who }
    }

    /// Waits for this thread's turn.
    pub fn take(&self, who: usize) {
        let mut state = self.state();
        if !state.running.contains(&who) {
            return;
        }
        state.waiting.insert(who);
        self.choose(&mut state);
        while state.chosen != Some(who) {
            state = self
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        state.chosen = None;
        state.waiting.remove(&who);
    }

    /// Chooses a thread when all threads wait. So the order does not depend on the threads' speed.
    fn choose(&self, state: &mut State) {
        let waiting = state.waiting.len() as u64;
        if state.chosen.is_none() && waiting > 0 && state.waiting == state.running {
            let nth = state.random.number() % waiting;
            state.chosen = state.waiting.iter().nth(nth as usize).copied();
            self.changed.notify_all();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Part<'_> {
    fn drop(&mut self) {
        let mut state = self.turns.state();
        state.running.remove(&self.who);
        self.turns.choose(&mut state);
    }
}
