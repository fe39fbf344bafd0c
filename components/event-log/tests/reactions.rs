//! Checkpoints and rows: what they mean, what they cost, and that any number of instances, stale
//! ones too, act like one simple map.
#![allow(clippy::unwrap_used)]

mod common;
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use annals_event_log::*;
use common::*;
use proptest::prelude::*;

/// The whole view, in pages of `limit` rows.
fn scan_all<S: Slots>(log: &mut EventLog<S>, view: &str, limit: u32) -> Vec<Row> {
    let (mut rows, mut after): (Vec<Row>, Option<String>) = (Vec::new(), None);
    loop {
        let page = log.scan_rows(view, after.as_deref(), limit).unwrap();
        assert!(page.rows.len() <= limit.max(1) as usize);
        assert!(
            page.end || !page.rows.is_empty(),
            "every page leads further"
        );
        after = page.rows.last().map(|row| row.key.clone());
        rows.extend(page.rows);
        if page.end {
            return rows;
        }
    }
}

fn says(error: WriteError, what: &str) -> bool {
    matches!(error, WriteError::Store(StoreError::Invalid(why)) if why.contains(what))
}

#[test]
fn a_checkpoint_is_written_on_the_revision_that_was_read() {
    let slots = empty_slots();
    let (mut a, mut b) = (open(&slots), open(&slots));
    assert_eq!(a.load_checkpoint("h"), Ok(None));
    assert_eq!(a.save_checkpoint("h", checkpoint(7, 1, 0)), Ok(()));
    assert_eq!(b.load_checkpoint("h"), Ok(Some(checkpoint(7, 1, 1))));
    assert_eq!(b.save_checkpoint("h", checkpoint(9, 1, 1)), Ok(()));
    // `a` still believes in revision 1.
    for revision in [0, 1, 3, u64::MAX] {
        assert_eq!(
            a.save_checkpoint("h", checkpoint(11, 1, revision)),
            Err(WriteError::Stale)
        );
    }
    assert_eq!(a.load_checkpoint("h"), Ok(Some(checkpoint(9, 1, 2))));
    assert_eq!(
        a.load_checkpoint("other"),
        Ok(None),
        "handlers have their own"
    );
}

#[test]
fn a_checkpoint_never_goes_back() {
    let slots = empty_slots();
    let mut log = open(&slots);
    log.save_checkpoint("h", checkpoint(100, 2, 0)).unwrap();
    for mut log in [log, open(&slots)] {
        let back = log.save_checkpoint("h", checkpoint(99, 2, 1)).unwrap_err();
        assert!(
            says(back.clone(), "go back from position 100 to 99"),
            "{back}"
        );
        let back = log
            .save_checkpoint("h", checkpoint(1000, 1, 1))
            .unwrap_err();
        assert!(
            says(back.clone(), "go back from generation 2 to 1"),
            "{back}"
        );
    }
    let mut log = open(&slots);
    log.save_checkpoint("h", checkpoint(100, 2, 1)).unwrap();
    log.save_checkpoint("h", checkpoint(0, 3, 2)).unwrap();
    assert_eq!(log.load_checkpoint("h"), Ok(Some(checkpoint(0, 3, 3))));
}

#[test]
fn a_row_is_replaced_by_whoever_has_seen_what_it_reflects() {
    let slots = empty_slots();
    let (mut a, mut b) = (open(&slots), open(&slots));
    assert_eq!(a.get_row("v", "k"), Ok(None));
    assert_eq!(
        a.put_row("v", row("k", "x", 5), 4),
        Err(WriteError::Stale),
        "there is none"
    );
    assert_eq!(a.put_row("v", row("k", "one", 5), 0), Ok(()));
    assert_eq!(b.get_row("v", "k"), Ok(Some(row("k", "one", 5))));
    assert_eq!(b.put_row("v", row("k", "two", 8), 5), Ok(()));
    // `a` still believes in position 5. The same event again, an older one, the wrong base.
    for (position, seen) in [(9, 5), (8, 5), (8, 8), (7, 8), (9, 0), (9, 9)] {
        assert_eq!(
            a.put_row("v", row("k", "no", position), seen),
            Err(WriteError::Stale)
        );
        assert_eq!(
            a.delete_row("v", "k", seen, position),
            Err(WriteError::Stale)
        );
    }
    assert_eq!(a.get_row("v", "k"), Ok(Some(row("k", "two", 8))));
    assert_eq!(a.get_row("w", "k"), Ok(None), "views have their own rows");
}

