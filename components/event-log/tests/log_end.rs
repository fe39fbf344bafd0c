//! Where the log ends: never before an event that was acknowledged.
#![allow(clippy::unwrap_used)]

mod common;
use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use annals_event_log::*;
use common::faults::{Fault, Faulty};
use common::*;

fn divided<S: Slots>(slots: S, partitions: u32) -> EventLog<S> {
    let settings = Settings {
        partitions,
        ..Settings::default()
    };
    EventLog::open(slots, &settings).unwrap()
}

fn append<S: Slots>(log: &mut EventLog<S>, stream: &str, seed: u64) -> Result<u64, AppendError> {
    log.append(request(stream, Precondition::Any, "", seed, &["A", "B"]))
        .map(|appended| appended.position)
}

#[test]
fn a_reader_comes_to_the_end_and_not_past_it() {
    for partitions in [1, 2, 7] {
        let slots = empty_slots();
        let mut warm = divided(&slots, partitions);
        assert_eq!(warm.log_end(), Ok(0), "nothing yet");
        for n in 0..60 {
            let position = append(&mut divided(&slots, partitions), &format!("a-{n}"), n).unwrap();
            let end = warm.log_end().unwrap();
            assert!(end >= position, "{end} is before {position}");
            assert_eq!(divided(&slots, partitions).log_end(), Ok(end));
            let (mut at, mut reader) = (0, divided(&slots, partitions));
            loop {
                let page = reader
                    .read_log(at, 7, &LogFilter::default(), LATER)
                    .unwrap();
                at = page.next;
                if page.end {
                    break;
                }
            }
            assert_eq!(at, end, "{partitions} partitions");
        }
    }
}

#[test]
fn what_dead_writers_left_lies_before_the_end() {
    for fault in [Fault::DiesBefore, Fault::DiesAfter] {
        for at in 0..12 {
            let slots = empty_slots();
            append(&mut open(&slots), "a-1", 1).unwrap();
            let mut log = open(&slots);
            let before = log.log_end().unwrap();
            let _ = append(&mut open(Faulty::new(&slots, fault, at)), "a-1", 2);
            let mut end = log.log_end().unwrap();
            assert!(end >= before);
            let acknowledged = append(&mut open(&slots), "a-2", 3).unwrap();
            end = log.log_end().unwrap();
            assert!(end >= acknowledged, "{fault:?} at {at}");
        }
    }
}

#[test]
fn a_store_that_is_divided_otherwise_has_no_end() {
    let slots = empty_slots();
    append(&mut divided(&slots, 4), "a-1", 1).unwrap();
    let error = divided(&slots, 2).log_end().unwrap_err();
    assert!(matches!(error, StoreError::Unavailable(_)), "{error}");
}

#[test]
fn it_is_never_behind_what_others_were_told() {
    for partitions in [1, 5] {
        let (slots, told, done) = (empty_slots(), AtomicU64::new(0), AtomicBool::new(false));
        std::thread::scope(|scope| {
            let writers: Vec<_> = (0..3u64)
                .map(|writer| {
                    let (slots, told) = (&slots, &told);
                    scope.spawn(move || {
                        let mut log = divided(slots, partitions);
                        for n in 0..400 {
                            let stream = format!("w-{writer}.{}", n % 20);
                            let position = append(&mut log, &stream, n).unwrap();
                            told.fetch_max(position, Ordering::SeqCst);
                        }
                    })
                })
                .collect();
            scope.spawn(|| {
                let mut log = divided(&slots, partitions);
                while !done.load(Ordering::SeqCst) {
                    let told = told.load(Ordering::SeqCst);
                    for end in [log.log_end(), divided(&slots, partitions).log_end()] {
                        let end = end.unwrap();
                        assert!(end >= told, "{end} is before {told}");
                    }
                }
            });
            for writer in writers {
                writer.join().unwrap();
            }
            done.store(true, Ordering::SeqCst);
        });
    }
}

/// Counts reads.
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
fn a_warm_instance_finds_it_with_one_read_for_each_partition() {
    for partitions in [1, 3] {
        let slots = MemorySlots::new();
        let counting = Counting(&slots, Cell::new(0));
        let mut log = divided(&counting, partitions);
        for n in 0..100 {
            append(&mut log, &format!("a-{n}"), n).unwrap();
        }
        counting.1.set(0);
        log.log_end().unwrap();
        assert_eq!(counting.1.take(), partitions);
        append(&mut divided(&slots, partitions), "a-1", 1000).unwrap();
        log.log_end().unwrap();
        assert!(counting.1.take() <= partitions + 2, "one is new");
        divided(&counting, partitions).log_end().unwrap();
        assert!(counting.1.take() <= 12 * partitions, "cold");
    }
}
