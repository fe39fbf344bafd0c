//! Export and import of what reactions keep: whoever goes on in the new store is where the old
//! one was, so nothing is delivered a second time.
#![allow(clippy::unwrap_used)]

mod common;
use std::collections::{BTreeMap, BTreeSet};

use annals_event_log::*;
use annals_event_log_tools::{self as tools, ImportError, Imported, Importer, Listing, verify};
use common::as_files::AsFiles;
use common::faults::{Fault, Faulty};
use common::*;
use proptest::prelude::*;

fn settings(prefix: &str) -> Settings {
    Settings {
        prefix: prefix.into(),
        ..Settings::default()
    }
}

/// Names as the dispatcher makes them, and others.
fn handlers() -> Vec<String> {
    ["mailer", "balances", "~control/balances", "Ünï"]
        .map(str::to_owned)
        .into_iter()
        .chain(["h".repeat(170), "H".repeat(100)])
        .collect()
}

fn views() -> Vec<String> {
    ["balances@1", "balances@2", "~transfer@1", "~dead-letters"]
        .map(str::to_owned)
        .into_iter()
        .chain(["v".repeat(170), "V".repeat(80)])
        .collect()
}

fn keys() -> Vec<String> {
    ["ann", "bob", "a\0b", "é/", "null", "text"]
        .map(str::to_owned)
        .into_iter()
        .chain(["k".repeat(200)])
        .collect()
}

fn value(key: &str) -> (&'static str, Vec<u8>) {
    match key {
        "bob" => ("application/json", b"not json".to_vec()),
        "null" => ("application/json", b"null".to_vec()),
        "text" => ("text/plain", vec![]),
        "a\0b" => ("application/octet-stream", vec![0, 255, 10]),
        _ => ("application/json", br#"{"balance": 1}"#.to_vec()),
    }
}

/// Events, checkpoints and rows up to a position.
fn busy(slots: &MemorySlots, prefix: &str, from: u64, to: u64) {
    let mut log = EventLog::open(slots, &settings(prefix)).unwrap();
    for n in from..to {
        let request = request("a-1", Precondition::Any, &format!("c{n}"), n, &["E"]);
        log.append(request).unwrap();
        for handler in handlers() {
            let known = log.load_checkpoint(&handler).unwrap().unwrap_or_default();
            let next = Checkpoint {
                position: n * 1024,
                state: vec![n as u8; (n % 5 * 100) as usize],
                generation: (n / 10) as u32,
                ..known
            };
            log.save_checkpoint(&handler, next).unwrap();
        }
        for view in views() {
            for key in keys() {
                let seen = log.get_row(&view, &key).unwrap().map_or(0, |r| r.position);
                if key == "é/" && n % 2 == 0 {
                    log.delete_row(&view, &key, seen, n + 1).unwrap();
                    continue;
                }
                let (content_type, value) = value(&key);
                let row = Row {
                    key,
                    content_type: content_type.into(),
                    value,
                    position: n + 1,
                };
                log.put_row(&view, row, seen).unwrap();
            }
        }
    }
}

fn store(to: u64) -> MemorySlots {
    let slots = MemorySlots::new();
    busy(&slots, "", 0, to);
    slots
}

fn export<S: Listing>(slots: &S, prefix: &str, before: &[u8]) -> Vec<u8> {
    let from = tools::resume(before).unwrap();
    let mut lines = before[..from.bytes as usize].to_vec();
    let mut write = |bytes: &[u8]| {
        lines.extend_from_slice(bytes);
        Ok(())
    };
    tools::export(slots, prefix, "/test", &from, &mut write, &mut |_| {}).unwrap();
    lines
}

fn import<S: Slots>(slots: S, prefix: &str, lines: &[u8]) -> Result<Imported, ImportError> {
    let mut importer = Importer::new(slots, prefix).unwrap();
    for line in lines.split_inclusive(|byte| *byte == b'\n') {
        importer.line(line)?;
    }
    importer.finish()
}

/// All that can be read, and what can no longer be written.
type Known = (
    Vec<Option<(u64, u32, Vec<u8>)>>,
    BTreeMap<String, Vec<Row>>,
    Vec<RecordedEvent>,
);

fn known(slots: &MemorySlots, prefix: &str) -> Known {
    let mut log = EventLog::open(slots, &settings(prefix)).unwrap();
    let checkpoints = handlers()
        .iter()
        .map(|handler| log.load_checkpoint(handler).unwrap())
        .map(|found| found.map(|it| (it.position, it.generation, it.state)))
        .collect();
    let rows = views()
        .into_iter()
        .map(|view| {
            let page = log.scan_rows(&view, None, 1000).unwrap();
            (view, page.rows)
        })
        .collect();
    (checkpoints, rows, log_all(&mut log, 100, LATER))
}

fn is_whole(slots: &MemorySlots) {
    for found in [findings(slots), findings(&AsFiles(slots))] {
        assert_eq!(found, BTreeSet::new());
    }
}

fn findings<S: Listing>(slots: &S) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut each = |f: tools::Finding| {
        found.insert(format!("{}: {}", f.key, f.what));
    };
    verify(slots, None, &mut each, &mut |_| {}).unwrap();
    found
}

