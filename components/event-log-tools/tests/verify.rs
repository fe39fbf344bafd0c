//! Verify finds every damage that can be found.
#![allow(clippy::unwrap_used)]

mod common;
use annals_event_log::*;
use annals_event_log_tools::{Finding, Kind, Summary, verify};
use common::as_files::AsFiles;
use common::busy::*;
use common::faults::{Fault, Faulty};
use common::*;

fn check(slots: &MemorySlots, prefix: Option<&str>) -> (Vec<Finding>, Summary) {
    let mut findings = Vec::new();
    let summary = verify(slots, prefix, &mut |f| findings.push(f), &mut |_| {}).unwrap();
    (findings, summary)
}

fn errors(slots: &MemorySlots) -> Vec<Finding> {
    let (mut findings, summary) = check(slots, None);
    findings.retain(|finding| finding.kind == Kind::Error);
    assert_eq!(findings.len() as u64, summary.errors);
    findings
}

/// A store in which everything has happened, with a snapshot.
fn busy() -> MemorySlots {
    let slots = MemorySlots::new();
    fill_busy(&slots, &Settings::default());
    let head = load_all(&mut open(&slots), "a-1", 100).1;
    let snapshot = Snapshot {
        state: vec![1, 2],
        state_version: 1,
        head,
    };
    open(&slots).save_snapshot("a-1", "d", snapshot).unwrap();
    slots
}

#[test]
fn slots_that_were_drawn_and_not_used_are_no_damage_and_slots_behind_the_counter_are() {
    let slots = MemorySlots::with_conditional();
    let append = |seed| {
        let request = request("a-1", Precondition::Any, "", seed, &["E"]);
        open(&slots).append(request).unwrap();
    };
    append(1);
    for _ in 0..3 {
        slots.draw("a.log-counter", 0).unwrap();
    }
    append(2);
    let (findings, summary) = check(&slots, None);
    assert_eq!(findings, []);
    assert_eq!((summary.drawn, summary.log_slots), (3, 2));
    // The same gap, with a counter that says that nobody has drawn its last slot.
    slots.put("a.log-counter", b"3").unwrap();
    let found = errors(&slots);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].key, "a.log.0000000000000004");
    slots.put("a.log-counter", b"no number").unwrap();
    let keys: Vec<_> = errors(&slots).into_iter().map(|found| found.key).collect();
    assert!(keys.contains(&"a.log-counter".to_owned()), "{keys:?}");
}

fn copy(slots: &MemorySlots) -> MemorySlots {
    let copy = MemorySlots::new();
    for (key, value) in slots.dump() {
        copy.put(&key, &value).unwrap();
    }
    copy
}

#[test]
fn a_store_in_which_everything_has_happened_is_clean() {
    let (findings, summary) = check(&busy(), None);
    assert_eq!(findings, []);
    assert_eq!(
        summary,
        Summary {
            streams: 7,
            commits: 27,
            events: 39,
            outcomes: 6,
            voids: 4,
            log_slots: 32,
            dead_refs: 5,
            claims: 11,
            snapshots: 1,
            hints: 2,
            bytes: summary.bytes,
            ..Summary::default()
        }
    );
    let values = busy().dump();
    assert_eq!(
        summary.bytes,
        values.values().map(|v| v.len() as u64).sum::<u64>()
    );
}

#[test]
fn pending_writers_and_commands_are_no_damage() {
    let slots = busy();
    let dead = Dying::new(&slots, ".stream");
    let request = request("p-1", Precondition::Any, "", 5, &["E"]);
    assert!(open(&dead).append(request).is_err());
    open(&slots).claim_command("waiting", 1, "a-1", 2).unwrap();
    let (findings, summary) = check(&slots, None);
    assert_eq!((summary.pending_refs, summary.pending_claims), (1, 1));
    assert_eq!(summary.errors, 0);
    assert!(findings.iter().all(|f| f.kind == Kind::Pending));
    assert!(findings.iter().any(|f| f.what.contains("waiting")));
}

