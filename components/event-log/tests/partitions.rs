//! A log that is divided: one order for all partitions, and nothing appears behind a reader.
#![allow(clippy::unwrap_used)]

mod common;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};

use annals_event_log::*;
use common::*;
use proptest::prelude::*;

fn divided<S: Slots>(slots: S, partitions: u32) -> EventLog<S> {
    let settings = Settings {
        partitions,
        ..Settings::default()
    };
    EventLog::open(slots, &settings).unwrap()
}

fn append<S: Slots>(log: &mut EventLog<S>, stream: &str, seed: u64) -> Appended {
    log.append(request(
        stream,
        Precondition::Any,
        "",
        seed,
        &["One", "Two"],
    ))
    .unwrap()
}

#[test]
fn streams_are_spread_over_all_partitions() {
    let slots = empty_slots();
    let mut log = divided(&slots, 4);
    let used: BTreeSet<u64> = (0..40)
        .map(|n| append(&mut log, &format!("a-{n}"), n).position / 1024 % 4)
        .collect();
    assert_eq!(used.len(), 4);
}

#[test]
fn an_idle_partition_does_not_hold_up_the_log() {
    let slots = empty_slots();
    let mut log = divided(&slots, 8);
    for n in 0..5 {
        append(&mut log, "a-1", n);
    }
    let seen = log_all(&mut divided(&slots, 8), 3, NOW);
    let versions: Vec<_> = seen.iter().map(|e| e.version).collect();
    assert_eq!(versions, (1..=10).collect::<Vec<_>>());
    // The others come later, and behind.
    let last = seen.last().unwrap().position;
    for n in 0..30 {
        let appended = append(&mut log, &format!("b-{n}"), n);
        assert!(appended.position > last, "nothing appears behind a reader");
    }
    assert_eq!(log_all(&mut log, 7, NOW).len(), 70);
}

proptest! {
    #[test]
    fn whatever_a_reader_has_passed_never_changes(
        partitions in 1u32..6,
        steps in prop::collection::vec((0u8..4, 0u8..8), 1..60),
    ) {
        let slots = empty_slots();
        let (mut after, mut seen) = (0, Vec::new());
        for (n, (what, stream)) in steps.into_iter().enumerate() {
            if what == 0 {
                let page = divided(&slots, partitions)
                    .read_log(after, 3, &LogFilter::default(), NOW)
                    .unwrap();
                prop_assert!(page.next >= after);
                after = page.next;
                seen.extend(page.events);
            } else {
                append(&mut divided(&slots, partitions), &format!("a-{stream}"), n as u64);
            }
        }
        let all = log_all(&mut divided(&slots, partitions), 5, NOW);
        prop_assert!(all.is_sorted_by(|a, b| a.position < b.position));
        prop_assert_eq!(&all[..seen.len()], &seen[..]);
        prop_assert!(all[seen.len()..].iter().all(|e| e.position > after));
        let mut versions = BTreeMap::new();
        for event in &all {
            let version = versions.entry(&event.stream).or_insert(0);
            *version += 1;
            prop_assert_eq!(event.version, *version, "the log keeps the order of each stream");
        }
    }
}

#[test]
fn writers_in_all_partitions_and_an_impatient_reader_agree() {
    const WRITERS: usize = 6;
    let slots = empty_slots();
    let running = AtomicUsize::new(WRITERS);
    let mut followed = Vec::new();
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let (slots, running) = (&slots, &running);
            scope.spawn(move || {
                for n in 0..60 {
                    append(&mut divided(slots, 3), &format!("a-{writer}"), n);
                }
                running.fetch_sub(1, Ordering::SeqCst);
            });
        }
        let settings = Settings {
            partitions: 3,
            grace_ms: 0,
            ..Settings::default()
        };
        let mut log = EventLog::open(&slots, &settings).unwrap();
        let mut after = 0;
        loop {
            let last = running.load(Ordering::SeqCst) == 0;
            let page = log
                .read_log(after, 10, &LogFilter::default(), LATER)
                .unwrap();
            followed.extend(page.events);
            after = page.next;
            if page.end && last {
                break;
            }
        }
    });
    assert_eq!(followed.len(), WRITERS * 60 * 2);
    assert_eq!(followed, log_all(&mut divided(&slots, 3), 50, LATER));
}

