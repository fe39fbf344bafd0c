//! Checkpoints and rows when a deliverer dies, hears nothing, or is slow at any of its reads and
//! writes, and when many work at once.
#![allow(clippy::unwrap_used)]

mod common;
use std::cell::Cell;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use annals_event_log::*;
use common::faults::{Fault, Faulty, Slow};
use common::*;

/// A deliverer in small: brings the events after the checkpoint up to `last` into a row, then
/// moves the checkpoint. The row's value lists the events that it has seen. An event at a position
/// divisible by 7 deletes the row.
fn deliver<S: Slots>(log: &mut EventLog<S>, last: u64) -> Result<(), WriteError> {
    let known = log.load_checkpoint("h")?.unwrap_or(checkpoint(0, 1, 0));
    for position in known.position + 1..=last {
        apply(log, "k", position)?;
    }
    let next = Checkpoint {
        position: last,
        ..known
    };
    log.save_checkpoint("h", next)
}

/// Brings one event into a row, unless the row has it.
fn apply<S: Slots>(log: &mut EventLog<S>, key: &str, position: u64) -> Result<(), WriteError> {
    let found = log.get_row("v", key)?;
    let (value, seen) = match found {
        Some(row) if row.position >= position => return Ok(()),
        Some(row) => (String::from_utf8(row.value).unwrap(), row.position),
        None => (String::new(), 0),
    };
    let written = match position % 7 {
        0 => log.delete_row("v", key, seen, position),
        _ => log.put_row(
            "v",
            row(key, &format!("{value} {position}"), position),
            seen,
        ),
    };
    match written {
        // A deletion is not seen by reading.
        Err(WriteError::Stale) if seen == 0 && log.get_row("v", key)?.is_none() => Ok(()),
        other => other,
    }
}

/// What the row holds when every event up to `last` was brought in once.
fn expected(last: u64) -> Option<Row> {
    let first = last / 7 * 7 + 1;
    let value: String = (first..=last).map(|p| format!(" {p}")).collect();
    (first <= last).then(|| row("k", &value, last))
}

/// What must be true when everybody is done.
fn check_delivered(slots: &MemorySlots, last: u64, place: &str) {
    let mut log = open(slots);
    assert_eq!(log.get_row("v", "k").unwrap(), expected(last), "{place}");
    let stored = log.load_checkpoint("h").unwrap().unwrap();
    assert_eq!(stored.position, last, "{place}");
    let page = log.scan_rows("v", None, 10).unwrap();
    let listed: Vec<Row> = expected(last).into_iter().collect();
    assert_eq!((page.rows, page.end), (listed, true), "{place}");
}

/// Delivers until somebody has brought it all.
fn deliver_at_last(slots: &MemorySlots, last: u64) {
    for _ in 0..100 {
        let mut log = open(slots);
        let at = log.load_checkpoint("h").unwrap().map_or(0, |c| c.position);
        if at >= last {
            return;
        }
        match deliver(&mut log, last) {
            Ok(()) | Err(WriteError::Stale) => {}
            Err(error) => panic!("{error}"),
        }
    }
    panic!("stale without end");
}

/// States to start from: nothing, a row, one that is deleted, one whose next revision is the 16th.
const BEFORE: [u64; 5] = [0, 3, 7, 15, 31];

fn start(before: u64) -> MemorySlots {
    let slots = empty_slots();
    for last in 1..=before {
        deliver_at_last(&slots, last);
    }
    slots
}

#[test]
fn a_delivery_after_any_fault_changes_things_once() {
    for fault in Fault::ALL {
        for before in BEFORE {
            for others in [false, true] {
                for warm in [false, true] {
                    let mut at = 0;
                    loop {
                        let place = format!("{fault:?} at {at}, {before} before, {others} {warm}");
                        let slots = start(before);
                        let last = before + 2;
                        let faulty = Faulty::new(&slots, fault, at);
                        let mut log = open(&faulty);
                        let first = deliver(&mut log, last);
                        let first_was_last = faulty.count.get() <= at;
                        if first.is_ok() {
                            check_delivered(&slots, last, &place);
                        }
                        if others {
                            deliver_at_last(&slots, last + 1);
                        }
                        if warm && !matches!(fault, Fault::DiesBefore | Fault::DiesAfter) {
                            // The same instance again, with what it remembers.
                            let again = deliver(&mut log, last + 1);
                            // The fault may strike only now.
                            let struck =
                                Err(WriteError::Store(StoreError::Unavailable("dead".into())));
                            assert!(
                                matches!(again, Ok(()) | Err(WriteError::Stale))
                                    || (first_was_last
                                        && (again == struck || fault != Fault::Fails)),
                                "{place}: {again:?}"
                            );
                        }
                        deliver_at_last(&slots, last + 1);
                        check_delivered(&slots, last + 1, &place);
                        if first_was_last {
                            break;
                        }
                        at += 1;
                    }
                    assert!(at > 6, "every operation was tried");
                }
            }
        }
    }
}

