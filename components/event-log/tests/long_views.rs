//! Views with many rows: copies of their lists, and ranges of keys.
#![allow(clippy::unwrap_used)]

mod common;
use std::cell::Cell;

use annals_event_log::*;
use common::*;

/// Fails every read after so many of them, as if the time were up.
struct Limited<'a> {
    slots: &'a MemorySlots,
    left: Cell<u32>,
}

impl<'a> Limited<'a> {
    fn new(slots: &'a MemorySlots, reads: u32) -> Self {
        Self {
            slots,
            left: Cell::new(reads),
        }
    }

    fn read(&self) -> Result<(), SlotError> {
        let left = self.left.get().checked_sub(1);
        self.left
            .set(left.ok_or_else(|| SlotError::Unavailable("the time is up".into()))?);
        Ok(())
    }
}

impl Slots for Limited<'_> {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, SlotError> {
        self.read()?;
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

const ROWS: u64 = 3_000;

fn key(n: u64) -> String {
    format!("k{:04}", (n * 7) % ROWS)
}

fn many() -> MemorySlots {
    let slots = empty_slots();
    let mut log = open(&slots);
    for n in 0..ROWS {
        log.put_row("v", row(&key(n), "x", n + 1), 0).unwrap();
    }
    slots
}

fn copies(slots: &MemorySlots) -> usize {
    let dump = slots.dump();
    dump.keys()
        .filter(|key| key.contains(".view-copy."))
        .count()
}

/// Keys of the whole view, in the eyes of a new instance.
fn keys<S: Slots>(slots: S) -> Vec<String> {
    let mut log = open(slots);
    let (mut keys, mut after) = (Vec::new(), None);
    loop {
        let page = log.scan_rows("v", after.as_deref(), 500).unwrap();
        after = page.next;
        keys.extend(page.rows.into_iter().map(|row| row.key));
        if page.end {
            return keys;
        }
    }
}

#[test]
fn a_listing_that_is_interrupted_again_and_again_comes_to_its_end() {
    let slots = many();
    let attempt = || open(Limited::new(&slots, 700)).scan_rows("v", None, 10);
    let attempts = (1..20).find(|_| attempt().is_ok());
    assert!(
        attempts.is_some_and(|attempts| attempts > 1),
        "{attempts:?}"
    );
    // What was copied serves everybody.
    let page = open(Limited::new(&slots, 400))
        .scan_rows("v", None, 1)
        .unwrap();
    assert_eq!(page.rows[0].key, "k0000");
    let mut all: Vec<String> = (0..ROWS).map(key).collect();
    all.sort();
    assert_eq!(keys(&slots), all);
    let mut log = open(&slots);
    log.put_row("v", row("k-new", "x", ROWS + 1), 0).unwrap();
    assert_eq!(keys(&slots).len(), all.len() + 1);
}

#[test]
fn pages_over_deleted_rows_come_to_the_rows_behind_them() {
    let slots = many();
    let mut log = open(&slots);
    for n in 0..ROWS {
        if key(n) != "k2999" {
            log.delete_row("v", &key(n), n + 1, ROWS + n).unwrap();
        }
    }
    // The list is copied once.
    keys(&slots);
    let (mut after, mut pages, mut found) = (None, 0, Vec::new());
    loop {
        // Enough for one page, and not for all rows.
        let mut limited = open(Limited::new(&slots, 5_000));
        let page = limited.scan_rows("v", after.as_deref(), 10).unwrap();
        found.extend(page.rows.into_iter().map(|row| row.key));
        after = page.next;
        pages += 1;
        if page.end {
            break;
        }
    }
    assert_eq!((found, pages), (vec!["k2999".to_owned()], 3));
}

#[test]
fn a_copy_that_is_not_of_these_entries_hides_nothing() {
    let slots = many();
    keys(&slots);
    let other = empty_slots();
    let mut log = open(&other);
    for n in 0..ROWS {
        log.put_row("v", row(&format!("other{n:04}"), "x", n + 1), 0)
            .unwrap();
    }
    // As if the entries were lost and others came in their place; and damage.
    let mut stale = 0;
    for (key, value) in slots.dump() {
        if key.contains(".view-copy.") {
            stale += 1;
            let damaged = stale % 2 == 0;
            other
                .put(&key, if damaged { b"damaged" } else { &value })
                .unwrap();
        }
    }
    assert!(stale > 8, "{stale} copies");
    assert_eq!(keys(&other).len() as u64, ROWS);
    assert!(keys(&other).iter().all(|key| key.starts_with("other")));
}

#[test]
fn short_lists_have_no_copies_and_dropped_ones_leave_none() {
    let slots = empty_slots();
    for n in 0..255 {
        open(&slots)
            .put_row("v", row(&format!("{n:03}"), "x", n + 1), 0)
            .unwrap();
    }
    keys(&slots);
    assert_eq!(copies(&slots), 0);
    let slots = many();
    keys(&slots);
    assert_eq!(copies(&slots) as u64, ROWS / 256);
    while !open(&slots).drop_rows("v", 100).unwrap() {}
    assert_eq!(copies(&slots), 0);
    assert_eq!(keys(&slots), [""; 0]);
}

#[test]
fn a_range_has_the_keys_between_its_bounds() {
    let slots = empty_slots();
    let mut log = open(&slots);
    let all = ["a", "a/1", "a/2", "a0", "b", "b/1", "\u{10ffff}"];
    for key in all {
        log.put_row("v", row(key, "x", 1), 0).unwrap();
    }
    let mut between = |from, after, to, limit| {
        let range = KeyRange { from, after, to };
        let page = log.scan_range("v", range, limit).unwrap();
        let keys: Vec<String> = page.rows.into_iter().map(|row| row.key).collect();
        (keys, page.end)
    };
    let of = |keys: &[&str]| keys.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(
        between(Some("a/"), None, Some("a0"), 9),
        (of(&["a/1", "a/2"]), true)
    );
    assert_eq!(between(Some("a/1"), None, None, 1), (of(&["a/1"]), false));
    assert_eq!(
        between(Some("a/"), Some("a/1"), Some("a0"), 9),
        (of(&["a/2"]), true)
    );
    assert_eq!(
        between(Some("a0"), Some("a/1"), None, 2),
        (of(&["a0", "b"]), false)
    );
    assert_eq!(
        between(Some("a/1"), Some("a/1"), Some("a0"), 9),
        (of(&["a/2"]), true)
    );
    assert_eq!(between(None, None, Some("a"), 9), (of(&[]), true));
    assert_eq!(between(Some("c"), None, Some("b"), 9), (of(&[]), true));
    assert_eq!(between(None, None, None, 9).0, of(&all));
}