/// What leaves no trace when it is lost, or the trace that a dead writer leaves as well.
fn may_be_lost(slots: &MemorySlots, key: &str) -> bool {
    let last_slot = || {
        let (stem, number) = key.rsplit_once('.').unwrap();
        let next = u64::from_str_radix(number, 16).unwrap() + 1;
        let log_is_shorter = !slots.dump().contains_key(&format!("{stem}.{next:016x}"));
        key.contains(".stream") && log_is_shorter
    };
    key.contains(".snapshot.")
        || key == "a.store"
        || key.contains("head.")
        || key.contains("log-hint")
        || key.contains(".command")
        || last_slot()
}

/// Only a hint or a snapshot knows that it existed.
fn hinted(key: &str) -> bool {
    key == "a.log.0000000000000020" || key == "a.stream.a-1.0000000000000018"
}

#[test]
fn a_key_that_is_gone_is_found() {
    let whole = busy();
    let (mut found, mut lost) = (0, Vec::new());
    for key in whole.dump().keys() {
        let slots = copy(&whole);
        slots.delete(key).unwrap();
        let errors = errors(&slots);
        if errors.is_empty() {
            assert!(may_be_lost(&whole, key), "{key}");
            lost.push(key.clone());
        } else {
            let named =
                |finding: &Finding| finding.key == *key || finding.what.contains(key.as_str());
            assert!(errors.iter().any(named) || hinted(key), "{key}: {errors:?}");
            found += 1;
        }
    }
    // Every claim (a command without one is legal), what is disposable, the store's record (old
    // stores have none), and the last slots of five streams.
    assert_eq!(
        (found, lost.len()),
        (whole.dump().len() - 21, 21),
        "{lost:#?}"
    );
}

#[test]
fn a_flipped_byte_is_found_with_its_key() {
    let whole = busy();
    for (key, value) in whole.dump() {
        for at in [0, 1, 2, 3, 7, value.len() / 2, value.len() - 1] {
            let slots = copy(&whole);
            let mut bytes = value.clone();
            bytes[at] ^= 0x40;
            slots.put(&key, &bytes).unwrap();
            let errors = errors(&slots);
            assert!(
                errors.iter().any(|f| f.key == key),
                "{key} {at}: {errors:?}"
            );
        }
        for length in [0, 6, value.len() - 1] {
            let slots = copy(&whole);
            slots.put(&key, &value[..length]).unwrap();
            assert!(
                errors(&slots).iter().any(|f| f.key == key),
                "{key} cut to {length}"
            );
        }
    }
}

#[test]
fn a_value_under_another_key_is_found() {
    let whole = busy();
    let dump = whole.dump();
    for (key, value) in &dump {
        // Under the key of another of its own kind, and of each other kind.
        for (other, there) in dump.iter().step_by(7) {
            if there == value {
                continue;
            }
            let slots = copy(&whole);
            slots.put(other, value).unwrap();
            let found = errors(&slots);
            let dead = |key: &str| key.contains(".log.");
            let hint = |key: &str| key.contains("head.") || key.contains("log-hint");
            if (dead(key) && dead(other)) || (hint(key) && hint(other)) {
                continue;
            }
            assert!(!found.is_empty(), "{key} at {other}");
        }
    }
}

#[test]
fn foreign_keys_are_found_unless_they_are_another_prefixs() {
    let whole = busy();
    for key in [
        "hello",
        "a.hello",
        "a.log.1",
        "a.stream.a-1.000000000000000G",
        "b.log-hint",
        "a.command.=c3",
    ] {
        let slots = copy(&whole);
        slots.put(key, b"x").unwrap();
        assert!(errors(&slots).iter().any(|f| f.key == key), "{key}");
        let errors = check(&slots, Some("other")).1.errors;
        assert_eq!(errors, 0, "{key}");
    }
    let slots = copy(&whole);
    let other = Settings {
        prefix: "o".into(),
        ..Settings::default()
    };
    fill_busy(&slots, &other);
    assert_eq!(check(&slots, None).1.streams, 14);
    assert_eq!(check(&slots, Some("o")).1.streams, 7);
    assert_eq!(errors(&slots), []);
}