#[test]
fn checkpoints_and_rows_come_over_under_any_prefix() {
    for to in [1, 2, 20, 21] {
        let source = store(to);
        is_whole(&source);
        let lines = export(&source, "", b"");
        assert_eq!(export(&AsFiles(&source), "", b""), lines, "from files");
        for prefix in ["", "other/tenant"] {
            let target = MemorySlots::new();
            let imported = import(&target, prefix, &lines).unwrap();
            let rows = (views().len() * keys().len()) as u64;
            assert_eq!((imported.rows, imported.checkpoints), (rows, 6));
            assert_eq!(known(&target, prefix), known(&source, ""));
            is_whole(&target);
            if prefix.is_empty() {
                assert_eq!(export(&target, "", b""), lines, "and back");
            }
            let before = target.dump();
            assert_eq!(import(&target, prefix, &lines).unwrap().written, 0);
            assert_eq!(target.dump(), before, "again");
        }
    }
}

#[test]
fn that_a_row_was_deleted_comes_over_with_its_position() {
    let source = store(5);
    let target = MemorySlots::new();
    import(&target, "", &export(&source, "", b"")).unwrap();
    let mut log = open(&target);
    assert_eq!(log.get_row("balances@1", "é/"), Ok(None));
    let late = log.put_row("balances@1", row("é/", "late", 5), 0);
    assert_eq!(late, Err(WriteError::Stale));
    log.put_row("balances@1", row("é/", "next", 6), 0).unwrap();
}

#[test]
fn work_goes_on_in_the_new_store() {
    let source = store(7);
    let target = MemorySlots::new();
    import(&target, "", &export(&source, "", b"")).unwrap();
    for slots in [&source, &target] {
        busy(slots, "", 7, 30);
    }
    let (mut source, mut target) = (known(&source, ""), known(&target, ""));
    // Positions of events differ: the end of the import takes a slot.
    (source.2, target.2) = (vec![], vec![]);
    assert_eq!(source, target);
}

#[test]
fn an_import_that_died_anywhere_is_done_again() {
    let source = store(2);
    let lines = export(&source, "", b"");
    let expected = known(&source, "");
    for fault in [Fault::DiesBefore, Fault::DiesAfter, Fault::LostAfter] {
        let mut at = 0;
        loop {
            let target = MemorySlots::new();
            let faulty = Faulty::new(&target, fault, at);
            let first = import(&faulty, "", &lines);
            let over = faulty.count.get() <= at;
            if first.is_err() {
                import(&target, "", &lines).unwrap();
            }
            assert_eq!(known(&target, ""), expected, "{fault:?} at {at}");
            assert_eq!(findings(&target), BTreeSet::new(), "{fault:?} at {at}");
            let entries = |slots: &MemorySlots| {
                let keys = slots.dump().into_keys();
                keys.filter(|key| key.contains(".view.") || key.contains(".view-sha256."))
                    .count()
            };
            assert_eq!(entries(&target), entries(&source), "{fault:?} at {at}");
            if over {
                break;
            }
            at += 3;
        }
    }
}

#[test]
fn an_export_that_went_on_is_imported_on() {
    let source = store(4);
    let first = export(&source, "", b"");
    let target = MemorySlots::new();
    import(&target, "", &first).unwrap();
    busy(&source, "", 4, 9);
    let second = export(&source, "", &first);
    assert_eq!(second, export(&source, "", b""), "as if it were the first");
    // Its last log slot was taken by the end of the first import, if there was one.
    let imported = MemorySlots::new();
    import(&imported, "", &second).unwrap();
    assert_eq!(known(&imported, ""), known(&source, ""));
    import(&target, "", &second).unwrap();
    assert_eq!(known(&target, ""), known(&source, ""));
    is_whole(&target);
}