#[test]
fn a_deletion_is_remembered() {
    let slots = empty_slots();
    let log = || open(&slots);
    log().put_row("v", row("k", "x", 5), 0).unwrap();
    log().delete_row("v", "k", 5, 7).unwrap();
    assert_eq!(log().get_row("v", "k"), Ok(None));
    for position in [5, 6, 7] {
        assert_eq!(
            log().put_row("v", row("k", "late", position), 0),
            Err(WriteError::Stale)
        );
        assert_eq!(
            log().delete_row("v", "k", 0, position),
            Err(WriteError::Stale)
        );
    }
    // Deleting what is not there moves the position on.
    assert_eq!(log().delete_row("v", "k", 0, 9), Ok(()));
    assert_eq!(
        log().put_row("v", row("k", "late", 8), 0),
        Err(WriteError::Stale)
    );
    assert_eq!(log().put_row("v", row("k", "again", 10), 0), Ok(()));
    assert_eq!(scan_all(&mut log(), "v", 1), [row("k", "again", 10)]);
    // Also of a row that never was, and it is found once it comes.
    assert_eq!(log().delete_row("v", "never", 0, 3), Ok(()));
    assert_eq!(
        log().put_row("v", row("never", "late", 3), 0),
        Err(WriteError::Stale)
    );
    assert_eq!(log().put_row("v", row("never", "new", 4), 0), Ok(()));
    assert_eq!(
        scan_all(&mut log(), "v", 9),
        [row("k", "again", 10), row("never", "new", 4)]
    );
}

#[test]
fn illegal_names_and_positions_are_refused() {
    let slots = empty_slots();
    let mut log = open(&slots);
    let long = "x".repeat(1025);
    for name in ["", &long] {
        assert!(matches!(
            log.load_checkpoint(name),
            Err(StoreError::Invalid(_))
        ));
        assert!(log.save_checkpoint(name, checkpoint(1, 1, 0)).is_err());
        assert!(matches!(
            log.get_row("v", name),
            Err(StoreError::Invalid(_))
        ));
        assert!(matches!(
            log.get_row(name, "k"),
            Err(StoreError::Invalid(_))
        ));
        assert!(log.put_row("v", row(name, "", 1), 0).is_err());
        assert!(log.delete_row(name, "k", 0, 1).is_err());
        assert!(matches!(
            log.scan_rows(name, None, 1),
            Err(StoreError::Invalid(_))
        ));
    }
    assert!(says(
        log.put_row("v", row("k", "", 0), 0).unwrap_err(),
        "greater than 0"
    ));
    assert!(slots.dump().is_empty());
    // The longest ones work, and differ from each other.
    let (a, b) = ("=".repeat(1024), format!("{}+", "=".repeat(1023)));
    for name in [&a, &b] {
        log.save_checkpoint(name, checkpoint(1, 1, 0)).unwrap();
        log.put_row(name, row(name, name, 1), 0).unwrap();
        assert_eq!(scan_all(&mut open(&slots), name, 1), [row(name, name, 1)]);
    }
    assert!(slots.dump().keys().all(|key| key.len() <= 256));
}

