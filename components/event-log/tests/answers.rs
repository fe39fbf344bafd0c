//! Answers are true of one moment, also when others write while they are found.
#![allow(clippy::unwrap_used)]

mod common;
use std::cell::Cell;

use annals_event_log::*;
use common::*;

/// Lets somebody append just before the read with a given number.
struct Overtaken<'a> {
    slots: &'a MemorySlots,
    at: u64,
    count: Cell<u64>,
}

impl Slots for Overtaken<'_> {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, SlotError> {
        if self.count.replace(self.count.get() + 1) == self.at {
            open(self.slots)
                .append(request("a-1", Precondition::Any, "", 9, &["E"]))
                .unwrap();
        }
        self.slots.get(key)
    }
    fn create(&self, key: &str, value: &[u8]) -> Result<Creation, SlotError> {
        self.slots.create(key, value)
    }
    fn put(&self, key: &str, value: &[u8]) -> Result<(), SlotError> {
        self.slots.put(key, value)
    }
    fn delete(&self, key: &str) -> Result<(), SlotError> {
        self.slots.delete(key)
    }
}

#[test]
fn a_conflict_tells_a_version_at_which_the_precondition_fails() {
    for (filled, expected) in [
        (3, Precondition::At(4)),
        (0, Precondition::StreamExists),
        (0, Precondition::At(1)),
    ] {
        for cursor in [None, Some(0)] {
            let mut conflicts = 0;
            for at in 0.. {
                let slots = empty_slots();
                fill(&mut open(&slots), "a-1", &vec![1; filled]);
                let overtaken = Overtaken {
                    slots: &slots,
                    at,
                    count: Cell::new(0),
                };
                let request = request("a-1", expected, "", 1, &["E"]);
                match open(&overtaken).append(AppendRequest { cursor, ..request }) {
                    Err(AppendError::Conflict { actual, .. }) => {
                        assert!(
                            !expected.holds(actual),
                            "{expected:?} holds at {actual}, read {at}"
                        );
                        conflicts += 1;
                    }
                    other => assert!(other.is_ok()),
                }
                if overtaken.count.get() <= at {
                    break;
                }
            }
            assert!(conflicts > 0);
        }
    }
}

#[test]
fn reading_backward_from_the_beginning_tells_whether_there_are_events_behind_the_first_slot() {
    let slots = empty_slots();
    let mut log = open(&slots);
    let read = |before| {
        open(&slots)
            .read_stream_backward("a-1", Some(before), 5)
            .unwrap()
    };
    assert_eq!((read(0), read(1)), (None, None));
    let head = Head::default();
    log.record_outcome("a-1", head, metadata("c"), None, NOW)
        .unwrap();
    assert_eq!((read(0), read(1)), (None, None));
    fill(&mut log, "a-1", &[1]);
    for before in [0, 1] {
        let page = read(before).expect("the stream has events");
        assert_eq!((page.events.len(), page.end), (0, true));
    }
}

#[test]
fn reading_backward_is_true_of_one_moment() {
    for filled in [0, 2] {
        for before in [None, Some(2), Some(9)] {
            for at in 0.. {
                let slots = empty_slots();
                fill(&mut open(&slots), "a-1", &vec![1; filled]);
                let overtaken = Overtaken {
                    slots: &slots,
                    at,
                    count: Cell::new(0),
                };
                let page = open(&overtaken).read_stream_backward("a-1", before, 9);
                let found = page.unwrap().map(|page| {
                    let versions: Vec<u64> = page.events.iter().map(|e| e.version).collect();
                    versions
                });
                let end = before.unwrap_or(u64::MAX);
                let moments = [filled as u64, filled as u64 + 1].map(|last| {
                    let versions: Vec<u64> = (1..=last).rev().filter(|v| *v < end).collect();
                    (last > 0).then_some(versions)
                });
                assert!(
                    moments.contains(&found),
                    "before {before:?}, overtaken at read {at}: {found:?}"
                );
                if overtaken.count.get() <= at {
                    break;
                }
            }
        }
    }
}
