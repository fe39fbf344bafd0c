//! Group commit: one flush for every writer that was waiting when it started.

use std::sync::{Condvar, Mutex};

#[derive(Default)]
struct State {
    requested: u64,
    completed: u64,
    running: bool,
}

/// A group commit: the first writer to wait flushes for all writers that have arrived by then.
#[derive(Default)]
pub struct Group {
    state: Mutex<State>,
    changed: Condvar,
}

impl Group {
    /// Returns once a flush that started after this call has finished.
    pub fn flushed(&self, flush: impl Fn()) {
        let mut state = self.state.lock().expect("no writer panics");
        state.requested += 1;
        let ticket = state.requested;
        while state.completed < ticket {
            if state.running {
                state = self.changed.wait(state).expect("no writer panics");
                continue;
            }
            state.running = true;
            let target = state.requested;
            drop(state);
            flush();
            state = self.state.lock().expect("no writer panics");
            state.running = false;
            state.completed = target;
            self.changed.notify_all();
        }
    }
}