#[test]
fn a_scan_pages_in_the_order_of_the_keys_bytes() {
    let slots = empty_slots();
    let mut log = open(&slots);
    let keys = ["é", "a", "Z", "a/b", "ab", "\u{10ffff}", "\0", "0"];
    for (key, position) in keys.iter().zip(1..) {
        log.put_row("v", row(key, "x", position), 0).unwrap();
        log.put_row("w", row(key, "other", position), 0).unwrap();
    }
    log.delete_row("v", "ab", 5, 100).unwrap();
    let mut expected: Vec<&str> = keys.into_iter().filter(|key| *key != "ab").collect();
    expected.sort_unstable();
    for limit in [0, 1, 2, 3, 100] {
        for log in [&mut log, &mut open(&slots)] {
            let rows = scan_all(log, "v", limit);
            let found: Vec<&str> = rows.iter().map(|row| row.key.as_str()).collect();
            assert_eq!(found, expected, "pages of {limit}");
            assert!(rows.iter().all(|row| row.value == b"x"));
        }
    }
    // After a key that is deleted, one that never was, and the last one.
    let page = log.scan_rows("v", Some("ab"), 1).unwrap();
    assert_eq!(page.rows[0].key, "é");
    let page = log.scan_rows("v", Some("aa"), 1).unwrap();
    assert_eq!(page.rows[0].key, "é");
    let page = log.scan_rows("v", Some("\u{10ffff}"), 1).unwrap();
    assert_eq!((page.rows.len(), page.end), (0, true));
    let page = log.scan_rows("nothing", None, 1).unwrap();
    assert_eq!((page.rows.len(), page.end), (0, true));
}

#[test]
fn a_page_of_rows_ends_at_a_mebibyte() {
    let slots = empty_slots();
    let mut log = open(&slots);
    let value = "x".repeat(400 << 10);
    for (key, position) in ["a", "b", "c", "d"].iter().zip(1..) {
        log.put_row("v", row(key, &value, position), 0).unwrap();
    }
    let page = log.scan_rows("v", None, 100).unwrap();
    assert_eq!((page.rows.len(), page.end), (3, false));
    assert_eq!(scan_all(&mut log, "v", 100).len(), 4);
}

#[test]
fn old_payloads_do_not_pile_up() {
    let slots = empty_slots();
    let mut log = open(&slots);
    let value = "payload".repeat(100);
    for position in 1..=50 {
        let other = &mut open(&slots);
        let log = if position % 3 == 0 { other } else { &mut log };
        log.put_row("v", row("k", &value, position), position - 1)
            .unwrap();
    }
    log.delete_row("v", "k", 50, 51).unwrap();
    let bytes: usize = slots.dump().values().map(Vec::len).sum();
    assert!(bytes < 1000, "{bytes} bytes are left of 50 revisions");
    assert_eq!(
        slots.dump().keys().filter(|k| k.contains(".row.")).count(),
        51,
        "and no slot is free again"
    );
}

#[test]
fn tombstones_may_be_lost_or_come_late() {
    /// Loses every put, or keeps it for later.
    struct Puts<'a>(&'a MemorySlots, std::cell::RefCell<Vec<(String, Vec<u8>)>>);
    impl Slots for Puts<'_> {
        fn get(&self, key: &str) -> Result<Option<Vec<u8>>, SlotError> {
            self.0.get(key)
        }
        fn create(&self, key: &str, value: &[u8]) -> Result<Creation, SlotError> {
            self.0.create(key, value)
        }
        fn put(&self, key: &str, value: &[u8]) -> Result<(), SlotError> {
            self.1.borrow_mut().push((key.into(), value.into()));
            Err(SlotError::InDoubt("late".into()))
        }
        fn delete(&self, key: &str) -> Result<(), SlotError> {
            self.0.delete(key)
        }
    }
    let slots = empty_slots();
    let late = Puts(&slots, Default::default());
    let mut log = open(&late);
    for n in 0..40 {
        log.put_row("v", row("k", "x", n + 1), n).unwrap();
        log.save_checkpoint("h", checkpoint(n, 1, n)).unwrap();
    }
    let all = |log: &mut EventLog<&MemorySlots>| {
        (
            log.get_row("v", "k").unwrap(),
            log.load_checkpoint("h").unwrap(),
            scan_all(log, "v", 1),
        )
    };
    let newest = row("k", "x", 40);
    let expected = (
        Some(newest.clone()),
        Some(checkpoint(39, 1, 40)),
        vec![newest],
    );
    assert_eq!(all(&mut open(&slots)), expected);
    let puts = late.1.borrow().clone();
    assert_eq!(puts.len(), 39 + 2 + 2);
    let mut warm = open(&slots);
    for (key, value) in puts.iter().rev() {
        slots.put(key, value).unwrap();
        assert_eq!(all(&mut open(&slots)), expected);
        assert_eq!(all(&mut warm), expected);
    }
}

