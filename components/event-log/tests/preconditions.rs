//! Appends: preconditions, conflicts, and what they leave behind.
#![allow(clippy::unwrap_used)]

mod common;
use annals_event_log::Precondition::{Any, At, NoStream, StreamExists};
use annals_event_log::*;
use common::*;

/// Every precondition, on a stream that is absent, at version 3, and closed at version 3, with
/// and without a cursor.
#[test]
fn every_precondition_on_every_kind_of_stream() {
    let conflict = |expected, actual| Err(AppendError::Conflict { expected, actual });
    for with_cursor in [false, true] {
        let slots = empty_slots();
        let mut log = open(&slots);
        fill(&mut log, "a-present", &[2, 1]);
        fill(&mut log, "a-closed", &[2]);
        log.append(AppendRequest {
            close: true,
            ..request("a-closed", Any, "c", 9, &["Last"])
        })
        .unwrap();
        let before = slots.dump();
        let mut attempt = |stream: &str, expected| {
            let head = load_all(&mut log, stream, 10).1;
            let cursor = with_cursor.then_some(head.cursor);
            log.append(AppendRequest {
                cursor,
                ..request(stream, expected, "new", 77, &["New"])
            })
            .map(|a| a.version)
        };
        for expected in [StreamExists, At(1), At(9)] {
            assert_eq!(attempt("a-absent", expected), conflict(expected, 0));
        }
        for expected in [NoStream, At(0), At(2), At(4)] {
            assert_eq!(attempt("a-present", expected), conflict(expected, 3));
        }
        for expected in [Any, StreamExists, At(3)] {
            assert_eq!(attempt("a-closed", expected), Err(AppendError::Closed(3)));
        }
        assert_eq!(slots.dump(), before, "a failed append leaves no trace");
        for (n, expected) in [Any, NoStream, At(0)].into_iter().enumerate() {
            assert_eq!(attempt(&format!("a-absent{n}"), expected), Ok(1));
        }
        for (n, expected) in [Any, StreamExists, At(5)].into_iter().enumerate() {
            assert_eq!(attempt("a-present", expected), Ok(4 + n as u64));
        }
    }
}

#[test]
fn a_conflict_names_expected_and_actual_even_far_behind() {
    let slots = empty_slots();
    let mut log = open(&slots);
    fill(&mut log, "a-1", &[1; 100]);
    for fresh in [false, true] {
        let mut other = open(&slots);
        let log = if fresh { &mut other } else { &mut log };
        let stale = AppendRequest {
            cursor: Some(3),
            ..request("a-1", At(3), "x", 1, &["E"])
        };
        assert_eq!(
            log.append(stale),
            Err(AppendError::Conflict {
                expected: At(3),
                actual: 100
            })
        );
    }
}

#[test]
fn an_append_tells_what_was_recorded() {
    let mut log = open(empty_slots());
    let first = log
        .append(request("a-1", NoStream, "x", 1, &["A", "B"]))
        .unwrap();
    let second = log.append(request("a-1", At(2), "y", 2, &["C"])).unwrap();
    assert_eq!((first.version, second.version), (2, 3));
    assert_eq!((first.cursor, second.cursor), (1, 2));
    assert!(first.position < second.position);
    let read = read_all(&mut log, "a-1", 10);
    let told: Vec<_> = first
        .events
        .iter()
        .chain(&second.events)
        .map(|e| (&e.id, &e.event_type, e.version))
        .collect();
    assert_eq!(
        told,
        read.iter()
            .map(|e| (&e.id, &e.event_type, e.version))
            .collect::<Vec<_>>()
    );
    assert_eq!(
        (read[1].position, read[2].position),
        (first.position, second.position)
    );
    assert_eq!(read[2].metadata, metadata("y"));
}

#[test]
fn an_append_without_events_checks_and_writes_nothing() {
    let slots = empty_slots();
    let mut log = open(&slots);
    fill(&mut log, "a-1", &[2]);
    let before = slots.dump();
    let nothing = log.append(request("a-1", At(2), "x", 1, &[])).unwrap();
    assert_eq!(
        nothing,
        Appended {
            version: 2,
            position: 0,
            cursor: 1,
            events: vec![]
        }
    );
    let conflict = log.append(request("a-1", At(1), "x", 1, &[]));
    assert_eq!(
        conflict,
        Err(AppendError::Conflict {
            expected: At(1),
            actual: 2
        })
    );
    let close = log.append(AppendRequest {
        close: true,
        ..request("a-1", Any, "x", 1, &[])
    });
    assert!(matches!(
        close,
        Err(AppendError::Store(StoreError::Invalid(_)))
    ));
    assert_eq!(slots.dump(), before);
}

#[test]
fn any_and_exists_append_behind_others() {
    let slots = empty_slots();
    let (mut ours, mut theirs) = (open(&slots), open(&slots));
    fill(&mut ours, "a-1", &[1]);
    for expected in [Any, StreamExists] {
        let cursor = load_all(&mut ours, "a-1", 10).1.cursor;
        let before = theirs
            .append(request("a-1", Any, "", 5, &["Theirs"]))
            .unwrap()
            .version;
        let appended = ours.append(AppendRequest {
            cursor: Some(cursor),
            ..request("a-1", expected, "", 6, &["E"])
        });
        assert_eq!(appended.unwrap().version, before + 1);
    }
    check(&slots, &["a-1"]);
}

