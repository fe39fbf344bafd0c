//! Reading: pages, sizes, snapshots, damage, prefixes.
#![allow(clippy::unwrap_used)]

mod common;
use std::cell::Cell;

use annals_event_log::Precondition::{Any, NoStream};
use annals_event_log::*;
use common::*;
use proptest::prelude::*;

/// Counts reads.
struct Counted<S>(S, Cell<u64>);
impl<S: Slots> Slots for Counted<S> {
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
fn an_unknown_stream_is_none() {
    let mut log = open(empty_slots());
    assert_eq!(log.read_stream("a-1", 0, 10), Ok(None));
    assert_eq!(log.read_stream("a-1", 7, 10), Ok(None));
    assert_eq!(
        log.load("a-1", Head::default(), 10).unwrap(),
        Page {
            events: vec![],
            head: Head::default(),
            end: true
        }
    );
    // An outcome is no event.
    log.record_outcome("a-1", Head::default(), metadata("c"), None, NOW)
        .unwrap();
    assert_eq!(log.read_stream("a-1", 0, 10), Ok(None));
    assert!(log.append(request("a-1", NoStream, "d", 1, &["E"])).is_ok());
}

#[test]
fn a_read_behind_the_last_version_is_empty_and_tells_the_version() {
    let mut log = open(empty_slots());
    fill(&mut log, "a-1", &[2, 3]);
    let page = log.read_stream("a-1", 9, 10).unwrap().unwrap();
    assert_eq!((page.events.len(), page.version, page.end), (0, 5, true));
}

proptest! {
    #[test]
    fn pages_of_any_size_give_the_same(sizes in prop::collection::vec(1usize..5, 0..30), limit in 1u32..9, fresh: bool, after in 0u64..70) {
        let slots = empty_slots();
        let mut log = open(&slots);
        for part in sizes.chunks(3) {
            fill(&mut log, "a-1", part);
            fill(&mut log, "b-1", &[1]);
            let head = load_all(&mut log, "a-1", 100).1;
            log.record_outcome("a-1", head, metadata("out"), None, NOW).ok();
        }
        if fresh {
            log = open(&slots);
        }
        let total: usize = sizes.iter().sum();
        let all = read_all(&mut log, "a-1", 1000);
        prop_assert_eq!(all.len(), total);
        prop_assert_eq!(&read_all(&mut log, "a-1", limit), &all);
        prop_assert_eq!(load_all(&mut log, "a-1", limit).0.len(), total);
        prop_assert_eq!(log_all(&mut log, limit, NOW), log_all(&mut log, 1000, NOW));
        let rest = log.read_stream("a-1", after, 1000).unwrap().map(|page| page.events).unwrap_or_default();
        prop_assert_eq!(&rest[..], all.get(after as usize..).unwrap_or_default());
        // From any position on.
        for event in &all {
            let next = log.read_log(event.position, 1, &LogFilter::default(), NOW).unwrap();
            prop_assert!(next.events.iter().all(|e| e.position > event.position));
        }
        check(&slots, &["a-1", "b-1"]);
    }

    #[test]
    fn escaping_is_injective(a in ".{0,20}", b in ".{0,20}") {
        prop_assert_eq!(a == b, escape(&a) == escape(&b));
    }

    #[test]
    fn flipped_bits_are_errors_that_name_the_key(seed: u64) {
        let slots = empty_slots();
        fill(&mut open(&slots), "a-1", &[2, 1]);
        // What is read of every log, in one go.
        let values: Vec<_> = slots.dump().into_iter().filter(|(key, _)| !key.ends_with(".store") && !key.ends_with("-counter")).collect();
        let (key, mut value) = values[seed as usize % values.len()].clone();
        let bit = (seed >> 8) as usize % (value.len() * 8);
        value[bit / 8] ^= 1 << (bit % 8);
        slots.put(&key, &value).unwrap();
        let mut log = open(&slots);
        let found = log.read_log(0, 100, &LogFilter::default(), NOW).map(drop);
        match found {
            Err(StoreError::Corrupt { key: named, .. }) => prop_assert_eq!(named, key),
            other => prop_assert!(false, "{:?}", other),
        }
    }
}

#[test]
fn big_payloads_and_big_commits_survive_and_pages_stay_bounded() {
    let mut log = open(empty_slots());
    let big = vec![7u8; 1 << 20];
    for n in 0..3 {
        let events = vec![event("Big", &big)];
        log.append(AppendRequest {
            events,
            ..request("a-big", Any, "", n, &[])
        })
        .unwrap();
    }
    fill(&mut log, "a-many", &[1000, 1024]);
    let page = log.load("a-big", Head::default(), 100).unwrap();
    assert_eq!((page.events.len(), page.end), (1, false));
    assert_eq!(page.events[0].payload, big);
    assert_eq!(
        log.read_stream("a-big", 0, 100)
            .unwrap()
            .unwrap()
            .events
            .len(),
        1
    );
    assert_eq!(
        log.read_log(0, 100, &LogFilter::default(), NOW)
            .unwrap()
            .events
            .len(),
        1
    );
    assert_eq!(load_all(&mut log, "a-big", 100).0.len(), 3);
    assert_eq!(read_all(&mut log, "a-many", 300).len(), 2024);
    assert_eq!(log_all(&mut log, 300, NOW).len(), 2027);
}

#[test]
fn the_log_is_filtered_by_type_and_goes_on_behind_what_it_filtered() {
    let mut log = open(empty_slots());
    for n in 0..3000 {
        log.append(request(
            &format!("a-{}", n % 7),
            Any,
            "",
            n,
            &[if n % 1000 == 999 { "Rare" } else { "Often" }],
        ))
        .unwrap();
    }
    let only_rare = LogFilter {
        event_types: vec!["Rare".into()],
        ..LogFilter::default()
    };
    let (mut after, mut rare, mut pages) = (0, 0, 0);
    loop {
        let page = log.read_log(after, 10, &only_rare, NOW).unwrap();
        assert!(page.events.iter().all(|e| e.event_type == "Rare"));
        rare += page.events.len();
        pages += 1;
        assert!(page.end || page.next > after);
        after = page.next;
        if page.end {
            break;
        }
    }
    assert_eq!(rare, 3);
    assert!(pages > 1, "a page looks at a bounded number of slots");
}

#[test]
fn a_rehydration_of_a_short_stream_reads_every_slot_once() {
    let slots = Counted(empty_slots(), Cell::new(0));
    fill(&mut open(&slots), "a-1", &[1; 15]);
    slots.1.set(0);
    assert_eq!(load_all(&mut open(&slots), "a-1", 100).0.len(), 15);
    assert_eq!(slots.1.get(), 16);
}

#[test]
fn a_warm_append_after_a_load_reads_nothing_and_a_cold_one_little() {
    let slots = Counted(empty_slots(), Cell::new(0));
    let mut warm = open(&slots);
    fill(&mut warm, "a-1", &[1; 1000]);
    let head = load_all(&mut warm, "a-1", 2000).1;
    slots.1.set(0);
    let at = AppendRequest {
        cursor: Some(head.cursor),
        ..request("a-1", Precondition::At(1000), "x", 1, &["E"])
    };
    warm.append(at).unwrap();
    assert_eq!(slots.1.get(), 0);
    open(&slots)
        .append(request("a-1", Any, "y", 2, &["E"]))
        .unwrap();
    assert!(slots.1.get() <= 24, "{} reads", slots.1.get());
}

#[test]
fn who_rested_while_others_went_on_finds_the_log_end_in_few_reads() {
    let slots = Counted(empty_slots(), Cell::new(0));
    let mut resting = open(&slots);
    fill(&mut resting, "a-1", &[1]);
    for (stream, others) in [("b-1", 40), ("b-2", 1000), ("b-3", 5)] {
        fill(&mut open(&slots), stream, &vec![1; others]);
        slots.1.set(0);
        let version = resting
            .append(request("a-1", Any, stream, 1, &["E"]))
            .unwrap()
            .version;
        assert!(version > 1);
        // Two for the stream's end, the others for the log's.
        assert!(
            slots.1.get() <= 14,
            "{} reads after {others}",
            slots.1.get()
        );
    }
}

#[test]
fn prefixes_are_two_worlds() {
    let slots = empty_slots();
    let prefixes = [
        "",
        "a",
        "a.log",
        "a.",
        "=2E",
        ".",
        "tenant-1",
        "tenant-11",
        &"long".repeat(40),
        &"long".repeat(41),
    ];
    for (n, prefix) in prefixes.iter().enumerate() {
        let settings = Settings {
            prefix: (*prefix).into(),
            ..Settings::default()
        };
        let mut log = EventLog::open(&slots, &settings).unwrap();
        fill(&mut log, "a-1", &vec![1; n + 1]);
        log.claim_command("c", n as u64, "a-1", 0).unwrap();
    }
    for (n, prefix) in prefixes.iter().enumerate() {
        let settings = Settings {
            prefix: (*prefix).into(),
            ..Settings::default()
        };
        let mut log = EventLog::open(&slots, &settings).unwrap();
        assert_eq!(log_all(&mut log, 100, NOW).len(), n + 1, "{prefix:?}");
        assert_eq!(
            log.claim_command("c", n as u64, "a-1", 0),
            Ok(Claim::Pending)
        );
    }
}

#[test]
fn snapshots_are_kept_and_damaged_or_foreign_ones_are_none() {
    let slots = empty_slots();
    let mut log = open(&slots);
    fill(&mut log, "a-1", &[2, 1]);
    let head = load_all(&mut log, "a-1", 10).1;
    let snapshot = Snapshot {
        state: b"state".to_vec(),
        state_version: 3,
        head,
    };
    assert_eq!(log.load_snapshot("a-1", "d"), Ok(None));
    log.save_snapshot("a-1", "d", snapshot.clone()).unwrap();
    assert_eq!(log.load_snapshot("a-1", "d"), Ok(Some(snapshot.clone())));
    assert_eq!(
        open(&slots).load_snapshot("a-1", "d"),
        Ok(Some(snapshot.clone()))
    );
    assert_eq!(log.load_snapshot("a-1", "e"), Ok(None));
    assert_eq!(log.load_snapshot("a-2", "d"), Ok(None));
    // A snapshot from another life of the stream.
    for head in [
        Head { cursor: 9, ..head },
        Head { version: 4, ..head },
        Head {
            closed: true,
            ..head
        },
    ] {
        log.save_snapshot(
            "a-1",
            "d",
            Snapshot {
                head,
                ..snapshot.clone()
            },
        )
        .unwrap();
        assert_eq!(open(&slots).load_snapshot("a-1", "d"), Ok(None), "{head:?}");
    }
    log.save_snapshot("a-1", "d", snapshot.clone()).unwrap();
    let (key, mut value) = slots
        .dump()
        .into_iter()
        .find(|(key, _)| key.contains("snapshot"))
        .unwrap();
    *value.last_mut().unwrap() ^= 1;
    slots.put(&key, &value).unwrap();
    assert_eq!(log.load_snapshot("a-1", "d"), Ok(None));
    log.save_snapshot("a-1", "d", snapshot).unwrap();
    log.delete_snapshot("a-1", "d").unwrap();
    assert_eq!(log.load_snapshot("a-1", "d"), Ok(None));
}

#[test]
fn lost_damaged_or_lying_hints_cost_reads_only() {
    for damage in 0..3 {
        let slots = empty_slots();
        fill(&mut open(&slots), "a-1", &[1; 40]);
        fill(&mut open(&slots), "b-1", &[1; 5]);
        let dump = slots.dump();
        let hint = |kind: &str| dump.iter().find(|(key, _)| key.contains(kind)).unwrap();
        for (key, value) in [hint("log-hint"), hint(".head.")] {
            match damage {
                0 => slots.delete(key).unwrap(),
                1 => slots.put(key, b"nonsense").unwrap(),
                _ => {
                    // The same hint under a stream that is much shorter.
                    slots.put("a.head.b-1", value).unwrap();
                }
            }
        }
        assert_eq!(
            open(&slots)
                .append(request("a-1", Any, "x", 1, &["E"]))
                .unwrap()
                .version,
            41
        );
        assert_eq!(
            open(&slots)
                .append(request("b-1", Any, "x", 1, &["E"]))
                .unwrap()
                .version,
            6
        );
        check(&slots, &["a-1", "b-1"]);
    }
}

#[test]
fn a_record_under_another_streams_key_is_corrupt() {
    let slots = empty_slots();
    fill(&mut open(&slots), "a-1", &[1]);
    let (key, value) = slots
        .dump()
        .into_iter()
        .find(|(key, _)| key.contains("stream.a-1"))
        .unwrap();
    let other = key.replace("a-1", "a-2");
    slots.put(&other, &value).unwrap();
    let corrupt = open(&slots).load("a-2", Head::default(), 1);
    assert!(
        matches!(&corrupt, Err(StoreError::Corrupt { key, .. }) if *key == other),
        "{corrupt:?}"
    );
    assert!(corrupt.unwrap_err().to_string().contains(&other));
}

#[test]
fn a_load_from_where_the_stream_never_stood_is_refused() {
    let slots = empty_slots();
    let mut log = open(&slots);
    fill(&mut log, "a-1", &[2, 1, 1]);
    for (cursor, version) in [(1, 1), (2, 2), (0, 1), (3, 3)] {
        let head = Head {
            cursor,
            version,
            closed: false,
        };
        let refused = log.load("a-1", head, 10);
        assert!(
            matches!(refused, Err(StoreError::Invalid(_))),
            "{head:?}: {refused:?}"
        );
    }
}

#[test]
fn before_the_first_event_lies_an_empty_page_also_behind_an_outcome() {
    let slots = empty_slots();
    let mut log = open(&slots);
    common::sourcer::submit(&mut log, "a-1", "refused", 1, |_| true).unwrap();
    assert_eq!(log.read_stream_backward("a-1", Some(1), 5), Ok(None));
    fill(&mut log, "a-1", &[1]);
    for mut log in [log, open(&slots)] {
        let page = log.read_stream_backward("a-1", Some(1), 5).unwrap();
        let page = page.expect("the stream has an event");
        assert_eq!((page.events.len(), page.version, page.end), (0, 0, true));
    }
}
