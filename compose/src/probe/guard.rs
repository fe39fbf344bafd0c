//! What a handler may take while it is probed.

use crate::limits;
use std::fmt;
use wasmtime::{Engine, ResourceLimiter, Result, Store};

/// Characters that are kept of what a handler says.
const SAID: usize = 2000;

/// Counts what a store's memories and tables have taken together, and hears what the handler and its sandbox tell.
#[derive(Default)]
pub struct Guard {
    /// What the sandbox told last.
    pub told: Option<String>,
    /// The last line that the handler wrote into its log.
    line: String,
    memory: usize,
    table: usize,
}

impl Guard {
    /// The handler writes a character into its log.
    pub fn put(&mut self, character: char) {
        if self.line.ends_with('\n') {
            self.line.clear();
        }
        if self.line.len() < SAID || character == '\n' {
            self.line.push(character);
        }
    }

    /// The last line that it wrote.
    pub fn said(&self) -> &str {
        self.line.trim_end()
    }
}

/// A handler wanted more memory, or larger tables, than there is for it.
#[derive(Debug)]
pub struct TooMuchMemory;

impl fmt::Display for TooMuchMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "it takes more than {} MB of memory",
            limits::MEMORY >> 20
        )
    }
}

impl std::error::Error for TooMuchMemory {}

impl ResourceLimiter for Guard {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> Result<bool> {
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        grow(&mut self.memory, current, desired, limits::MEMORY)
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> Result<bool> {
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        grow(&mut self.table, current, desired, limits::TABLE)
    }

    fn instances(&self) -> usize {
        limits::INSTANCES
    }

    fn tables(&self) -> usize {
        limits::INSTANCES
    }

    fn memories(&self) -> usize {
        limits::INSTANCES
    }
}

/// An error and not a refusal: a handler that sees its growth refused would go on, and fail in another way.
fn grow(taken: &mut usize, current: usize, desired: usize, limit: usize) -> Result<bool> {
    let more = desired.saturating_sub(current);
    match taken.checked_add(more).filter(|sum| *sum <= limit) {
        Some(sum) => {
            *taken = sum;
            Ok(true)
        }
        None => Err(wasmtime::Error::new(TooMuchMemory)),
    }
}

/// A store with the limits that keep a hostile handler harmless. Whoever increments the engine's epoch
/// ends what runs in it.
pub fn store(engine: &Engine) -> Result<Store<Guard>> {
    let mut store = Store::new(engine, Guard::default());
    store.limiter(|guard| guard);
    store.set_fuel(limits::FUEL)?;
    store.set_hostcall_fuel(limits::DESCRIPTION);
    store.epoch_deadline_trap();
    store.set_epoch_deadline(1);
    Ok(store)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEP: usize = limits::MEMORY / 2;

    #[test]
    fn memories_count_together() {
        let mut guard = Guard::default();
        for _ in 0..2 {
            assert!(guard.memory_growing(0, STEP, None).expect("room"));
        }
        let error = guard.memory_growing(0, 1, None).expect_err("no room");
        assert!(error.is::<TooMuchMemory>());
    }

    #[test]
    fn what_a_module_does_not_allow_itself_is_not_counted() {
        let mut guard = Guard::default();
        for _ in 0..3 {
            let grows = guard.memory_growing(0, STEP, Some(STEP - 1));
            assert!(!grows.expect("refused by its maximum"));
        }
        assert!(guard.memory_growing(0, STEP, Some(STEP)).expect("room"));
    }
}