#[test]
fn a_checkpoint_keeps_any_state_up_to_a_limit() {
    let slots = empty_slots();
    let mut log = open(&slots);
    let states = [
        vec![],
        (0..=255).collect(),
        vec![7; MAX_STATE_BYTES],
        vec![1],
    ];
    for (revision, state) in (0..).zip(&states) {
        let next = Checkpoint {
            state: state.clone(),
            ..checkpoint(5, 1, revision)
        };
        log.save_checkpoint("h", next.clone()).unwrap();
        let stored = Checkpoint {
            revision: revision + 1,
            ..next
        };
        for log in [&mut log, &mut open(&slots)] {
            assert_eq!(log.load_checkpoint("h"), Ok(Some(stored.clone())));
        }
    }
    let before = slots.dump();
    let large = Checkpoint {
        state: vec![0; MAX_STATE_BYTES + 1],
        ..checkpoint(6, 1, 4)
    };
    let refused = log.save_checkpoint("h", large).unwrap_err();
    assert!(
        matches!(refused, WriteError::Store(StoreError::Invalid(_))),
        "{refused}"
    );
    assert_eq!(slots.dump(), before);
}

#[test]
fn a_state_that_was_superseded_does_not_pile_up() {
    let slots = empty_slots();
    for revision in 0..100 {
        let next = Checkpoint {
            state: vec![revision as u8; 10_000],
            ..checkpoint(revision, 1, revision)
        };
        // Warm and cold instances.
        let mut log = open(&slots);
        if revision % 2 == 0 {
            log.load_checkpoint("h").unwrap();
        }
        log.save_checkpoint("h", next).unwrap();
    }
    let bytes: usize = slots.dump().values().map(Vec::len).sum();
    assert!(bytes < 10_000 + 100 * 20, "{bytes} bytes");
    let stored = open(&slots).load_checkpoint("h").unwrap().unwrap();
    assert_eq!(stored.state, [99; 10_000]);
}

/// Counts reads and writes.
struct Counting<'a> {
    slots: &'a MemorySlots,
    reads: Cell<u32>,
    writes: Cell<u32>,
}

impl Counting<'_> {
    fn count(&self) -> (u32, u32) {
        (self.reads.take(), self.writes.take())
    }
}

impl Slots for Counting<'_> {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, SlotError> {
        self.reads.set(self.reads.get() + 1);
        self.slots.get(key)
    }
    fn create(&self, key: &str, value: &[u8]) -> Result<Creation, SlotError> {
        self.writes.set(self.writes.get() + 1);
        self.slots.create(key, value)
    }
    fn put(&self, key: &str, value: &[u8]) -> Result<(), SlotError> {
        self.writes.set(self.writes.get() + 1);
        self.slots.put(key, value)
    }
    fn delete(&self, key: &str) -> Result<(), SlotError> {
        self.slots.delete(key)
    }
}

#[test]
fn a_warm_instance_needs_few_reads_and_a_cold_one_not_many() {
    let slots = empty_slots();
    let counting = Counting {
        slots: &slots,
        reads: Cell::new(0),
        writes: Cell::new(0),
    };
    let mut log = open(&counting);
    for n in 0..1000 {
        log.put_row("v", row("k", "x", n + 1), n).unwrap();
        log.save_checkpoint("h", checkpoint(n, 1, n)).unwrap();
    }
    let (reads, writes) = counting.count();
    assert_eq!(
        reads, 5,
        "both first revisions, the view's hint and end, and whether it was dropped"
    );
    assert!(
        writes <= 1000 + 1000 + 1 + 1000 + 2 * 1000 / 16,
        "{writes} writes"
    );
    log.get_row("v", "k").unwrap();
    assert_eq!(counting.count(), (2, 0));
    log.load_checkpoint("h").unwrap();
    assert_eq!(counting.count(), (2, 0));
    log.scan_rows("v", None, 10).unwrap();
    assert_eq!(counting.count(), (4, 0), "the list, and the row");
    log.scan_rows("v", None, 10).unwrap();
    assert_eq!(counting.count(), (3, 0), "the list is remembered");
    open(&counting).load_checkpoint("h").unwrap();
    let (reads, _) = counting.count();
    assert!(reads <= 12, "{reads} reads");
    open(&counting).get_row("v", "k").unwrap();
    let (reads, _) = counting.count();
    assert!(reads <= 12, "{reads} reads");
}