#[test]
fn a_slow_deliverer_breaks_nothing_whatever_others_do_meanwhile() {
    for before in BEFORE {
        for ahead in [0, 1, 2, 3, 5, 20, 40] {
            for warm in [false, true] {
                let mut at = 0;
                loop {
                    let place = format!("operation {at}, {before} before, {ahead} ahead, {warm}");
                    let slots = start(before);
                    let last = before + 2;
                    let others = || {
                        for last in (before + 1)..=(before + ahead) {
                            deliver_at_last(&slots, last);
                        }
                    };
                    let slow = Slow::new(&slots, at, others);
                    let mut log = open(&slow);
                    let at_now = if warm {
                        log.load_checkpoint("h").unwrap();
                        log.get_row("v", "k").unwrap();
                        slow.count.get()
                    } else {
                        0
                    };
                    match deliver(&mut log, last) {
                        Ok(()) => {
                            let stored = open(&slots).load_checkpoint("h").unwrap();
                            assert!(stored.unwrap().position >= last, "{place}");
                        }
                        Err(WriteError::Stale) => assert!(ahead > 0, "{place}"),
                        // It had read less of the log than others have delivered.
                        Err(WriteError::Store(StoreError::Invalid(why))) => {
                            assert!(why.contains("go back") && ahead > 2, "{place}: {why}");
                        }
                        Err(error) => panic!("{place}: {error}"),
                    }
                    let done = slow.count.get() <= at.max(at_now);
                    let end = last.max(before + ahead);
                    deliver_at_last(&slots, end);
                    check_delivered(&slots, end, &place);
                    if done {
                        break;
                    }
                    at += 1;
                }
            }
        }
    }
}

/// Reads before the reader falls asleep, at most.
const WARM_READS: u64 = 100;

#[test]
fn a_slow_reader_sees_what_was_there_at_some_moment() {
    for before in [1, 2, 15, 16, 40] {
        for ahead in [1, 2, 3, 4, 8, 30] {
            for warm in [0, 1, before] {
                let mut at = 0;
                loop {
                    let place = format!("read {at}, {before} before, {ahead} ahead, {warm} known");
                    let slots = empty_slots();
                    let write = |n| {
                        let mut log = open(&slots);
                        log.put_row("v", row("k", "x", n), n - 1).unwrap();
                        log.save_checkpoint("h", checkpoint(n, 1, n - 1)).unwrap();
                    };
                    (1..=warm).for_each(write);
                    let awake = Cell::new(true);
                    let others = || {
                        awake.set(false);
                        (before + 1..=before + ahead).for_each(write);
                    };
                    let slow = Slow::new(&slots, WARM_READS + at, others);
                    let mut log = open(&slow);
                    if warm > 0 {
                        log.get_row("v", "k").unwrap();
                        log.load_checkpoint("h").unwrap();
                    }
                    assert!(slow.count.get() <= WARM_READS && awake.get());
                    slow.count.set(WARM_READS);
                    (warm + 1..=before).for_each(write);
                    let range = before..=before + ahead;
                    let row = log.get_row("v", "k").expect(&place).expect(&place);
                    assert!(range.contains(&row.position), "{place}");
                    let stored = log.load_checkpoint("h").expect(&place).expect(&place);
                    assert!(range.contains(&stored.revision), "{place}");
                    let page = log.scan_rows("v", None, 1).expect(&place);
                    assert!(range.contains(&page.rows[0].position), "{place}");
                    if awake.get() {
                        break;
                    }
                    at += 1;
                }
            }
        }
    }
}

/// Loses the answer to the first attempt at every creation.
struct Forgetful<'a, F: Fn(&str)> {
    slots: &'a MemorySlots,
    happens: bool,
    odd: Cell<bool>,
    /// Acts before the answer is lost, given the key.
    others: F,
}

