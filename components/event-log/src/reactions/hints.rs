//! Hints of deliverers: numbers by name, each of which costs one read.
//!
//! A deliverer finds out from the chain of checkpoints and the log whether a reaction has events to process. An
//! instance with an empty cache finds the end of a chain in about ten reads. If every request ends with this check, the
//! check costs more than the request. A hint is one record that is overwritten, so the check costs one read. A hint may
//! be lost or arrive late. The deliverer then reads the chain, or runs the check one request later.

use crate::error::StoreError;
use crate::name::escape;
use crate::records::{self, Hint};
use crate::slots::Slots;
use crate::store::Store;

/// Maximum bytes of a hint's escaped name. A longer name would need a digest in the key, and the tools could not
/// recover the name from it.
const MAX_NAME_BYTES: usize = 90;

/// See [`EventLog::get_hint`](crate::EventLog::get_hint).
///
/// # Errors
/// As there.
pub fn get<S: Slots>(store: &Store<S>, name: &str) -> Result<u64, StoreError> {
    match is_kept(name) {
        true => store.hinted(&store.keys().hint(name)),
        false => Ok(0),
    }
}

/// See [`EventLog::put_hint`](crate::EventLog::put_hint).
///
/// # Errors
/// As there.
pub fn put<S: Slots>(store: &Store<S>, name: &str, number: u64) -> Result<(), StoreError> {
    if !is_kept(name) {
        return Ok(());
    }
    let hint = records::encode(&Hint { slot: number })?;
    store.put(&store.keys().hint(name), &hint)
}

fn is_kept(name: &str) -> bool {
    (1..=MAX_NAME_BYTES).contains(&escape(name).len())
}
#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::SlotError;
    use crate::event_log::{EventLog, Settings};
    use crate::model::Checkpoint;
    use crate::slots::{Creation, MemorySlots};
    use std::cell::Cell;

    /// Slots that count reads.
    struct Counting<'a>(&'a MemorySlots, Cell<u32>);

    impl Slots for Counting<'_> {
        fn get(&self, key: &str) -> Result<Option<Vec<u8>>, SlotError> {
            self.1.set(self.1.get() + 1);
            self.0.get(key)
        }
        fn create(&self, key: &str, value: &[u8]) -> Result<Creation, SlotError> {
            self.0.create(key, value)
        }
        fn put(&self, key: &str, value: &[u8]) -> Result<(), SlotError> {
            self.0.put(key, value)
        }
        fn delete(&self, key: &str) -> Result<(), SlotError> {
            self.0.delete(key)
        }
    }

    #[test]
    fn an_instance_that_remembers_nothing_reads_a_hint_at_once() {
        let slots = MemorySlots::new();
        let mut log = EventLog::open(&slots, &Settings::default()).expect("it opens");
        for revision in 0..1_000 {
            let next = Checkpoint {
                position: revision,
                generation: 1,
                revision,
                state: vec![1],
            };
            log.save_checkpoint("mailer", next).expect("saved");
        }
        log.put_hint("mailer", 700).expect("stored");
        let counting = Counting(&slots, Cell::new(0));
        let fresh = EventLog::open(&counting, &Settings::default()).expect("it opens");
        assert_eq!(fresh.get_hint("mailer"), Ok(700));
        assert_eq!(counting.1.get(), 1);
    }

    #[test]
    fn a_hint_is_seen_by_others_until_it_is_damaged() {
        let slots = MemorySlots::new();
        let open = || EventLog::open(&slots, &Settings::default()).expect("it opens");
        assert_eq!(open().get_hint("mailer"), Ok(0));
        open().put_hint("mailer", 700).expect("stored");
        assert_eq!(open().get_hint("mailer"), Ok(700));
        assert_eq!(open().get_hint("other"), Ok(0));
        open().put_hint("mailer", 0).expect("stored");
        assert_eq!(open().get_hint("mailer"), Ok(0));
        open().put_hint("mailer", 800).expect("stored");
        let key = "a.hint.mailer";
        slots.put(key, b"damaged").expect("stored");
        assert_eq!(open().get_hint("mailer"), Ok(0));
        let long = "m".repeat(MAX_NAME_BYTES + 1);
        open().put_hint(&long, 900).expect("passed over");
        assert_eq!(open().get_hint(&long), Ok(0));
    }
}
