//! One thread at a time, in an order that a seed decides.

use std::collections::BTreeSet;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Decides who goes on. Threads that take no part are never held up.
#[derive(Debug)]
pub struct Turns {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    random: Random,
    /// Threads that take part.
    running: BTreeSet<usize>,
    /// Those of them that wait for their turn.
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

    /// The next number.
    pub fn number(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// True this often of a hundred times.
    pub fn percent(&mut self, percent: u64) -> bool {
        self.number() % 100 < percent
    }
}

/// Ends a thread's part when dropped, also by a panic.
#[derive(Debug)]
pub struct Part<'a> {
    turns: &'a Turns,
    who: usize,
}

impl Turns {
    /// Nobody takes part yet.
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

    /// Takes part from now on. All who are to take part join before the first of them runs.
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

    /// Only when everybody waits: what runs until then depends on no clock.
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