#[test]
fn nothing_appears_before_a_position_that_an_append_told() {
    let slots = empty_slots();
    let mut log = divided(&slots, 4);
    // One partition is far ahead of the others.
    let told = (0..9)
        .map(|n| append(&mut log, "a-1", n).position)
        .max()
        .unwrap();
    let page = divided(&slots, 4).read_log(told, 10, &LogFilter::default(), NOW);
    assert_eq!(page.unwrap().events, []);
    let appended = (0..20).map(|n| append(&mut log, &format!("b-{n}"), n));
    let positions: Vec<_> = appended.map(|appended| appended.position).collect();
    assert!(positions.iter().all(|position| *position > told));
    let page = log.read_log(told, 100, &LogFilter::default(), NOW);
    assert_eq!(page.unwrap().events.len(), 40);
    // A position that nobody has told is no reason to write.
    let before = slots.dump();
    for far in [told + 1_000_000_000, u64::MAX] {
        let page = divided(&slots, 4).read_log(far, 10, &LogFilter::default(), NOW);
        assert_eq!(page.unwrap().events, []);
    }
    assert_eq!(slots.dump(), before);
}

#[test]
fn a_store_cannot_be_divided_otherwise_later() {
    for (first, then) in [(1, 4), (4, 1), (4, 2)] {
        let slots = empty_slots();
        append(&mut divided(&slots, first), "a-1", 1);
        let mut other = divided(&slots, then);
        let refused = |error: StoreError| {
            let text = error.to_string();
            assert!(
                text.contains(&format!("partitions = {first}")),
                "{first} then {then}: {text}"
            );
        };
        let before = slots.dump();
        refused(
            other
                .read_log(0, 10, &LogFilter::default(), NOW)
                .unwrap_err(),
        );
        refused(other.health().unwrap_err());
        match other.append(request("b-1", Precondition::Any, "", 1, &["E"])) {
            Err(AppendError::Store(error)) => refused(error),
            other => panic!("{first} then {then}: {other:?}"),
        }
        assert_eq!(slots.dump(), before);
    }
}

#[test]
fn a_damaged_record_of_the_store_stops_whoever_needs_it() {
    let slots = empty_slots();
    append(&mut divided(&slots, 2), "a-1", 1);
    let mut bytes = slots.get("a.store").unwrap().unwrap();
    bytes[7] ^= 1;
    slots.put("a.store", &bytes).unwrap();
    // Seen with another number of partitions, the log seems empty.
    let corrupt = |error: StoreError| {
        assert!(
            matches!(&error, StoreError::Corrupt { key, .. } if key == "a.store"),
            "{error:?}"
        );
    };
    corrupt(open(&slots).health().unwrap_err());
    corrupt(
        open(&slots)
            .read_log(0, 9, &LogFilter::default(), NOW)
            .unwrap_err(),
    );
    match open(&slots).append(request("b-1", Precondition::Any, "", 1, &["E"])) {
        Err(AppendError::Store(error)) => corrupt(error),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_store_from_before_there_were_partitions_has_one() {
    let slots = empty_slots();
    append(&mut open(&slots), "a-1", 1);
    let old = empty_slots();
    for (key, value) in slots.dump() {
        if !key.ends_with(".store") {
            old.put(&key, &value).unwrap();
        }
    }
    append(&mut open(&old), "a-1", 2);
    assert_eq!(log_all(&mut open(&old), 10, NOW).len(), 4);
    let refused = divided(&old, 2).append(request("b-1", Precondition::Any, "", 1, &["E"]));
    assert!(matches!(
        refused,
        Err(AppendError::Store(StoreError::Unavailable(_)))
    ));
}

#[test]
fn only_numbers_of_partitions_that_make_sense_are_taken() {
    for partitions in [0, MAX_PARTITIONS + 1] {
        let settings = Settings {
            partitions,
            ..Settings::default()
        };
        assert!(EventLog::open(empty_slots(), &settings).is_err());
    }
}
