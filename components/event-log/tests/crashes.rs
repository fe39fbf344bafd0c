//! What survives when a writer dies, or hears nothing, at any of its reads and writes; and when
//! others act between any two of them.
#![allow(clippy::unwrap_used)]

mod common;
use std::cell::Cell;

use annals_event_log::*;
use common::faults::{Fault, Faulty, Slow};
use common::sourcer::{check_once, submit};
use common::*;

/// What happens between the crash and the retry.
const MEANWHILES: [fn(&MemorySlots); 4] = [
    |_| {},
    |slots| drop(log_all(&mut open(slots), 3, LATER)),
    |slots| drop(submit(&mut open(slots), "a-1", "other", 50, |_| false).unwrap()),
    |slots| {
        submit(&mut open(slots), "a-1", "refused", 51, |_| true).unwrap();
        log_all(&mut open(slots), 3, LATER);
        submit(&mut open(slots), "a-1", "other", 52, |_| false).unwrap();
    },
];

#[test]
fn a_retry_after_any_fault_takes_effect_once() {
    for fault in Fault::ALL {
        for (m, meanwhile) in MEANWHILES.iter().enumerate() {
            for rejects in [false, true] {
                let mut at = 0;
                loop {
                    let place = format!(
                        "fault {fault:?} at operation {at}, meanwhile {m}, rejects {rejects}"
                    );
                    let slots = empty_slots();
                    // The 16th slot writes hints, which may fail as well.
                    fill(&mut open(&slots), "a-1", &[1; 15]);
                    let faulty = Faulty {
                        slots: &slots,
                        fault,
                        at,
                        count: Cell::new(0),
                    };
                    let reject = |version: u64| rejects && version == 15;
                    let first = submit(&mut open(&faulty), "a-1", "mine", 1, reject);
                    if let Ok(told) = &first {
                        check_once(&slots, "a-1", "mine", told);
                    }
                    meanwhile(&slots);
                    check(&slots, &["a-1"]);
                    let told = submit(&mut open(&slots), "a-1", "mine", 2, reject).expect(&place);
                    if let Ok(first) = first {
                        assert_eq!(first, told, "{place}");
                    }
                    check_once(&slots, "a-1", "mine", &told);
                    check(&slots, &["a-1"]);
                    if faulty.count.get() <= at {
                        break;
                    }
                    at += 1;
                }
                let fewest = if is_atomic() { 8 } else { 15 };
                assert!(at > fewest, "every operation was tried");
            }
        }
    }
}

#[test]
fn a_slow_writer_breaks_nothing_whatever_others_do_meanwhile() {
    // Each bit is one thing that others do while the writer sleeps.
    for things in 1u32..64 {
        for rejects in [false, true] {
            let mut at = 0;
            loop {
                let slots = empty_slots();
                fill(&mut open(&slots), "a-1", &[1; 15]);
                let read = Cell::new((0, Vec::new()));
                let others = || {
                    let log = || open(&slots);
                    if things & 1 != 0 {
                        submit(&mut log(), "a-1", "refused", 3, |_| true).unwrap();
                    }
                    if things & 2 != 0 {
                        submit(&mut log(), "b-1", "elsewhere", 4, |_| false).unwrap();
                    }
                    if things & 4 != 0 {
                        let page = log()
                            .read_log(0, 1000, &LogFilter::default(), LATER)
                            .unwrap();
                        read.set((page.next, page.events));
                    }
                    if things & 8 != 0 {
                        // The same command again, by an impatient client; it may decide otherwise.
                        submit(&mut log(), "a-1", "mine", 5, |_| !rejects).unwrap();
                    }
                    if things & 16 != 0 {
                        submit(&mut log(), "a-1", "other", 6, |_| false).unwrap();
                    }
                    if things & 32 != 0 {
                        let page = log()
                            .read_log(0, 1000, &LogFilter::default(), LATER)
                            .unwrap();
                        read.set((page.next, page.events));
                    }
                };
                let slow = Slow {
                    slots: &slots,
                    at,
                    count: Cell::new(0),
                    others,
                };
                let told = submit(&mut open(&slow), "a-1", "mine", 1, |_| rejects).unwrap();
                check_once(&slots, "a-1", "mine", &told);
                let all = check(&slots, &["a-1", "b-1"]);
                let (passed, seen) = read.take();
                let now: Vec<_> = all.into_iter().filter(|e| e.position <= passed).collect();
                assert_eq!(
                    now, seen,
                    "what a reader passed never changes: operation {at}, things {things:b}"
                );
                if slow.count.get() <= at {
                    break;
                }
                at += 1;
            }
        }
    }
}

/// A writer that dies between its two steps.
fn die_between_steps(slots: &MemorySlots, stream: &str) {
    let before = log_slots(slots);
    for at in 0.. {
        let faulty = Faulty {
            slots,
            fault: Fault::DiesBefore,
            at,
            count: Cell::new(0),
        };
        let request = request(stream, Precondition::Any, "dead", 99, &["Dead"]);
        assert!(open(&faulty).append(request).is_err());
        if log_slots(slots) > before {
            return;
        }
    }
}

fn log_slots(slots: &MemorySlots) -> usize {
    slots
        .dump()
        .keys()
        .filter(|key| key.contains(".log."))
        .count()
}