#[test]
fn a_slot_far_behind_the_end_is_found_and_not_walked_to() {
    let slots = busy();
    let far = slots.get("a.stream.a-1.0000000000000001").unwrap().unwrap();
    slots.put("a.stream.a-1.ffffffffffffffff", &far).unwrap();
    let log = slots.get("a.log.0000000000000001").unwrap().unwrap();
    slots.put("a.log.fffffffffffffffe", &log).unwrap();
    let errors = errors(&slots);
    assert!(
        errors.iter().any(|f| f.key == "a.log.0000000000000021"),
        "{errors:?}"
    );
    assert!(errors.iter().any(|f| f.key.starts_with("a.stream.a-1.")));
}

#[test]
fn what_speaks_of_slots_that_are_gone_is_found() {
    let whole = busy();
    let end = load_all(&mut open(&whole), "a-1", 100).1.cursor;
    // As after a restore from an old backup of the slots alone.
    let slots = copy(&whole);
    for slot in end - 15..=end {
        slots.delete(&format!("a.stream.a-1.{slot:016x}")).unwrap();
    }
    let found = errors(&slots);
    assert!(
        found.iter().any(|f| f.key.contains(".snapshot.")),
        "{found:?}"
    );
    assert!(found.iter().any(|f| f.key == "a.head.a-1"), "{found:?}");
    assert!(
        found.iter().any(|f| f.what.contains("is absent too")),
        "no writer claims a slot before the one in front of it is there: {found:?}"
    );
    let slots = copy(&whole);
    for slot in 16..=32 {
        slots.delete(&format!("a.log.{slot:016x}")).unwrap();
    }
    let found = errors(&slots);
    assert!(found.iter().any(|f| f.key == "a.log-hint"), "{found:?}");
    assert!(
        found
            .iter()
            .filter(|f| f.what.contains("never delivered"))
            .count()
            > 10,
        "{found:?}"
    );
    let slots = copy(&whole);
    for slot in 1..=2 {
        slots
            .delete(&format!("a.stream.only-1.{slot:016x}"))
            .unwrap();
    }
    let found = errors(&slots);
    assert!(
        found
            .iter()
            .any(|f| f.key == "a.command.no4" && f.what.contains("only-1")),
        "{found:?}"
    );
}

#[test]
fn a_command_that_took_effect_twice_is_found() {
    let slots = busy();
    // An append without a cursor looks for nothing.
    let twice = request("a-1", Precondition::Any, "c1", 77, &["Again"]);
    open(&slots).append(twice).unwrap();
    let errors = errors(&slots);
    assert!(
        errors.iter().any(|f| f.what.contains("\"c1\"")),
        "{errors:?}"
    );
}

#[test]
fn versions_positions_and_times_must_go_on() {
    let whole = busy();
    // Slots of a stream of single events, exchanged.
    let key = |slot: u64| format!("a.stream.a-1.{slot:016x}");
    let (one, two) = (
        whole.get(&key(10)).unwrap().unwrap(),
        whole.get(&key(11)).unwrap().unwrap(),
    );
    whole.put(&key(10), &two).unwrap();
    whole.put(&key(11), &one).unwrap();
    let found = errors(&whole);
    for what in ["goes on from version", "does not follow", "leads elsewhere"] {
        assert!(
            found.iter().any(|f| f.what.contains(what)),
            "{what}: {found:?}"
        );
    }
}

/// A store whose keys are too long for file names, with hints for a stream.
fn long_keys() -> MemorySlots {
    let slots = MemorySlots::new();
    let mut log = open(&slots);
    let (hashed, plain) = (long(), format!("b-{}", "é".repeat(25)));
    for stream in [&hashed, &plain] {
        fill(&mut log, stream, &[1; 17]);
    }
    sourcer::submit(&mut log, &plain, &"C".repeat(170), 1, |_| false).unwrap();
    slots
}

