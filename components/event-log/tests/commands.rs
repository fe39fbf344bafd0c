//! Command ids take effect once.
#![allow(clippy::unwrap_used)]

mod common;
use annals_event_log::Precondition::{Any, At};
use annals_event_log::*;
use common::*;

#[test]
fn a_claim_is_fresh_then_pending_then_done() {
    let mut log = open(empty_slots());
    fill(&mut log, "a-1", &[1, 1]);
    assert_eq!(log.claim_command("c", 7, "a-1", 2), Ok(Claim::Fresh));
    assert_eq!(log.claim_command("c", 7, "a-1", 9), Ok(Claim::Pending));
    assert_eq!(log.claim_command("c", 8, "a-1", 2), Ok(Claim::Mismatch));
    assert_eq!(log.claim_command("c", 7, "a-2", 2), Ok(Claim::Mismatch));
    let appended = log
        .append(request("a-1", At(2), "c", 1, &["A", "B"]))
        .unwrap();
    fill(&mut log, "a-1", &[1]);
    // From the first claim's cursor on, whatever the caller gives.
    assert_eq!(
        log.claim_command("c", 7, "a-1", 99),
        Ok(Claim::Done(Outcome::Accepted(appended.clone())))
    );
    assert_eq!(
        log.find_outcome("c", "a-1", 2),
        Ok(Some(Outcome::Accepted(appended)))
    );
    assert_eq!(log.find_outcome("c", "a-1", 3), Ok(None));
    assert_eq!(log.find_outcome("d", "a-1", 0), Ok(None));
}

#[test]
fn an_append_claims_its_command_or_writes_nothing() {
    let slots = empty_slots();
    let mut log = open(&slots);
    let claiming = |command| AppendRequest {
        cursor: Some(0),
        claim: Some(7),
        ..request("a-1", Any, command, 1, &["A"])
    };
    let told = Outcome::Accepted(log.append(claiming("c")).unwrap());
    let claim = log.claim_command("c", 7, "a-1", 9);
    assert_eq!(claim, Ok(Claim::Done(told)));
    assert_eq!(log.claim_command("c", 8, "a-1", 9), Ok(Claim::Mismatch));
    assert_eq!(log.claim_command("d", 7, "a-1", 1), Ok(Claim::Fresh));
    assert_eq!(log.append(claiming("d")), Err(AppendError::Claimed));
    assert_eq!(log.claim_command("d", 7, "a-1", 1), Ok(Claim::Pending));
    assert_eq!(check(&slots, &["a-1"]).len(), 1);
}

#[test]
fn outcomes_without_events_are_kept_and_change_no_version() {
    let slots = empty_slots();
    let mut log = open(&slots);
    fill(&mut log, "a-1", &[2]);
    let head = load_all(&mut log, "a-1", 9).1;
    let no = Rejection {
        code: "no".into(),
        message: "No.".into(),
        details: Some("{}".into()),
    };
    log.record_outcome("a-1", head, metadata("r"), Some(no.clone()), NOW)
        .unwrap();
    // The caller has not seen the outcome of the other command; its decision still stands.
    log.record_outcome("a-1", head, metadata("e"), None, NOW)
        .unwrap();
    assert_eq!(
        log.find_outcome("r", "a-1", 0),
        Ok(Some(Outcome::Rejected(no)))
    );
    let empty = Appended {
        version: 2,
        position: 0,
        cursor: 3,
        events: vec![],
    };
    assert_eq!(
        log.find_outcome("e", "a-1", 0),
        Ok(Some(Outcome::Accepted(empty)))
    );
    assert_eq!(
        load_all(&mut log, "a-1", 9).1,
        Head {
            cursor: 3,
            version: 2,
            closed: false
        }
    );
    // An append at the version goes on behind them.
    let at = AppendRequest {
        cursor: Some(head.cursor),
        ..request("a-1", At(2), "x", 1, &["E"])
    };
    assert_eq!(log.append(at).unwrap().version, 3);
    let late = log.record_outcome("a-1", head, metadata("late"), None, NOW);
    assert_eq!(
        late,
        Err(AppendError::Conflict {
            expected: At(2),
            actual: 3
        })
    );
    check(&slots, &["a-1"]);
}

#[test]
fn the_same_command_twice_is_a_conflict_under_any_precondition() {
    let slots = empty_slots();
    let mut log = open(&slots);
    fill(&mut log, "a-1", &[1]);
    log.record_outcome(
        "a-1",
        Head {
            cursor: 1,
            version: 1,
            closed: false,
        },
        metadata("r"),
        None,
        NOW,
    )
    .unwrap();
    log.append(request("a-1", Any, "c", 1, &["E"])).unwrap();
    fill(&mut log, "a-1", &[1]);
    for command in ["r", "c"] {
        for expected in [Any, Precondition::StreamExists, At(1)] {
            let again = AppendRequest {
                cursor: Some(1),
                ..request("a-1", expected, command, 2, &["E"])
            };
            assert_eq!(
                log.append(again),
                Err(AppendError::Conflict {
                    expected,
                    actual: 3
                })
            );
        }
    }
    let head = Head {
        cursor: 1,
        version: 1,
        closed: false,
    };
    assert!(matches!(
        log.record_outcome("a-1", head, metadata("r"), None, NOW),
        Err(AppendError::Conflict { .. })
    ));
}

#[test]
fn a_rejection_is_kept_even_in_a_closed_stream() {
    let mut log = open(empty_slots());
    log.append(AppendRequest {
        close: true,
        ..request("a-1", Any, "c", 1, &["Last"])
    })
    .unwrap();
    let head = load_all(&mut log, "a-1", 9).1;
    log.record_outcome("a-1", head, metadata("r"), None, NOW)
        .unwrap();
    assert_eq!(
        load_all(&mut log, "a-1", 9).1,
        Head {
            cursor: 2,
            version: 1,
            closed: true
        }
    );
    assert_eq!(
        log.append(request("a-1", Any, "d", 2, &["E"])),
        Err(AppendError::Closed(1))
    );
}

#[test]
fn command_ids_of_any_shape_are_told_apart() {
    let mut log = open(empty_slots());
    let long = "x".repeat(1000);
    let longer = "x".repeat(1001);
    for id in [
        "a",
        "A",
        "a.b",
        "a=2Eb",
        "ü",
        " ",
        "a/b",
        long.as_str(),
        longer.as_str(),
    ] {
        assert_eq!(log.claim_command(id, 1, "a-1", 0), Ok(Claim::Fresh), "{id}");
    }
}