#[test]
fn what_is_further_in_the_target_is_left_as_it_is() {
    let lines = export(&store(4), "", b"");
    for further in ["checkpoint", "row", "deletion", "another row"] {
        let target = MemorySlots::new();
        let mut log = open(&target);
        match further {
            "checkpoint" => log
                .save_checkpoint("mailer", checkpoint(1 << 30, 9, 0))
                .unwrap(),
            "row" => log.put_row("balances@1", row("ann", "x", 1000), 0).unwrap(),
            "deletion" => log.delete_row("balances@1", "ann", 0, 1000).unwrap(),
            _ => log.put_row("balances@1", row("ann", "x", 4), 0).unwrap(),
        }
        let error = import(&target, "", &lines).unwrap_err();
        assert!(
            matches!(error, ImportError::Different { .. }),
            "{further}: {error}"
        );
    }
}

#[test]
fn dropped_views_are_not_exported() {
    let source = store(3);
    let mut log = open(&source);
    while !log.drop_rows("balances@1", 2).unwrap() {
        let lines = String::from_utf8(export(&source, "", b"")).unwrap();
        assert!(!lines.contains("balances@1"));
        let target = MemorySlots::new();
        import(&target, "", lines.as_bytes()).unwrap();
        assert_eq!(
            open(&target).scan_rows("balances@1", None, 9).unwrap().rows,
            []
        );
    }
}

#[test]
fn lines_that_are_missing_or_changed_are_noticed() {
    let lines = String::from_utf8(export(&store(2), "", b"")).unwrap();
    for (what, missing) in [("annals.row.v1", true), ("annals.checkpoint.v1", true)] {
        let mut dropped = false;
        let rest: String = lines
            .split_inclusive('\n')
            .filter(|line| {
                let drop = missing && !dropped && line.contains(what);
                dropped |= drop;
                !drop
            })
            .collect();
        let error = import(MemorySlots::new(), "", rest.as_bytes()).unwrap_err();
        assert!(error.to_string().contains("came"), "{error}");
    }
    for (from, to) in [
        (r#""viewkey":"ann""#, r#""viewkey":"""#),
        (r#""viewkey":"ann","#, ""),
        (r#""view":"balances@1","#, ""),
        (r#""handler":"mailer","#, ""),
        (r#""reflects":"2"#, r#""reflects":"0"#),
        (r#""generation":0,"#, ""),
    ] {
        let changed = lines.replacen(from, to, 1);
        assert_ne!(changed, lines, "{from}");
        let error = import(MemorySlots::new(), "", changed.as_bytes()).unwrap_err();
        assert!(
            matches!(error, ImportError::Malformed { .. }),
            "{from}: {error}"
        );
    }
}

#[test]
fn exports_from_before_there_were_reactions_are_imported() {
    let source = MemorySlots::new();
    fill(&mut open(&source), "a-1", &[1, 2]);
    let lines = String::from_utf8(export(&source, "", b"")).unwrap();
    let old = lines.replace(r#","rows":0,"checkpoints":0"#, "");
    assert_ne!(old, lines);
    import(MemorySlots::new(), "", old.as_bytes()).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_row_and_any_checkpoint_come_over(
        rows in proptest::collection::btree_map(
            ("\\PC{1,12}", "[\\PC\0\n]{1,40}"),
            (".{0,20}", proptest::collection::vec(any::<u8>(), 0..60), 1u64..),
            1..12,
        ),
        checkpoints in proptest::collection::btree_map(
            "\\PC{1,40}",
            (any::<u64>(), any::<u32>(), proptest::collection::vec(any::<u8>(), 0..300)),
            1..6,
        ),
    ) {
        let source = MemorySlots::new();
        let mut log = open(&source);
        for ((view, key), (content_type, value, position)) in &rows {
            let row = Row {
                key: key.clone(),
                content_type: content_type.clone(),
                value: value.clone(),
                position: *position,
            };
            log.put_row(view, row, 0).unwrap();
        }
        for (handler, (position, generation, state)) in &checkpoints {
            let next = Checkpoint {
                position: *position,
                generation: *generation,
                revision: 0,
                state: state.clone(),
            };
            log.save_checkpoint(handler, next).unwrap();
        }
        let target = MemorySlots::new();
        import(&target, "p", &export(&source, "", b"")).unwrap();
        let mut imported = EventLog::open(&target, &settings("p")).unwrap();
        for (view, key) in rows.keys() {
            prop_assert_eq!(imported.get_row(view, key), log.get_row(view, key));
        }
        for handler in checkpoints.keys() {
            prop_assert_eq!(
                imported.load_checkpoint(handler),
                log.load_checkpoint(handler)
            );
        }
    }
}