impl<F: Fn(&str)> Slots for Forgetful<'_, F> {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, SlotError> {
        self.slots.get(key)
    }
    fn create(&self, key: &str, value: &[u8]) -> Result<Creation, SlotError> {
        self.odd.set(!self.odd.get());
        if !self.odd.get() {
            return self.slots.create(key, value);
        }
        if self.happens {
            self.odd.set(false);
            self.slots.create(key, value)?;
        }
        (self.others)(key);
        Err(SlotError::InDoubt("lost".into()))
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
        let forgetful = |others| Forgetful {
            slots: &slots,
            happens,
            odd: Cell::new(false),
            others,
        };
        let nobody: fn(&str) = |_| {};
        let quiet = forgetful(nobody);
        let mut log = open(&quiet);
        for n in 1..=20 {
            assert_eq!(log.put_row("v", row("k", "x", n), n - 1), Ok(()));
            assert_eq!(log.save_checkpoint("h", checkpoint(n, 1, n - 1)), Ok(()));
        }
        let revisions = |kind: &str| slots.dump().keys().filter(|k| k.contains(kind)).count();
        assert_eq!((revisions(".row."), revisions(".checkpoint.")), (20, 20));
    }
}

#[test]
fn what_others_wrote_is_not_taken_for_ours_when_an_answer_is_lost() {
    let slots = empty_slots();
    open(&slots).put_row("v", row("k", "x", 1), 0).unwrap();
    open(&slots)
        .save_checkpoint("h", checkpoint(1, 1, 0))
        .unwrap();
    for happens in [false, true] {
        let position = open(&slots).get_row("v", "k").unwrap().unwrap().position;
        let other = |key: &str| {
            let mut log = open(&slots);
            if key.contains(".row.") {
                let seen = log.get_row("v", "k").unwrap().unwrap().position;
                log.put_row("v", row("k", "other", seen + 10), seen)
                    .unwrap();
            } else {
                let known = log.load_checkpoint("h").unwrap().unwrap();
                let position = known.position + 10;
                log.save_checkpoint("h", Checkpoint { position, ..known })
                    .unwrap();
            }
        };
        let forgetful = Forgetful {
            slots: &slots,
            happens,
            odd: Cell::new(false),
            others: other,
        };
        let mut log = open(&forgetful);
        let known = log.load_checkpoint("h").unwrap().unwrap();
        assert_eq!(
            log.put_row("v", row("k", "mine", position + 1), position),
            Err(WriteError::Stale)
        );
        let next = Checkpoint {
            position: known.position + 1,
            ..known
        };
        // The checkpoint's bytes stay where they are, so that they were ours is found out.
        forgetful.odd.set(false);
        let expected = if happens {
            Ok(())
        } else {
            Err(WriteError::Stale)
        };
        assert_eq!(log.save_checkpoint("h", next), expected);
        let stored = open(&slots).get_row("v", "k").unwrap().unwrap();
        assert_eq!(stored.value, b"other");
        let again = log.load_checkpoint("h").unwrap().unwrap();
        assert_eq!(again.revision, known.revision + 1 + u64::from(happens));
    }
}

#[test]
fn a_slot_that_exists_and_cannot_be_read_is_no_endless_loop() {
    /// Holds keys that nobody ever gave a value.
    struct Hollow<'a>(&'a MemorySlots);
    impl Slots for Hollow<'_> {
        fn get(&self, key: &str) -> Result<Option<Vec<u8>>, SlotError> {
            self.0.get(key)
        }
        fn create(&self, key: &str, value: &[u8]) -> Result<Creation, SlotError> {
            if key.ends_with("2") {
                return Ok(Creation::Exists);
            }
            self.0.create(key, value)
        }
        fn put(&self, key: &str, value: &[u8]) -> Result<(), SlotError> {
            self.0.put(key, value)
        }
        fn delete(&self, key: &str) -> Result<(), SlotError> {
            self.0.delete(key)
        }
    }
    let slots = empty_slots();
    let mut log = open(Hollow(&slots));
    log.put_row("v", row("k", "x", 1), 0).unwrap();
    log.save_checkpoint("h", checkpoint(1, 1, 0)).unwrap();
    let unreadable = |error| matches!(error, WriteError::Store(StoreError::Unavailable(_)));
    assert!(unreadable(
        log.put_row("v", row("k", "x", 2), 1).unwrap_err()
    ));
    assert!(unreadable(
        log.save_checkpoint("h", checkpoint(2, 1, 1)).unwrap_err()
    ));
}

const WRITERS: u64 = 6;