#[test]
fn long_keys_that_only_digests_tell_are_verified_as_well() {
    let whole = long_keys();
    let mut findings = Vec::new();
    let mut summary = |slots: &MemorySlots| {
        findings.clear();
        let summary = verify(
            &AsFiles(slots),
            None,
            &mut |f| findings.push(f),
            &mut |_| {},
        );
        (summary.unwrap(), findings.clone())
    };
    let digests = (whole.dump().keys())
        .filter(|key| file_name::key(&file_name::of(key)).is_none())
        .count();
    assert_eq!(digests, 18 + 1 + 1, "slots, a hint and a claim");
    let plain = check(&whole, None).1;
    assert_eq!(summary(&whole), (plain, Vec::new()));
    assert_eq!((plain.streams, plain.claims, plain.hints), (2, 1, 3));
    for (key, value) in whole.dump() {
        let slots = copy(&whole);
        slots.delete(&key).unwrap();
        let disposable = ["head", "hint", "command", "store"]
            .iter()
            .any(|word| key.contains(word));
        let last = key.ends_with("12") || key.contains("sha256") && key.ends_with("11");
        let (found, findings) = summary(&slots);
        assert!(
            found.errors > 0 || disposable || last,
            "{key}: {findings:?}"
        );
        let mut bytes = value.clone();
        bytes[3] ^= 1;
        slots.put(&key, &bytes).unwrap();
        assert!(summary(&slots).0.errors > 0, "{key}");
    }
}

#[test]
fn a_log_of_several_partitions_is_verified_row_by_row() {
    let divided = Settings {
        partitions: 4,
        ..Settings::default()
    };
    let whole = MemorySlots::new();
    fill_busy(&whole, &divided);
    let (findings, summary) = check(&whole, None);
    assert_eq!(findings, []);
    assert!(summary.skips > 0);
    assert_eq!((summary.commits, summary.outcomes), (27, 6));
    let mut rows = 0;
    for (key, value) in whole.dump() {
        let slots = copy(&whole);
        slots.delete(&key).unwrap();
        let errors = errors(&slots);
        if key.contains(".log4.") {
            // The last skip or dead ref of a partition is missed by nobody.
            rows += usize::from(errors.iter().any(|f| f.key == key || f.what.contains(&key)));
            // A slot that lies in another partition.
            let number = u64::from_str_radix(key.rsplit_once('.').unwrap().1, 16).unwrap();
            let slots = copy(&whole);
            slots
                .put(&format!("a.log4.{:016x}", number + 1), &value)
                .unwrap();
            assert!(check(&slots, None).1.errors > 0, "{key}");
        }
        if key == "a.store" {
            assert!(errors.iter().any(|f| f.key == key));
        }
    }
    assert!(
        rows as u64 >= summary.log_slots - 4,
        "{rows} of {}",
        summary.log_slots
    );
    // A log that is divided otherwise has no place here.
    let slots = copy(&whole);
    let first = whole.get("a.log4.0000000000000001").unwrap().unwrap();
    slots.put("a.log2.0000000000000001", &first).unwrap();
    assert!(errors(&slots).iter().any(|f| f.key.contains(".log2.")));
}

#[test]
fn segments_must_be_what_the_slots_are() {
    let whole = MemorySlots::new();
    fill(&mut open(&whole), "s-1", &[1; 520]);
    let (findings, summary) = check(&whole, None);
    assert_eq!((findings, summary.segments), (vec![], 2));
    let segments: Vec<String> = (whole.dump().into_keys())
        .filter(|key| key.contains(".segment."))
        .collect();
    let (first, second) = (&segments[0], &segments[1]);
    let slots = copy(&whole);
    let value = slots.get(first).unwrap().unwrap();
    slots.put(second, &value).unwrap();
    assert!(errors(&slots).iter().any(|f| f.key == *second));
    // Two slots exchanged: the copies tell.
    let slots = copy(&whole);
    let other = MemorySlots::new();
    fill(&mut open(&other), "s-1", &[2; 256]);
    slots
        .put(first, &other.get(first).unwrap().unwrap())
        .unwrap();
    assert!(errors(&slots).iter().any(|f| f.key == *first));
}

/// A checkpoint with tombstones, rows that changed or were deleted, names of every length.
fn reactions(slots: &MemorySlots) {
    let mut log = open(slots);
    for revision in 0..3 {
        let next = Checkpoint {
            state: vec![7; 1000],
            ..checkpoint(revision + 5, 1, revision)
        };
        log.save_checkpoint("h", next).unwrap();
    }
    for view in ["v", "v@1", &"V".repeat(70), &"v".repeat(170)] {
        for key in ["k", "l", &"K".repeat(90)] {
            for position in 1..=3 {
                log.put_row(view, row(key, "x", position), position - 1)
                    .unwrap();
            }
        }
        log.delete_row(view, "l", 3, 9).unwrap();
    }
    for n in 0..20 {
        let long = "h".repeat(170);
        log.put_row(&long, row(&n.to_string(), "x", 1), 0).unwrap();
    }
}

