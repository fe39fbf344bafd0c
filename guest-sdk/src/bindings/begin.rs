//! What must be as at the start when a domain's code is called: it may be the first call of an instance, or
//! the thousandth.

use std::cell::Cell;
use std::hash::RandomState;

/// Before a domain's code runs, in every function that the framework calls, and before each event of many.
///
/// A map then has the same keys whatever was called before: the standard library gives each new map of a
/// thread other ones, by counting up from the first.
pub(crate) fn begin() {
    thread_local! {
        static KEYS: Keys = {
            super::diagnostics::tell_panics();
            Keys::find()
        };
    }
    KEYS.with(Keys::reset);
}

/// Where the standard library counts the keys of maps.
struct Keys {
    /// `None` if it was not found: a library that has changed leaves maps as they are.
    place: Option<Cell<*mut u64>>,
    first: u64,
}

/// The two keys of a map's hasher.
fn keys() -> [u64; 2] {
    const { assert!(size_of::<RandomState>() == size_of::<[u64; 2]>()) };
    // SAFETY: they are of one size, and any bytes are numbers.
    unsafe { std::mem::transmute(RandomState::new()) }
}

impl Keys {
    /// Looks for a number among the statics that counts up with each hasher that is made.
    ///
    /// On wasm32-wasip1 this also is the instance's first wish for randomness, which a sandbox answers with
    /// the same bytes always, because it is this; and any other one stops the handler.
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
            // SAFETY: within the statics, aligned, and nothing else runs.
            let look = || unsafe { place.read_volatile() };
            // A number that happens to be the same does not count up.
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
            // SAFETY: found to be the count, which is the standard library's thread-local `Cell`: nobody holds
            // a reference to what is in it, and there is one thread.
            unsafe { place.get().write_volatile(self.first) };
        }
    }
}

/// Every place for a number among the statics of this module.
fn statics() -> impl Iterator<Item = *mut u64> {
    unsafe extern "C" {
        // The linker's: where statics begin and end.
        static __global_base: u8;
        static __data_end: u8;
    }
    let (begin, end) = (&raw const __global_base, &raw const __data_end);
    let begin = begin.expose_provenance().next_multiple_of(8);
    (begin..end.expose_provenance().saturating_sub(7))
        .step_by(8)
        .map(std::ptr::with_exposed_provenance_mut)
}
