//! Long streams are read many slots at a time, and no answer depends on that.
#![allow(clippy::unwrap_used)]

mod common;
use std::cell::Cell;

use annals_event_log::*;
use common::*;

/// Counts reads, and the most bytes of one.
struct Counted<'a> {
    slots: &'a MemorySlots,
    reads: Cell<u64>,
}

impl<'a> Counted<'a> {
    fn new(slots: &'a MemorySlots) -> Self {
        Self {
            slots,
            reads: Cell::new(0),
        }
    }
}

impl Slots for Counted<'_> {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, SlotError> {
        self.reads.set(self.reads.get() + 1);
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

fn segments(slots: &MemorySlots) -> Vec<String> {
    let keys = slots.dump().into_keys();
    keys.filter(|key| key.contains(".segment.")).collect()
}

fn long(length: usize) -> MemorySlots {
    let slots = empty_slots();
    fill(&mut open(&slots), "a-1", &vec![1; length]);
    slots
}

#[test]
fn a_long_stream_is_rehydrated_in_few_reads() {
    let slots = long(10_000);
    assert_eq!(segments(&slots).len(), 39);
    let counted = Counted::new(&slots);
    let (events, head) = load_all(&mut open(&counted), "a-1", 256);
    assert_eq!((events.len(), head.version), (10_000, 10_000));
    assert!(
        counted.reads.get() < 100,
        "{} reads for 10,000 events",
        counted.reads.get()
    );
}

#[test]
fn short_streams_and_tails_read_no_segments() {
    let slots = long(300);
    for (after, reads) in [(290, 11), (299, 2), (300, 1)] {
        let counted = Counted::new(&slots);
        let head = Head {
            cursor: after,
            version: after,
            closed: false,
        };
        let page = open(&counted).load("a-1", head, 256).unwrap();
        assert_eq!(page.head.version, 300);
        assert_eq!(counted.reads.get(), reads, "after {after}");
    }
}

#[test]
fn every_answer_is_the_same_without_segments_and_with_damaged_ones() {
    let whole = long(700);
    let gone = long(700);
    let damaged = long(700);
    let foreign = long(700);
    let other = empty_slots();
    fill(&mut open(&other), "a-2", &vec![1; 700]);
    for key in segments(&whole) {
        gone.delete(&key).unwrap();
        let mut bytes = damaged.get(&key).unwrap().unwrap();
        bytes[700] ^= 1;
        damaged.put(&key, &bytes).unwrap();
        let theirs = other.get(&key.replace("a-1", "a-2")).unwrap().unwrap();
        foreign.put(&key, &theirs).unwrap();
    }
    let expected = load_all(&mut open(&whole), "a-1", 100);
    for (name, slots) in [("gone", gone), ("damaged", damaged), ("foreign", foreign)] {
        for limit in [1, 7, 256, 1000] {
            let mut log = open(&slots);
            assert_eq!(load_all(&mut log, "a-1", limit), expected, "{name}");
            assert_eq!(
                read_all(&mut log, "a-1", limit),
                read_all(&mut open(&whole), "a-1", 256),
                "{name}"
            );
        }
        let outcome = open(&slots).find_outcome("fill-a-1-600", "a-1", 0);
        assert_eq!(outcome, open(&whole).find_outcome("fill-a-1-600", "a-1", 0));
        assert!(outcome.unwrap().is_some());
    }
}

#[test]
fn a_segment_under_the_key_of_another_is_not_used() {
    let slots = long(600);
    let expected = load_all(&mut open(&slots), "a-1", 100);
    let keys = segments(&slots);
    let second = slots.get(&keys[1]).unwrap().unwrap();
    slots.put(&keys[0], &second).unwrap();
    assert_eq!(load_all(&mut open(&slots), "a-1", 100), expected);
}

#[test]
fn one_reader_may_jump_within_streams_and_between_them() {
    let slots = long(600);
    fill(&mut open(&slots), "b-1", &vec![2; 600]);
    let mut log = open(&slots);
    let page = |log: &mut EventLog<_>, stream: &str, after: u64, of: u64| {
        let head = Head {
            cursor: after,
            version: after * of,
            closed: false,
        };
        let page = log.load(stream, head, 30).unwrap();
        let versions: Vec<_> = page.events.iter().map(|e| e.version).collect();
        let last = after * of + 30 * of;
        assert_eq!(versions, (after * of + 1..=last).collect::<Vec<_>>());
        let types: Vec<_> = page.events.iter().map(|e| e.event_type.clone()).collect();
        assert_eq!(types[0], format!("E{after}-0"), "{stream}");
    };
    for after in [0, 30, 60, 300, 330, 20, 60, 500] {
        page(&mut log, "a-1", after, 1);
    }
    for after in [0, 30, 60] {
        page(&mut log, "a-1", after, 1);
        page(&mut log, "b-1", after + 30, 2);
    }
}

