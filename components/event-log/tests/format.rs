//! The format: what is written is what `golden/` holds, one file a key, and what lies there can be
//! read for ever. `BLESS=1 cargo test -p annals-event-log --test format` writes the files anew.
//!
//! `golden/` holds version 1 of every kind, and `golden-2/` version 2 of the kinds that have one. The files of a version
//! that a release wrote never change.
//!
//! A commit's id is the writer's choice. `golden-digest-ids/` holds what `golden/` does, with ids as the first writers chose
//! them: the first half of a SHA-256.
#![allow(clippy::unwrap_used)]

mod common;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Once;

use annals_event_log::*;
use common::*;

fn golden() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

fn settings() -> Settings {
    Settings {
        prefix: "tenant/1".into(),
        ..Settings::default()
    }
}

fn snapshot() -> Snapshot {
    Snapshot {
        state: vec![0, 1, 255],
        state_version: 2,
        head: Head {
            cursor: 1,
            version: 2,
            closed: false,
        },
    }
}

/// Checkpoints and rows: superseded, deleted, with names that are too long for a key.
fn write_reactions(slots: &MemorySlots) {
    let mut log = EventLog::open(slots, &settings()).unwrap();
    for revision in 0..17 {
        let next = checkpoint(1024 * (revision + 5), 3, revision);
        log.save_checkpoint("balances/Ünï", next).unwrap();
    }
    log.save_checkpoint(&"h".repeat(161), checkpoint(1, 0, 0))
        .unwrap();
    log.put_row("balances", row("ann/1", "old", 1024), 0)
        .unwrap();
    log.put_row("balances", row("ann/1", "new", 2048), 1024)
        .unwrap();
    log.put_row("balances", row("bob", "gone", 1025), 0)
        .unwrap();
    log.delete_row("balances", "bob", 1025, 3072).unwrap();
    log.put_row(&"v".repeat(161), row("k", "long", 5), 0)
        .unwrap();
    log.put_row("gone@1", row("k", "x", 1), 0).unwrap();
    assert_eq!(log.drop_rows("gone@1", 1), Ok(true));
    for n in 0..256 {
        log.put_row("many", row(&format!("k{n:02}"), "", 1), 0)
            .unwrap();
    }
    // Leaves a copy of the list.
    log.scan_rows("many", None, 1).unwrap();
}

/// Writes every kind of record.
fn write(slots: &MemorySlots) {
    write_reactions(slots);
    let mut log = EventLog::open(slots, &settings()).unwrap();
    let account = "account-Ünïcode 1";
    log.claim_command("c/1", 0x0123_4567_89ab_cdef, account, 0)
        .unwrap();
    let first = AppendRequest {
        events: vec![
            event("Opened", b"{\"owner\":\"ann\"}"),
            event("Deposited", &[0, 255]),
        ],
        metadata: Metadata {
            actor: None,
            traceparent: Some("00-ab-cd-01".into()),
            ..metadata("c/1")
        },
        ..request(account, Precondition::NoStream, "", 1, &[])
    };
    log.append(first).unwrap();
    log.save_snapshot(account, "teller", snapshot()).unwrap();
    let rejection = Rejection {
        code: "no-money".into(),
        message: "No.".into(),
        details: Some("{}".into()),
    };
    let head = log.load(account, Head::default(), 10).unwrap().head;
    log.record_outcome(account, head, metadata("c/2"), Some(rejection), NOW + 1)
        .unwrap();
    log.append(AppendRequest {
        close: true,
        ..request(account, Precondition::At(2), "c/3", 2, &["Closed"])
    })
    .unwrap();
    // A long name, a writer that died, hints.
    let long = format!("account-{}", "/".repeat(120));
    log.claim_command(&"c".repeat(200), 1, &long, 0).unwrap();
    log.append(request(&long, Precondition::Any, "c/4", 3, &["Opened"]))
        .unwrap();
    let ghost = MemorySlots::new();
    EventLog::open(&ghost, &settings())
        .unwrap()
        .append(request("ghost-1", Precondition::Any, "g", 4, &["E"]))
        .unwrap();
    let (key, dead_ref) = ghost
        .dump()
        .into_iter()
        .find(|(key, _)| key.contains(".log."))
        .unwrap();
    assert!(key.ends_with(".log.0000000000000001"));
    assert_eq!(
        slots.create("atenant=2F1.log.0000000000000004", &dead_ref),
        Ok(Creation::Created)
    );
    log.read_log(0, 100, &LogFilter::default(), LATER).unwrap();
    // Hints, and a segment.
    for n in 0..256 {
        log.append(request("many-1", Precondition::Any, "", 10 + n, &["E"]))
            .unwrap();
    }
    // A log of two partitions, of which one has nothing to say.
    let mut divided = EventLog::open(slots, &divided()).unwrap();
    for n in 0..2 {
        divided
            .append(request("b-1", Precondition::Any, "", n, &["E"]))
            .unwrap();
    }
    let page = divided.read_log(0, 100, &LogFilter::default(), NOW);
    assert_eq!(page.unwrap().events.len(), 2);
}