#[derive(Clone, Debug)]
enum Step {
    Load(usize),
    Save {
        next: Checkpoint,
        handler: usize,
    },
    Get(usize, usize),
    Put {
        view: usize,
        key: usize,
        position: u64,
        seen: u64,
    },
    Delete {
        view: usize,
        key: usize,
        position: u64,
        seen: u64,
    },
    Scan {
        view: usize,
        after: Option<usize>,
        limit: u32,
    },
    /// The same with what is stored, so that it succeeds.
    Next {
        view: usize,
        key: usize,
        delete: bool,
    },
    Advance(usize),
    /// Until nothing is left; after that nobody writes the view.
    Drop {
        view: usize,
        limit: u32,
    },
    Forget,
}

fn step() -> impl Strategy<Value = Step> {
    let (view, key) = (0..2usize, 0..5usize);
    let (position, seen) = (0..12u64, 0..12u64);
    let place = (view.clone(), key.clone(), position, seen);
    prop_oneof![
        1 => (0..2usize).prop_map(Step::Load),
        1 => (0..2usize, 0..9u64, 0..3u32, 0..6u64).prop_map(|(handler, p, g, r)| Step::Save {
            handler,
            next: checkpoint(p, g, r)
        }),
        1 => (view.clone(), key.clone()).prop_map(|(v, k)| Step::Get(v, k)),
        1 => place.clone().prop_map(|(view, key, position, seen)| Step::Put { view, key, position, seen }),
        1 => place.prop_map(|(view, key, position, seen)| Step::Delete { view, key, position, seen }),
        1 => (view.clone(), proptest::option::of(key.clone()), 0..4u32)
            .prop_map(|(view, after, limit)| Step::Scan { view, after, limit }),
        3 => (view, key, proptest::bool::weighted(0.2))
            .prop_map(|(view, key, delete)| Step::Next { view, key, delete }),
        3 => (0..2usize).prop_map(Step::Advance),
        1 => (0..2usize, 0..4u32).prop_map(|(view, limit)| Step::Drop { view, limit }),
        1 => Just(Step::Forget),
    ]
}

const NAMES: [&str; 2] = ["v", "V.1"];
const KEYS: [&str; 5] = ["a", "b", "a/b", "é", "B"];

/// What a store is, seen from outside.
#[derive(Default)]
struct Model {
    checkpoints: BTreeMap<usize, Checkpoint>,
    /// Position, and the row unless it is deleted.
    rows: BTreeMap<(usize, &'static str), (u64, Option<Row>)>,
}

impl Model {
    fn save(&mut self, handler: usize, next: Checkpoint) -> Result<(), &'static str> {
        let stored = self.checkpoints.get(&handler).cloned();
        if stored.as_ref().map_or(0, |s| s.revision) != next.revision {
            return Err("stale");
        }
        if let Some(stored) = stored {
            let back = (next.generation, next.position) < (stored.generation, stored.position);
            if back {
                return Err("invalid");
            }
        }
        let revision = next.revision + 1;
        self.checkpoints
            .insert(handler, Checkpoint { revision, ..next });
        Ok(())
    }

    fn write(
        &mut self,
        view: usize,
        key: usize,
        content: Option<Row>,
        seen: u64,
        position: u64,
    ) -> Result<(), &'static str> {
        let stored = self.rows.entry((view, KEYS[key])).or_default();
        if position == 0 {
            return Err("invalid");
        }
        let there = if stored.1.is_some() { stored.0 } else { 0 };
        if there != seen || position <= stored.0 {
            return Err("stale");
        }
        *stored = (position, content);
        Ok(())
    }

    fn get(&self, view: usize, key: usize) -> Option<Row> {
        self.rows.get(&(view, KEYS[key])).and_then(|r| r.1.clone())
    }

    fn scan(&self, view: usize, after: Option<usize>) -> Vec<Row> {
        self.rows
            .iter()
            .filter(|((v, key), _)| *v == view && after.is_none_or(|after| *key > KEYS[after]))
            .filter_map(|(_, (_, row))| row.clone())
            .collect()
    }
}