#[test]
fn what_reactions_keep_is_looked_at_revision_after_revision() {
    let whole = MemorySlots::new();
    reactions(&whole);
    let (findings, summary) = check(&whole, None);
    assert_eq!((findings, summary.chains), (vec![], 1 + 4 * (1 + 3) + 21));
    let mut found = Vec::new();
    verify(&AsFiles(&whole), None, &mut |f| found.push(f), &mut |_| {}).unwrap();
    assert_eq!(found, [], "in files");

    let value = |key: &str| whole.get(key).unwrap().unwrap();
    let checkpoint = |n: u32| format!("a.checkpoint.h.{n:016x}");
    let row = |n: u32| format!("a.row.v.k.{n:016x}");
    let tombstone = value(&checkpoint(1));
    for (at, other, what) in [
        (checkpoint(3), tombstone.clone(), "was superseded"),
        (checkpoint(3), value(&row(3)), "not a checkpoint"),
        (
            checkpoint(5),
            value(&checkpoint(3)),
            "absent, though slot 5",
        ),
        (row(3), value(&row(3).replace(".k.", ".l.")), "not a row"),
        (
            row(3),
            value("a.row.v.l.0000000000000004"),
            "it is revision 4",
        ),
        (
            row(3),
            value("a.row.v=401.k.0000000000000003"),
            "it belongs to",
        ),
        (
            "a.view.v.0000000000000001".into(),
            tombstone,
            "not a view entry",
        ),
        (
            "a.view.v.0000000000000001".into(),
            value("a.view.v.0000000000000002"),
            "it is entry 2",
        ),
    ] {
        let slots = copy(&whole);
        slots.put(&at, &other).unwrap();
        // A row that an entry no longer names is one more finding.
        let found = errors(&slots);
        assert!(
            found.iter().any(|f| f.key == at || f.what.contains(what)),
            "{at}: {found:?}"
        );
    }
    for key in [checkpoint(2), "a.row.v.k.0000000000000002".into()] {
        let slots = copy(&whole);
        slots.delete(&key).unwrap();
        assert_eq!(errors(&slots)[0].key, key);
    }
    // A row that no scan would find.
    let slots = copy(&whole);
    slots.delete("a.view.v.0000000000000003").unwrap();
    let found = errors(&slots);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].what.contains("list does not name it"), "{found:?}");
}

#[test]
fn a_checkpoint_or_row_that_goes_back_is_found() {
    let store = |first: u64, second: u64| {
        let slots = MemorySlots::new();
        let mut log = open(&slots);
        for (n, position) in (0..).zip([first, second]) {
            log.save_checkpoint("h", checkpoint(position, 1, n))
                .unwrap();
            let seen = if n == 0 { 0 } else { first };
            log.put_row("v", row("k", "x", position), seen).unwrap();
        }
        slots
    };
    let (slots, other) = (store(5, 6), store(1, 2));
    assert_eq!(errors(&slots), []);
    // A row's first revision is a tombstone by now.
    let key = "a.checkpoint.h.0000000000000002";
    slots.put(key, &other.get(key).unwrap().unwrap()).unwrap();
    let found = errors(&slots);
    assert!(found[0].what.contains("goes back"), "{found:?}");
    assert_eq!((found.len(), &*found[0].key), (1, key));
}

#[test]
fn what_is_left_of_dropped_views_is_no_damage() {
    let whole = MemorySlots::new();
    reactions(&whole);
    for view in ["v@1", &"V".repeat(70), &"v".repeat(170)] {
        // A drop that was stopped at each of its writes.
        for at in 0.. {
            let slots = copy(&whole);
            let faulty = Faulty::new(&slots, Fault::DiesBefore, at);
            let done = open(&faulty).drop_rows(view, 100).is_ok();
            let (findings, summary) = check(&slots, None);
            assert_eq!(findings, [], "{view} at {at}");
            let dropped = u64::from(slots.dump().keys().any(|key| key.contains("dropped")));
            assert_eq!(summary.dropped_views, dropped);
            let mut found = Vec::new();
            verify(&AsFiles(&slots), None, &mut |f| found.push(f), &mut |_| {}).unwrap();
            assert_eq!(found, [], "in files, {view} at {at}");
            if done {
                break;
            }
        }
    }
    // A writer that was slow put a row there when it was gone already.
    let slots = copy(&whole);
    let orphan = whole.get("a.row.v=401.k.0000000000000003").unwrap();
    while !open(&slots).drop_rows("v@1", 100).unwrap() {}
    slots
        .put("a.row.v=401.k.0000000000000003", &orphan.unwrap())
        .unwrap();
    assert_eq!(errors(&slots), []);
}

