//! Resets hidden state before a domain's code runs, so that a call gives the same result as the first call of an
//! instance or as the thousandth.

use std::cell::Cell;
use std::hash::RandomState;

/// Every function that the framework calls runs this before the domain's code. Functions that take several events run
/// it before each event.
///
/// A `HashMap` then has the same hash keys, whatever was called before. The standard library gives each new map of a
/// thread different keys: it increments a counter.
pub(crate) fn begin() {
    thread_local! {
        static KEYS: Keys = {
            super::diagnostics::tell_panics();
            Keys::find()
        };
    }
    KEYS.with(Keys::reset);
}

/// The counter from which the standard library derives the hash keys of maps.
struct Keys {
    /// `None` if the counter was not found. A standard library with a different implementation leaves maps as they
    /// are.
    place: Option<Cell<*mut u64>>,
    first: u64,
}

/// Returns the two keys of a new map's hasher.
fn keys() -> [u64; 2] {
    const { assert!(size_of::<RandomState>() == size_of::<[u64; 2]>()) };
    // SAFETY: both types have the same size, and any bytes are valid numbers.
    unsafe { std::mem::transmute(RandomState::new()) }
}

impl Keys {
    /// Searches the statics for a number that increases with each new hasher.
    ///
    /// On wasm32-wasip1 this search also makes the instance's first request for randomness. A sandbox always answers
    /// that request with the same bytes, because it comes from here. Any other request stops the handler.
    fn find() -> Self {
        let (one, two) = (keys(), keys());
        let Some(counted) = (0..2).find(|index| two[*index] == one[*index].wrapping_add(1)) else {
            return Self {
                place: None,
                first: 0,
            };
        };
        let mut next = two[counted].wrapping_add(1);
        let found = statics().find(|place| {
            // SAFETY: the address is within the statics and aligned, and no other code runs.
            let look = || unsafe { place.read_volatile() };
            // An unrelated number with the same value does not increase.
            look() == next && {
                next = keys()[counted].wrapping_add(1);
                look() == next
            }
        });
        Self {
            place: found.map(Cell::new),
            first: one[counted],
        }
    }

    fn reset(&self) {
        if let Some(place) = &self.place {
            // SAFETY: this is the counter, a thread-local `Cell` of the standard library. Nobody holds a reference to
            // its content, and there is only one thread.
            unsafe { place.get().write_volatile(self.first) };
        }
    }
}

/// Returns the address of every aligned 8-byte word in the statics of this module.
fn statics() -> impl Iterator<Item = *mut u64> {
    unsafe extern "C" {
        // The linker defines these symbols: the beginning and end of the statics.
        static __global_base: u8;
        static __data_end: u8;
    }
    let (begin, end) = (&raw const __global_base, &raw const __data_end);
    let begin = begin.expose_provenance().next_multiple_of(8);
    (begin..end.expose_provenance().saturating_sub(7))
        .step_by(8)
        .map(std::ptr::with_exposed_provenance_mut)
}