fn divided() -> Settings {
    Settings {
        prefix: "tenant/2".into(),
        partitions: 2,
        ..Settings::default()
    }
}

fn stored() -> BTreeMap<String, Vec<u8>> {
    static BLESSED: Once = Once::new();
    BLESSED.call_once(|| {
        if std::env::var_os("BLESS").is_some() {
            for (folder, written) in [(golden(), written()), (golden_2(), written_2())] {
                let _ = fs::remove_dir_all(&folder);
                fs::create_dir_all(&folder).unwrap();
                for (key, value) in written {
                    fs::write(folder.join(key), value).unwrap();
                }
            }
        }
    });
    files(&golden())
}

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| {
            (
                entry.file_name().into_string().unwrap(),
                fs::read(entry.path()).unwrap(),
            )
        })
        .collect()
}

/// What `write` leaves, without slots, refs, revisions and rows that add nothing new.
fn written() -> BTreeMap<String, Vec<u8>> {
    let slots = MemorySlots::new();
    write(&slots);
    let mut written = slots.dump();
    written.retain(|key, _| {
        let repeated_slot = key.contains("stream.many-1") && !key.ends_with(".0000000000000001");
        let repeated_ref = key.starts_with("atenant=2F1.log.")
            && key.as_str() > "atenant=2F1.log.0000000000000005";
        let repeated_row = key.contains(".row.many.") || key.contains(".view.many.");
        let repeated_revision = key.contains("=9Cn=C3=AF.")
            && !key.ends_with(".0000000000000001")
            && key.as_str() < "atenant=2F1.checkpoint.balances=2F=C3=9Cn=C3=AF.0000000000000010";
        !repeated_slot && !repeated_ref && !repeated_row && !repeated_revision
    });
    written
}

#[test]
fn what_is_written_is_what_the_golden_files_hold() {
    let (written, stored) = (written(), stored());
    assert_eq!(
        written.keys().collect::<Vec<_>>(),
        stored.keys().collect::<Vec<_>>()
    );
    for (key, value) in &written {
        assert_eq!(value, &stored[key], "{key}");
    }
}

#[test]
fn the_golden_files_can_be_read() {
    check_readable(stored());
}

#[test]
fn golden_files_whose_commit_ids_are_digests_can_be_read() {
    let former = files(&golden().with_file_name("golden-digest-ids"));
    let same = |(key, value): &(&String, &Vec<u8>)| stored().get(*key) == Some(*value);
    assert!(former.iter().any(|file| !same(&file)));
    check_readable(former);
}

fn check_readable(golden: BTreeMap<String, Vec<u8>>) {
    let slots = MemorySlots::new();
    for (key, value) in golden {
        slots.put(&key, &value).unwrap();
    }
    let mut log = EventLog::open(&slots, &settings()).unwrap();
    let types: Vec<_> = log_all(&mut log, 100, NOW)
        .into_iter()
        .map(|e| e.event_type)
        .collect();
    assert_eq!(types, ["Opened", "Deposited", "Closed", "Opened", "E"]);
    let account = "account-Ünïcode 1";
    let events = read_all(&mut log, account, 2);
    assert_eq!(events[1].payload, [0, 255]);
    assert_eq!(
        events[0].metadata.traceparent.as_deref(),
        Some("00-ab-cd-01")
    );
    assert_eq!(
        load_all(&mut log, account, 9).1,
        Head {
            cursor: 3,
            version: 3,
            closed: true
        }
    );
    assert_eq!(log.load_snapshot(account, "teller"), Ok(Some(snapshot())));
    assert!(
        matches!(log.find_outcome("c/2", account, 0), Ok(Some(Outcome::Rejected(r))) if r.code == "no-money")
    );
    assert!(matches!(
        log.claim_command("c/1", 0x0123_4567_89ab_cdef, account, 0),
        Ok(Claim::Done(Outcome::Accepted(a))) if a.version == 2
    ));
    let mut divided = EventLog::open(&slots, &divided()).unwrap();
    let positions: Vec<_> = log_all(&mut divided, 100, NOW)
        .into_iter()
        .map(|e| e.position)
        .collect();
    assert_eq!(positions.len(), 2);
    assert_eq!(positions[1] - positions[0], 2 * 1024);
    let found = log.load_checkpoint("balances/Ünï").unwrap();
    assert_eq!(found, Some(checkpoint(1024 * 21, 3, 17)));
    let found = log.load_checkpoint(&"h".repeat(161)).unwrap();
    assert_eq!(found, Some(checkpoint(1, 0, 1)));
    let page = log.scan_rows("balances", None, 100).unwrap();
    assert_eq!(page.rows, [row("ann/1", "new", 2048)]);
    assert_eq!(
        log.put_row("balances", row("bob", "late", 3072), 0),
        Err(WriteError::Stale)
    );
    let page = log.scan_rows(&"v".repeat(161), None, 100).unwrap();
    assert_eq!(page.rows, [row("k", "long", 5)]);
    let refused = log.put_row("gone@1", row("k", "x", 1), 0);
    assert!(matches!(
        refused,
        Err(WriteError::Store(StoreError::Invalid(_)))
    ));
    assert_eq!(
        load_all(&mut log, "ghost-1", 9).1,
        Head {
            cursor: 1,
            version: 0,
            closed: false
        }
    );
}