fn word(result: Result<(), WriteError>) -> Result<(), &'static str> {
    result.map_err(|error| match error {
        WriteError::Stale => "stale",
        WriteError::Store(StoreError::Invalid(_)) => "invalid",
        WriteError::Store(_) => "store",
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn instances_over_one_store_act_like_one_map(
        steps in proptest::collection::vec((0..3usize, step()), 1..120)
    ) {
        let slots = empty_slots();
        let mut logs: Vec<_> = (0..3).map(|_| open(&slots)).collect();
        let mut model = Model::default();
        let mut dropped = BTreeSet::new();
        for (n, (who, step)) in steps.into_iter().enumerate() {
            let log = &mut logs[who];
            let value = format!("{n}");
            match step {
                Step::Drop { view, limit } => {
                    while !log.drop_rows(NAMES[view], limit).unwrap() {}
                    model.rows.retain(|(of, _), _| *of != view);
                    dropped.insert(view);
                }
                Step::Put { view, .. } | Step::Delete { view, .. } | Step::Next { view, .. }
                    if dropped.contains(&view) => {}
                Step::Load(h) => prop_assert_eq!(
                    log.load_checkpoint(NAMES[h]),
                    Ok(model.checkpoints.get(&h).cloned())
                ),
                Step::Save { handler, next } => prop_assert_eq!(
                    word(log.save_checkpoint(NAMES[handler], next.clone())),
                    model.save(handler, next)
                ),
                Step::Advance(handler) => {
                    let stored = model.checkpoints.get(&handler).cloned();
                    let next = stored.unwrap_or(checkpoint(0, 0, 0));
                    let next = Checkpoint { position: next.position + 1, ..next };
                    prop_assert_eq!(log.save_checkpoint(NAMES[handler], next.clone()), Ok(()));
                    prop_assert_eq!(model.save(handler, next), Ok(()));
                }
                Step::Get(v, k) => prop_assert_eq!(log.get_row(NAMES[v], KEYS[k]), Ok(model.get(v, k))),
                Step::Put { view, key, position, seen } => {
                    let row = row(KEYS[key], &value, position);
                    prop_assert_eq!(
                        word(log.put_row(NAMES[view], row.clone(), seen)),
                        model.write(view, key, Some(row), seen, position)
                    );
                }
                Step::Delete { view, key, position, seen } => prop_assert_eq!(
                    word(log.delete_row(NAMES[view], KEYS[key], seen, position)),
                    model.write(view, key, None, seen, position)
                ),
                Step::Next { view, key, delete } => {
                    let (stored, there) = model.rows.get(&(view, KEYS[key])).cloned().unwrap_or_default();
                    let (seen, position) = (if there.is_some() { stored } else { 0 }, stored + 1);
                    let row = (!delete).then(|| row(KEYS[key], &value, position));
                    let done = match row.clone() {
                        Some(row) => log.put_row(NAMES[view], row, seen),
                        None => log.delete_row(NAMES[view], KEYS[key], seen, position),
                    };
                    prop_assert_eq!(done, Ok(()));
                    prop_assert_eq!(model.write(view, key, row, seen, position), Ok(()));
                }
                Step::Scan { view, after, limit } => {
                    let page = log.scan_rows(NAMES[view], after.map(|a| KEYS[a]), limit).unwrap();
                    let all = model.scan(view, after);
                    let expected = &all[..all.len().min(limit.max(1) as usize)];
                    prop_assert_eq!(&page.rows, expected);
                    prop_assert!(!page.end || page.rows.len() == all.len(), "no row follows the end");
                    prop_assert!(page.end || page.rows.len() == limit.max(1) as usize, "a page is full");
                }
                Step::Forget => *log = open(&slots),
            }
        }
        for (view, name) in NAMES.iter().enumerate() {
            for log in &mut logs {
                prop_assert_eq!(scan_all(log, name, 2), model.scan(view, None));
            }
        }
    }
}