#[test]
fn a_segment_that_was_never_written_is_made_up_for_by_a_reader() {
    let slots = long(600);
    for key in segments(&slots) {
        slots.delete(&key).unwrap();
    }
    load_all(&mut open(&slots), "a-1", 256);
    assert_eq!(segments(&slots).len(), 2);
    let counted = Counted::new(&slots);
    load_all(&mut open(&counted), "a-1", 256);
    assert!(counted.reads.get() < 120, "{}", counted.reads.get());
}

#[test]
fn large_events_are_not_copied() {
    let slots = empty_slots();
    let mut log = open(&slots);
    for n in 0..600 {
        let large = AppendRequest {
            events: vec![event("Large", &[7; 10_000])],
            ..request("a-1", Precondition::Any, "", n, &[])
        };
        log.append(large).unwrap();
    }
    let dump = slots.dump();
    let largest = dump.iter().filter(|(key, _)| key.contains(".segment."));
    assert!(largest.clone().count() > 0);
    assert!(largest.clone().all(|(_, value)| value.len() < 100));
    assert_eq!(load_all(&mut open(&slots), "a-1", 256).0.len(), 600);
}

#[test]
fn a_stream_is_read_backward_as_it_is_forward() {
    let slots = empty_slots();
    let mut log = open(&slots);
    fill(&mut log, "a-1", &[1, 3, 1, 2, 5]);
    log.record_outcome(
        "a-1",
        Head {
            cursor: 5,
            version: 12,
            closed: false,
        },
        metadata("c"),
        None,
        NOW,
    )
    .unwrap();
    let forward = read_all(&mut log, "a-1", 100);
    for before in [
        None,
        Some(13),
        Some(12),
        Some(5),
        Some(4),
        Some(2),
        Some(1),
        Some(0),
        Some(99),
    ] {
        let end = before.unwrap_or(u64::MAX);
        let mut expected: Vec<_> = forward
            .iter()
            .filter(|e| e.version < end)
            .cloned()
            .collect();
        expected.reverse();
        for limit in 1..14 {
            let (mut events, mut before) = (Vec::new(), before);
            let mut log = open(&slots);
            loop {
                let page = log
                    .read_stream_backward("a-1", before, limit)
                    .unwrap()
                    .unwrap();
                assert!(page.events.len() <= limit as usize);
                before = Some(page.version);
                events.extend(page.events);
                if page.end {
                    break;
                }
            }
            assert_eq!(events, expected, "before {before:?}, limit {limit}");
        }
    }
    assert_eq!(log.read_stream_backward("b-1", None, 5), Ok(None));
    assert_eq!(log.read_stream_backward("b-1", Some(3), 5), Ok(None));
}

#[test]
fn the_log_is_filtered_by_types_and_categories() {
    let slots = empty_slots();
    let mut log = open(&slots);
    for (n, (stream, event)) in [("a-1", "X"), ("b-1", "X"), ("ab-1", "Y"), ("a-2-b", "Y")]
        .into_iter()
        .enumerate()
    {
        log.append(request(stream, Precondition::Any, "", n as u64, &[event]))
            .unwrap();
    }
    let mut found = |types: &[&str], categories: &[&str]| {
        let strings = |all: &[&str]| all.iter().map(ToString::to_string).collect();
        let filter = LogFilter {
            event_types: strings(types),
            categories: strings(categories),
            tags: Vec::new(),
        };
        let page = log.read_log(0, 10, &filter, NOW).unwrap();
        assert_eq!((page.end, page.next), (true, 4 * 1024 + 1023));
        let streams = page.events.into_iter().map(|e| e.stream);
        streams.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(found(&[], &[]), "a-1 b-1 ab-1 a-2-b");
    assert_eq!(found(&["X"], &[]), "a-1 b-1");
    assert_eq!(found(&["X", "Y"], &["a"]), "a-1 a-2-b");
    assert_eq!(found(&["Y"], &["b"]), "");
    assert_eq!(found(&[], &["ab", "b"]), "b-1 ab-1");
    assert_eq!(found(&["x"], &[]), "");
}
