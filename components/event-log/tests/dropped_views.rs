//! Views that nobody uses any more: everything of them goes, nothing else does, and whoever died or
//! was slow meanwhile is no matter.
#![allow(clippy::unwrap_used)]

mod common;
use std::collections::BTreeSet;

use annals_event_log::*;
use common::faults::{Fault, Faulty, Slow};
use common::*;

/// Rows that changed once, often, were deleted, or have a long name; one is listed twice.
const KEYS: usize = 7;

fn key(n: usize) -> String {
    match n {
        5 => "k".repeat(300),
        n => format!("k{n}"),
    }
}

fn fill_view(slots: &MemorySlots, view: &str) {
    let mut log = open(slots);
    for n in 0..KEYS {
        let key = key(n);
        for position in 1..=[1, 2, 3, 17, 33, 1, 1][n] {
            log.put_row(view, row(&key, "x", position), position - 1)
                .unwrap();
        }
        if n % 3 == 2 {
            let seen = log.get_row(view, &key).unwrap().unwrap().position;
            log.delete_row(view, &key, seen, 100).unwrap();
        }
    }
    // A writer that saw nothing of the others died after it had listed its row.
    let before = entries(slots, view);
    for at in 0.. {
        let faulty = Faulty::new(slots, Fault::DiesBefore, at);
        let _ = open(&faulty).put_row(view, row("dead", "x", 1), 0);
        if entries(slots, view) > before {
            break;
        }
    }
    open(slots).put_row(view, row("dead", "x", 1), 0).unwrap();
}

fn entries(slots: &MemorySlots, view: &str) -> usize {
    let front = format!("a.view.{}.", escape(view));
    slots
        .dump()
        .keys()
        .filter(|k| k.starts_with(&front))
        .count()
}

fn drop_all<S: Slots>(log: &mut EventLog<S>, view: &str, limit: u32) -> Result<u32, StoreError> {
    for calls in 1..1000 {
        if log.drop_rows(view, limit)? {
            return Ok(calls);
        }
    }
    panic!("it never ends");
}

/// What is stored beside the mark.
fn remains(slots: &MemorySlots) -> Vec<String> {
    let keys = slots.dump().into_keys();
    keys.filter(|key| !key.contains(".view-dropped.")).collect()
}

#[test]
fn nothing_is_left_but_a_mark() {
    for limit in [0, 1, 2, 3, 100] {
        let slots = empty_slots();
        fill_view(&slots, "v@1");
        assert_eq!(entries(&slots, "v@1"), KEYS + 2, "one is listed twice");
        let calls = drop_all(&mut open(&slots), "v@1", limit).unwrap();
        assert_eq!(remains(&slots), Vec::<String>::new());
        assert_eq!(slots.dump().len(), 1, "the mark");
        let least = (KEYS + 2).div_ceil(limit.max(1) as usize);
        assert_eq!(calls as usize, least, "so many rows a call, and no more");
        assert_eq!(open(&slots).drop_rows("v@1", 1), Ok(true), "again");
    }
}

#[test]
fn of_a_view_with_a_hint_nothing_is_left_either() {
    let slots = empty_slots();
    let mut log = open(&slots);
    for n in 0..40 {
        log.put_row("v", row(&n.to_string(), "x", 1), 0).unwrap();
    }
    assert!(remains(&slots).contains(&"a.view-head.v".to_owned()));
    assert_eq!(drop_all(&mut log, "v", 7), Ok(6));
    assert_eq!(remains(&slots), Vec::<String>::new());
    // Also to whoever wrote and dropped it, its name is used up.
    let late = log.put_row("v", row("new", "late", 500), 0);
    assert!(
        matches!(late, Err(WriteError::Store(StoreError::Invalid(_)))),
        "{late:?}"
    );
    assert_eq!(remains(&slots), Vec::<String>::new());
}

#[test]
fn a_row_that_changed_often_takes_several_calls() {
    let slots = empty_slots();
    let mut log = open(&slots);
    for n in 1..=5000 {
        log.put_row("v", row("k", "x", n), n - 1).unwrap();
    }
    assert_eq!(log.drop_rows("v", 10), Ok(false));
    let left = remains(&slots).len();
    assert!((900..1000).contains(&left), "{left} keys are left");
    assert_eq!(log.drop_rows("v", 10), Ok(true));
    assert_eq!(remains(&slots), Vec::<String>::new());
}