#[test]
fn a_cursor_behind_the_end_is_refused() {
    let slots = empty_slots();
    let mut log = open(&slots);
    fill(&mut log, "a-1", &[1]);
    let before = slots.dump();
    for cursor in [2, u64::MAX] {
        let beyond = log.append(AppendRequest {
            cursor: Some(cursor),
            ..request("a-1", At(1), "x", 1, &["E"])
        });
        assert!(
            matches!(beyond, Err(AppendError::Store(StoreError::Invalid(_)))),
            "{beyond:?}"
        );
    }
    assert_eq!(slots.dump(), before);
}

#[test]
fn time_never_goes_back_within_a_stream() {
    let slots = empty_slots();
    for (n, at) in [NOW, NOW - 5000, NOW + 1].into_iter().enumerate() {
        // A fresh log each time: what it knows must come from the slots.
        let mut log = open(&slots);
        log.append(AppendRequest {
            recorded_at: at,
            ..request("a-1", Any, "", n as u64, &["E"])
        })
        .unwrap();
    }
    let times: Vec<u64> = read_all(&mut open(&slots), "a-1", 10)
        .iter()
        .map(|e| e.recorded_at)
        .collect();
    assert_eq!(times, [NOW, NOW, NOW + 1]);
}

#[test]
fn illegal_input_is_refused_and_writes_nothing() {
    let slots = empty_slots();
    let mut log = open(&slots);
    let long = format!("a-{}", "x".repeat(127));
    for name in [
        "",
        "a",
        "a-",
        "-x",
        "A-x",
        "1a-x",
        "a b-x",
        "a-x\n",
        "a-\u{85}",
        long.as_str(),
    ] {
        let refused = log.append(request(name, Any, "x", 1, &["E"]));
        assert!(
            matches!(refused, Err(AppendError::Store(StoreError::Invalid(_)))),
            "{name:?}"
        );
        assert!(matches!(
            log.load(name, Head::default(), 1),
            Err(StoreError::Invalid(_))
        ));
        assert!(matches!(
            log.claim_command("c", 1, name, 0),
            Err(StoreError::Invalid(_))
        ));
    }
    let many = vec!["E"; MAX_EVENTS + 1];
    let refused = log.append(request("a-1", Any, "x", 1, &many));
    assert!(matches!(
        refused,
        Err(AppendError::Store(StoreError::Invalid(_)))
    ));
    assert!(matches!(
        log.claim_command("", 1, "a-1", 0),
        Err(StoreError::Invalid(_))
    ));
    assert!(slots.dump().is_empty());
    for name in ["a-x", "a_1-y-z", "order-Ünïcode 1/2", "a--"] {
        log.append(request(name, NoStream, "", 1, &["E"])).unwrap();
        assert_eq!(read_all(&mut log, name, 1).len(), 1);
    }
}

/// An append of one event with these tags, by a command with these extension attributes.
fn carrying(tags: Vec<String>, extensions: Vec<(String, String)>) -> Result<(), AppendError> {
    let slots = empty_slots();
    let mut request = request("a-1", Precondition::Any, "c", 1, &["E"]);
    request.events[0].tags = tags;
    request.metadata.extensions.clone_from(&extensions);
    let metadata = request.metadata.clone();
    let appended = open(&slots).append(request).map(drop);
    let outcome = empty_slots();
    let recorded = open(&outcome).record_outcome("a-1", Head::default(), metadata, None, NOW);
    if !extensions.is_empty() {
        assert_eq!(recorded, appended);
    }
    assert_eq!(slots.dump().is_empty(), appended.is_err());
    appended
}

#[test]
fn tags_and_extension_attributes_have_limits() {
    let refused = |result| matches!(result, Err(AppendError::Store(StoreError::Invalid(_))));
    let tags = |count: usize, tag: &str| vec![tag.to_owned(); count];
    assert_eq!(carrying(tags(64, &"t".repeat(256)), vec![]), Ok(()));
    for wrong in [
        tags(65, "t"),
        tags(1, &"t".repeat(257)),
        tags(1, ""),
        tags(1, "a\nb"),
        tags(1, "a\u{85}b"),
    ] {
        assert!(refused(carrying(wrong.clone(), vec![])), "{wrong:?}");
    }
    let named = |count: usize, value: &str| -> Vec<(String, String)> {
        (0..count)
            .map(|n| (format!("{n:064}"), value.to_owned()))
            .collect()
    };
    assert_eq!(carrying(vec![], named(64, &"v".repeat(4096))), Ok(()));
    assert!(refused(carrying(vec![], named(65, ""))));
    assert!(refused(carrying(vec![], named(1, &"v".repeat(4097)))));
    for name in ["", "A", "a_b", "ü", "a b", &"n".repeat(65)] {
        let wrong = vec![(name.to_owned(), String::new())];
        assert!(refused(carrying(vec![], wrong)), "{name:?}");
    }
    let twice = vec![("a".to_owned(), "1".to_owned()); 2];
    assert!(refused(carrying(vec![], twice)));
}