#[test]
fn a_time_that_goes_back_and_an_end_that_goes_on_are_found() {
    let store = |time: u64, close: bool, more: bool| {
        let slots = MemorySlots::new();
        let first = AppendRequest {
            recorded_at: time,
            close,
            ..request("t-1", Precondition::Any, "", 1, &["E"])
        };
        open(&slots).append(first).unwrap();
        if more {
            fill(&mut open(&slots), "t-1", &[1]);
        }
        slots
    };
    let key = "a.stream.t-1.0000000000000001";
    for (other, what) in [
        (store(NOW + 1, false, false), "before the slot in front"),
        (store(NOW, true, false), "closed"),
    ] {
        let slots = store(NOW, false, true);
        assert_eq!(errors(&slots), []);
        slots.put(key, &other.get(key).unwrap().unwrap()).unwrap();
        let found = errors(&slots);
        assert!(found.iter().any(|f| f.what.contains(what)), "{found:?}");
    }
}

#[test]
fn a_digest_that_stands_for_no_slot_is_found() {
    let slots = long_keys();
    let (key, value) = (slots.dump().into_iter())
        .find(|(key, _)| file_name::key(&file_name::of(key)).is_none() && key.ends_with("01"))
        .unwrap();
    let far = key.replace("0000000000000001", "0000000000100000");
    slots.put(&far, &value).unwrap();
    let mut found = Vec::new();
    verify(&AsFiles(&slots), None, &mut |f| found.push(f), &mut |_| {}).unwrap();
    assert!(
        found.iter().any(|f| f.what.contains("no slots of it")),
        "{found:?}"
    );
}

#[test]
fn records_of_a_newer_release_are_no_damage_and_cause_no_other_finding() {
    let slots = busy();
    let mut log = open(&slots);
    for n in 0..20 {
        let at = checkpoint(n, 1, n);
        log.save_checkpoint(&"h".repeat(161), at).unwrap();
    }
    log.put_row("v", row("k", "x", 1), 0).unwrap();
    log.put_row(&"v".repeat(161), row("k", "x", 1), 0).unwrap();
    // A stream of which files hold digests of the keys.
    let digests = format!("long-{}", "/".repeat(45));
    fill(&mut log, &digests, &[1, 1]);
    for cursor in [1, 2] {
        log.claim_command(&format!("late {cursor}"), 1, &digests, cursor)
            .unwrap();
    }
    for (key, value) in slots.dump() {
        let newer = copy(&slots);
        newer
            .put(&key, &fuzzing::seal(value[1], 9, &value[7..]))
            .unwrap();
        let mut findings = Vec::new();
        let mut found = |finding| findings.push(finding);
        if key.ends_with(".store") {
            let refused = verify(&newer, None, &mut found, &mut |_| {});
            assert!(
                matches!(refused, Err(StoreError::Newer { .. })),
                "{refused:?}"
            );
            continue;
        }
        let summary = verify(&newer, None, &mut found, &mut |_| {}).unwrap();
        let as_files = verify(&AsFiles(&newer), None, &mut found, &mut |_| {}).unwrap();
        // Under a digest it is met once more when its stream leads to it.
        assert!(
            summary.newer == 1 && as_files.newer >= 1,
            "{key}: {findings:?}"
        );
        assert_eq!(
            (summary.errors, as_files.errors),
            (0, 0),
            "{key}: {findings:?}"
        );
        let told = findings
            .iter()
            .filter(|finding| finding.kind == Kind::Newer);
        for finding in told {
            assert!(finding.what.contains("version 9"), "{finding:?}");
            assert!(finding.remedy.contains("nothing is lost"), "{finding:?}");
        }
    }
}
