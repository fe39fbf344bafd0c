//! Limits and observes a handler while it is probed.

use crate::limits;
use std::fmt;
use wasmtime::{Engine, ResourceLimiter, Result, Store};

/// Maximum number of bytes that are kept of a handler's log line.
const MAX_LINE_BYTES: usize = 2000;

/// Counts the memory and tables of a store, and receives the handler's log and the sandbox's
/// reports.
#[derive(Default)]
pub struct Guard {
    /// The last violation that the sandbox reported.
    pub violation: Option<String>,
    /// The last line that the handler wrote into its log.
    line: String,
    memory: usize,
    table: usize,
}

impl Guard {
    /// Receives a character of the handler's log.
    pub fn put(&mut self, character: char) {
        if self.line.ends_with('\n') {
            self.line.clear();
        }
        if self.line.len() < MAX_LINE_BYTES || character == '\n' {
            self.line.push(character);
        }
    }

    /// The last line of the handler's log.
    pub fn said(&self) -> &str {
        self.line.trim_end()
    }
}

/// A handler exceeded the limit for memory or tables.
#[derive(Debug)]
pub struct TooMuchMemory;

impl fmt::Display for TooMuchMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "it takes more than {} MB of memory",
            limits::MEMORY_BYTES >> 20
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
        grow(&mut self.memory, current, desired, limits::MEMORY_BYTES)
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
        grow(&mut self.table, current, desired, limits::TABLE_ENTRIES)
    }

    fn instances(&self) -> usize {
        limits::MAX_INSTANCES
    }

    fn tables(&self) -> usize {
        limits::MAX_INSTANCES
    }

    fn memories(&self) -> usize {
        limits::MAX_INSTANCES
    }
}

/// Returns an error instead of refusing the growth. A handler whose growth is refused would
/// continue and fail in another way.
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

/// A store with limits that make a hostile handler harmless. Incrementing the engine's epoch stops
/// the code that runs in it.
pub fn store(engine: &Engine) -> Result<Store<Guard>> {
    let mut store = Store::new(engine, Guard::default());
    store.limiter(|guard| guard);
    store.set_fuel(limits::DESCRIBE_FUEL)?;
    store.set_hostcall_fuel(limits::DESCRIPTION_BYTES);
    store.epoch_deadline_trap();
    store.set_epoch_deadline(1);
    Ok(store)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEP: usize = limits::MEMORY_BYTES / 2;

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