#[test]
fn other_views_stay_as_they_are() {
    let names = ["v@1", "v@10", "v@", "v", "V@1", "~v@1", "v@1.k1", "w@1"];
    let slots = empty_slots();
    for name in names {
        fill_view(&slots, name);
    }
    let mut log = open(&slots);
    log.save_checkpoint("v@1", checkpoint(1, 1, 0)).unwrap();
    drop_all(&mut log, "v@1", 2).unwrap();
    for name in &names[1..] {
        let alone = empty_slots();
        fill_view(&alone, name);
        for (key, value) in alone.dump() {
            assert_eq!(slots.get(&key).unwrap(), Some(value), "{name}: {key}");
        }
    }
    let stored = log.load_checkpoint("v@1").unwrap();
    assert_eq!(stored, Some(checkpoint(1, 1, 1)));
}

#[test]
fn whoever_goes_on_after_any_fault_deletes_the_rest() {
    let whole = empty_slots();
    fill_view(&whole, "v");
    for fault in Fault::ALL {
        for at in 0.. {
            let place = format!("{fault:?} at {at}");
            let slots = empty_slots();
            for (key, value) in whole.dump() {
                slots.put(&key, &value).unwrap();
            }
            let faulty = Faulty::new(&slots, fault, at);
            let first = drop_all(&mut open(&faulty), "v", 2);
            if let Err(error) = &first {
                assert!(
                    matches!(error, StoreError::Unavailable(_)),
                    "{place}: {error}"
                );
            }
            // The rows that are left are whole, to whoever looks.
            open(&slots).scan_rows("v", None, 100).expect(&place);
            drop_all(&mut open(&slots), "v", 3).expect(&place);
            assert_eq!(remains(&slots), Vec::<String>::new(), "{place}");
            if faulty.count.get() <= at {
                break;
            }
        }
    }
}

#[test]
fn two_that_drop_at_once_do_not_hinder_each_other() {
    for at in 0..400 {
        let slots = empty_slots();
        fill_view(&slots, "v");
        let others = || {
            drop_all(&mut open(&slots), "v", 2).unwrap();
        };
        let slow = Slow::new(&slots, at, others);
        drop_all(&mut open(&slow), "v", 3).unwrap();
        assert_eq!(remains(&slots), Vec::<String>::new(), "operation {at}");
    }
}

#[test]
fn who_remembers_a_dropped_view_finds_nothing_in_it() {
    let slots = empty_slots();
    fill_view(&slots, "v");
    let mut warm = open(&slots);
    assert_eq!(warm.scan_rows("v", None, 100).unwrap().rows.len(), 6);
    // Half of it, and then all.
    for limit in [2, 100] {
        open(&slots).drop_rows("v", limit).unwrap();
        let seen: BTreeSet<String> = (warm.scan_rows("v", None, 100).unwrap().rows)
            .into_iter()
            .map(|row| row.key)
            .collect();
        let fresh = open(&slots).scan_rows("v", None, 100).unwrap().rows;
        assert_eq!(seen, fresh.into_iter().map(|row| row.key).collect());
    }
    assert_eq!(warm.get_row("v", "k0"), Ok(None));
    let late = open(&slots).put_row("v", row("k0", "late", 500), 0);
    assert!(
        matches!(late, Err(WriteError::Store(StoreError::Invalid(_)))),
        "{late:?}"
    );
    assert_eq!(remains(&slots), Vec::<String>::new());
}

#[test]
fn a_row_that_is_gone_without_a_drop_is_damage() {
    let slots = empty_slots();
    fill_view(&slots, "v");
    let mut warm = open(&slots);
    warm.get_row("v", "k0").unwrap();
    slots.delete("a.row.v.k0.0000000000000001").unwrap();
    let found = warm.get_row("v", "k0");
    assert!(
        matches!(found, Err(StoreError::Corrupt { .. })),
        "{found:?}"
    );
}

#[test]
fn what_a_newer_release_wrote_into_a_dropped_view_counts_no_more() {
    let slots = empty_slots();
    let mut log = open(&slots);
    log.put_row("v", row("k", "x", 1), 0).unwrap();
    let (key, value) = slots
        .dump()
        .into_iter()
        .find(|(key, _)| key.contains(".row."))
        .unwrap();
    let newer = fuzzing::seal(value[1], 9, &value[7..]);
    slots.put(&key, &newer).unwrap();
    let refused = open(&slots).get_row("v", "k");
    assert!(
        matches!(refused, Err(StoreError::Newer { .. })),
        "{refused:?}"
    );
    assert_eq!(drop_all(&mut log, "v", 10), Ok(1));
    // A slow writer of that release.
    slots.put(&key, &newer).unwrap();
    assert_eq!(open(&slots).get_row("v", "k"), Ok(None));
}