#[test]
fn of_writers_at_once_one_gets_each_revision() {
    let slots = empty_slots();
    let position = AtomicU64::new(0);
    let done: Vec<(u64, Vec<u64>)> = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..WRITERS)
            .map(|n| {
                let (slots, position) = (&slots, &position);
                scope.spawn(move || {
                    let mut log = open(slots);
                    let (mut saved, mut put) = (0, Vec::new());
                    for round in 0..300 {
                        if n % 2 == 0 && round % 10 == 0 {
                            // As on a host with an instance per request.
                            log = open(slots);
                        }
                        let known = log
                            .load_checkpoint("h")
                            .unwrap()
                            .unwrap_or(checkpoint(0, 1, 0));
                        let next = Checkpoint {
                            position: known.position + 1,
                            ..known
                        };
                        match log.save_checkpoint("h", next) {
                            Ok(()) => saved += 1,
                            Err(error) => assert_eq!(error, WriteError::Stale),
                        }
                        let at = position.fetch_add(1, Ordering::SeqCst) + 1;
                        let found = log.get_row("v", "k").unwrap();
                        let seen = found.as_ref().map_or(0, |row| row.position);
                        let value =
                            found.map_or(String::new(), |r| String::from_utf8(r.value).unwrap());
                        match log.put_row("v", row("k", &format!("{value} {at}"), at), seen) {
                            Ok(()) => put.push(at),
                            Err(error) => assert_eq!(error, WriteError::Stale),
                        }
                    }
                    (saved, put)
                })
            })
            .collect();
        writers.into_iter().map(|w| w.join().unwrap()).collect()
    });
    let mut log = open(&slots);
    let saved: u64 = done.iter().map(|(saved, _)| saved).sum();
    let stored = log.load_checkpoint("h").unwrap().unwrap();
    assert_eq!(
        (stored.revision, stored.position),
        (saved, saved),
        "every success is one revision, built on the one before"
    );
    let mut put: Vec<u64> = done.into_iter().flat_map(|(_, put)| put).collect();
    put.sort_unstable();
    let row = log.get_row("v", "k").unwrap().unwrap();
    let value: String = put.iter().map(|at| format!(" {at}")).collect();
    assert_eq!(
        String::from_utf8(row.value).unwrap(),
        value,
        "no update is lost, each is built on all before it"
    );
    let revisions = slots.dump().keys().filter(|k| k.contains(".row.")).count();
    assert_eq!(revisions, put.len());
}

#[test]
fn a_scan_never_misses_a_row_that_was_there_before_it_began() {
    let slots = empty_slots();
    let running = AtomicBool::new(true);
    // Rows 0..written of every writer are there.
    let written: Vec<AtomicU64> = (0..WRITERS).map(|_| AtomicU64::new(0)).collect();
    std::thread::scope(|scope| {
        for (n, written) in written.iter().enumerate() {
            let (slots, running) = (&slots, &running);
            scope.spawn(move || {
                let mut log = open(slots);
                for k in 0..150 {
                    let key = format!("{:02}-{n}", k * 7 % 150);
                    log.put_row("v", row(&key, "x", 1), 0).unwrap();
                    log.put_row("v", row(&key, "y", 2), 1).unwrap();
                    let gone = format!("gone-{}", k % 3);
                    let seen = log.get_row("v", &gone).unwrap().map_or(0, |r| r.position);
                    let at = 10 + k * WRITERS + n as u64;
                    // Others do the same.
                    drop(log.put_row("v", row(&gone, "", at), seen));
                    drop(log.delete_row("v", &gone, at, at + 1));
                    written.store(k + 1, Ordering::SeqCst);
                }
                running.store(false, Ordering::SeqCst);
            });
        }
        let mut warm = open(&slots);
        let mut scans = 0;
        while running.load(Ordering::SeqCst) || scans < 10 {
            let before: Vec<u64> = written.iter().map(|w| w.load(Ordering::SeqCst)).collect();
            let mut cold = open(&slots);
            let log = if scans % 3 == 0 { &mut cold } else { &mut warm };
            let mut found = Vec::new();
            loop {
                let page = log
                    .scan_rows("v", found.last().map(String::as_str), 17)
                    .unwrap();
                found.extend(page.rows.into_iter().map(|row| row.key));
                if page.end {
                    break;
                }
            }
            assert!(found.is_sorted_by(|a, b| a < b), "in order, none twice");
            let found: BTreeSet<String> = found.into_iter().collect();
            for (n, count) in before.iter().enumerate() {
                for k in 0..*count {
                    let key = format!("{:02}-{n}", k * 7 % 150);
                    assert!(found.contains(&key), "{key} was there before");
                }
            }
            scans += 1;
        }
    });
}