#[test]
fn a_log_reader_waits_for_a_young_writer_and_voids_an_old_one() {
    let slots = MemorySlots::new();
    let mut log = open(&slots);
    fill(&mut log, "a-1", &[1, 2]);
    die_between_steps(&slots, "a-1");
    fill(&mut log, "b-1", &[1]);
    let before = slots.dump();
    for now in [NOW - 60_000, NOW, NOW + 5000] {
        let page = log.read_log(0, 100, &LogFilter::default(), now).unwrap();
        assert_eq!(
            (page.events.len(), page.end),
            (3, true),
            "it stops in front of the young ref"
        );
        assert_eq!(
            log.read_log(page.next, 100, &LogFilter::default(), now)
                .unwrap()
                .next,
            page.next
        );
    }
    assert_eq!(slots.dump(), before);
    let page = log
        .read_log(0, 100, &LogFilter::default(), NOW + 5001)
        .unwrap();
    assert_eq!(
        (page.events.len(), page.end),
        (4, true),
        "it passes the dead one"
    );
    assert_eq!(slots.dump().len(), before.len() + 1);
    // The void is passed by everybody, and what is known of the stream outlives it.
    let stale = AppendRequest {
        cursor: Some(2),
        ..request("a-1", Precondition::At(3), "x", 1, &["E"])
    };
    assert_eq!(open(&slots).append(stale).unwrap().version, 4);
    check(&slots, &["a-1", "b-1"]);
}

#[test]
fn a_void_in_the_last_slot_does_not_hide_where_the_stream_stands() {
    let slots = MemorySlots::new();
    let mut log = open(&slots);
    fill(&mut log, "a-1", &[2]);
    for _ in 0..3 {
        die_between_steps(&slots, "a-1");
        log_all(&mut open(&slots), 10, LATER);
    }
    let wrong = request("a-1", Precondition::NoStream, "x", 1, &["E"]);
    let conflict = AppendError::Conflict {
        expected: Precondition::NoStream,
        actual: 2,
    };
    assert_eq!(open(&slots).append(wrong), Err(conflict));
    let close = AppendRequest {
        close: true,
        ..request("a-1", Precondition::At(2), "x", 1, &["E"])
    };
    assert_eq!(open(&slots).append(close).unwrap().version, 3);
    assert_eq!(
        load_all(&mut open(&slots), "a-1", 1).1,
        Head {
            cursor: 5,
            version: 3,
            closed: true
        }
    );
    check(&slots, &["a-1"]);
}

#[test]
fn a_ref_from_the_far_future_does_not_stop_the_log() {
    let slots = MemorySlots::new();
    let future = NOW + 1_000_000_000;
    let faulty = Faulty {
        slots: &slots,
        fault: Fault::DiesBefore,
        at: 3,
        count: Cell::new(0),
    };
    for at in 0.. {
        let faulty = Faulty {
            at,
            count: Cell::new(0),
            ..faulty
        };
        let request = AppendRequest {
            recorded_at: future,
            ..request("a-1", Precondition::Any, "", 1, &["E"])
        };
        open(&faulty).append(request).ok();
        if log_slots(&slots) > 0 {
            break;
        }
    }
    fill(&mut open(&slots), "b-1", &[1]);
    assert_eq!(log_all(&mut open(&slots), 10, NOW).len(), 1);
}

/// Loses the answer to the first attempt at every creation.
struct Forgetful<'a> {
    slots: &'a MemorySlots,
    happens: bool,
    odd: Cell<bool>,
}

impl Slots for Forgetful<'_> {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, SlotError> {
        self.slots.get(key)
    }
    fn create(&self, key: &str, value: &[u8]) -> Result<Creation, SlotError> {
        self.odd.set(!self.odd.get());
        if self.odd.get() {
            if self.happens {
                self.odd.set(false);
                self.slots.create(key, value)?;
            }
            return Err(SlotError::InDoubt("lost".into()));
        }
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
fn the_truth_about_a_lost_answer_is_found_out() {
    for happens in [false, true] {
        let slots = empty_slots();
        fill(&mut open(&slots), "a-1", &[1; 3]);
        let forgetful = Forgetful {
            slots: &slots,
            happens,
            odd: Cell::new(false),
        };
        let at = |version, seed| request("a-1", Precondition::At(version), "", seed, &["E"]);
        assert_eq!(open(&forgetful).append(at(3, 1)).map(|a| a.version), Ok(4));
        assert_eq!(open(&forgetful).append(at(4, 2)).map(|a| a.version), Ok(5));
        let claimed = open(&forgetful).claim_command("c", 1, "a-1", 0);
        assert_eq!(
            claimed,
            Ok(if happens {
                Claim::Pending
            } else {
                Claim::Fresh
            })
        );
        // Another's commit is not taken for ours.
        let conflict = Err(AppendError::Conflict {
            expected: Precondition::At(4),
            actual: 5,
        });
        assert_eq!(
            open(&forgetful).append(AppendRequest {
                cursor: Some(4),
                ..at(4, 3)
            }),
            conflict
        );
        assert_eq!(check(&slots, &["a-1"]).len(), 5);
        assert_eq!(log_slots(&slots), 6, "one ref an attempt");
    }
}