fn golden_2() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden-2")
}

/// A commit and outcomes that no version 1 can hold.
fn write_2(slots: &MemorySlots) {
    let settings = Settings {
        prefix: "tenant/3".into(),
        ..Settings::default()
    };
    let mut log = EventLog::open(slots, &settings).unwrap();
    let extended = |id: &str| Metadata {
        extensions: vec![
            ("tenant".into(), "Ünïcode".into()),
            ("position".into(), String::new()),
        ],
        ..metadata(id)
    };
    let mut tagged = request("order-1", Precondition::Any, "", 1, &["Placed", "Paid"]);
    tagged.metadata = extended("c/1");
    tagged.events[0].tags = vec!["customer:7".into(), "Ünï code".into()];
    log.append(tagged).unwrap();
    let mut only_tags = request("order-1", Precondition::Any, "c/2", 2, &["Sent"]);
    only_tags.events[0].tags = vec!["customer:7".into()];
    log.append(only_tags).unwrap();
    for (id, rejection) in [
        ("c/3", None),
        (
            "c/4",
            Some(Rejection {
                code: "no".into(),
                message: "No.".into(),
                details: None,
            }),
        ),
    ] {
        let head = log.load("order-1", Head::default(), 10).unwrap().head;
        log.record_outcome("order-1", head, extended(id), rejection, NOW)
            .unwrap();
    }
}

fn written_2() -> BTreeMap<String, Vec<u8>> {
    let slots = MemorySlots::new();
    write_2(&slots);
    let mut written = slots.dump();
    written.retain(|key, _| key.contains(".stream."));
    written
}

#[test]
fn what_only_version_2_holds_is_written_as_its_golden_files_are() {
    stored();
    let stored = files(&golden_2());
    assert_eq!(written_2(), stored);
    assert_eq!(stored.len(), 4);
    assert!(stored.values().all(|value| value[2] == 2));
}

#[test]
fn the_golden_files_of_version_2_can_be_read() {
    stored();
    let slots = MemorySlots::new();
    for (key, value) in files(&golden_2()) {
        slots.put(&key, &value).unwrap();
    }
    let settings = Settings {
        prefix: "tenant/3".into(),
        ..Settings::default()
    };
    let mut log = EventLog::open(&slots, &settings).unwrap();
    let events = read_all(&mut log, "order-1", 10);
    let tags: Vec<_> = events.iter().map(|event| event.tags.join("|")).collect();
    assert_eq!(tags, ["customer:7|Ünï code", "", "customer:7"]);
    let extensions = &events[1].metadata.extensions;
    assert_eq!(extensions[0], ("tenant".to_owned(), "Ünïcode".to_owned()));
    assert_eq!(extensions[1], ("position".to_owned(), String::new()));
    assert_eq!(events[2].metadata.extensions, []);
    assert!(matches!(
        log.find_outcome("c/4", "order-1", 0),
        Ok(Some(Outcome::Rejected(rejection))) if rejection.code == "no"
    ));
    assert!(matches!(
        log.find_outcome("c/3", "order-1", 0),
        Ok(Some(Outcome::Accepted(_)))
    ));
}

#[test]
fn version_1_reads_as_no_tags_and_no_extension_attributes() {
    let slots = MemorySlots::new();
    for (key, value) in stored() {
        assert_eq!(value[2], 1, "{key}");
        slots.put(&key, &value).unwrap();
    }
    let mut log = EventLog::open(&slots, &settings()).unwrap();
    for event in read_all(&mut log, "account-Ünïcode 1", 10) {
        assert_eq!(
            (&event.tags[..], &event.metadata.extensions[..]),
            (&[][..], &[][..])
        );
    }
}

#[test]
fn every_version_of_every_kind_has_a_golden_file() {
    let files = stored()
        .into_values()
        .chain(files(&golden_2()).into_values());
    let found: BTreeSet<(u8, u8)> = files.map(|value| (value[1], value[2])).collect();
    let known = fuzzing::kinds();
    let all = known
        .iter()
        .flat_map(|(kind, _, newest)| (1..=*newest).map(|version| (*kind, version)));
    assert_eq!(found, all.collect::<BTreeSet<_>>());
}
