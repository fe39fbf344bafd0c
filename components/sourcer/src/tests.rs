//! Preconditions that do not hold, as errors and as outcomes; cached sessions; the cadence of snapshots.
#![allow(clippy::unwrap_used)]

use crate::Sourcer;
use crate::annals::es::event_store::{Snapshot, StoreError};
use crate::annals::es::types::Precondition;
use crate::exports::annals::es::sourcer::{Accepted, Guest as _, Refused, Request, SubmitError};
use crate::fakes::{event_store, with};
use crate::fingerprint;
use crate::routes::Origin;

/// Submits a command from outside.
fn submit(request: Request) -> Result<Accepted, SubmitError> {
    crate::submit::submit(request, Origin::Outside)
}

/// Submits a command of a process manager. The failure of its precondition is recorded.
fn settle(request: Request) -> Result<Accepted, SubmitError> {
    let record_precondition_failure = true;
    let origin = Origin::Process {
        record_precondition_failure,
    };
    crate::submit::submit(request, origin)
}

fn request(command_type: &str, id: Option<&str>, expected: Option<Precondition>) -> Request {
    Request {
        command_type: command_type.into(),
        content_type: String::new(),
        payload: b"1".to_vec(),
        command_id: id.map(str::to_owned),
        expected,
        correlation_id: None,
        causation_id: None,
        actor: None,
        traceparent: None,
        extensions: Vec::new(),
    }
}

fn refused(result: Result<Accepted, SubmitError>) -> Refused {
    match result {
        Err(SubmitError::Rejected(refused)) => refused,
        other => panic!("{other:?}"),
    }
}

fn push(count: u64) {
    with(|world| (0..count).for_each(|_| world.push("a-1", "other")));
}

/// Clears the state of the instance.
fn forget() {
    crate::sessions::take(0, "a-1");
}

/// Number of slots of the stream, and its version.
fn length() -> (usize, u64) {
    with(|world| (world.slots("a-1").len(), world.version("a-1")))
}

#[test]
fn a_precondition_that_does_not_hold_stays_the_answer() {
    for (command, expected, before, words) in [
        ("Open", None, 2, r#""no-stream""#),
        ("Add", Some(Precondition::NoStream), 1, r#""no-stream""#),
        (
            "Add",
            Some(Precondition::StreamExists),
            0,
            r#""stream-exists""#,
        ),
        ("Add", Some(Precondition::At(3)), 1, "3"),
    ] {
        with(|world| *world = Default::default());
        forget();
        push(before);
        let first = refused(settle(request(command, Some("c"), expected)));
        assert_eq!(first.reason.code, "precondition-failed");
        let details = first.reason.details.as_deref();
        let told = format!(r#"{{"expected":{words},"actual":{before}}}"#);
        assert_eq!(details, Some(&*told));
        assert!(!first.duplicate);
        assert_eq!(length(), (before as usize + 1, before), "recorded");
        // The precondition may hold by now. The recorded answer stays the same.
        for _ in 0..4 {
            push(1);
            let again = refused(settle(request(command, Some("c"), expected)));
            assert!(again.duplicate);
            assert_eq!(again.reason.details.as_deref(), Some(&*told));
        }
        assert_eq!(length(), (before as usize + 5, before + 4));
    }
}

#[test]
fn without_the_wish_it_is_an_error_and_may_be_tried_again() {
    let expected = Some(Precondition::At(2));
    let ask = |id, record| match record {
        true => settle(request("Add", id, expected)),
        false => submit(request("Add", id, expected)),
    };
    // Without an id that the caller chose, nothing is recorded.
    for (id, record) in [(Some("c"), false), (None, true)] {
        let Err(SubmitError::PreconditionFailed(unmet)) = ask(id, record) else {
            panic!("it does not hold");
        };
        assert_eq!(unmet.actual, 0);
        assert_eq!(length(), (0, 0), "nothing is recorded");
    }
    push(2);
    assert!(!ask(Some("c"), false).unwrap().duplicate);
    assert_eq!(length(), (3, 3));
}

#[test]
fn it_competes_for_the_place_where_it_did_not_hold() {
    // Another writer makes the precondition true before its failure is recorded.
    push(1);
    with(|world| {
        world
            .before_writes
            .push(Box::new(|world| world.push("a-1", "other")));
    });
    let expected = Some(Precondition::At(2));
    let accepted = settle(request("Add", Some("c"), expected)).unwrap();
    assert_eq!((accepted.attempts, accepted.duplicate), (2, false));
    assert_eq!(length(), (3, 3), "and nothing else was recorded");
    let again = settle(request("Add", Some("c"), expected)).unwrap();
    assert!(again.duplicate);
}

#[test]
fn of_two_attempts_at_once_both_are_told_what_was_recorded_first() {
    let expected = Some(Precondition::At(2));
    with(|world| {
        // Another attempt under the same id, which had read two events, has appended first.
        world.before_writes.push(Box::new(|world| {
            for id in ["other", "other", "c"] {
                world.push("a-1", id);
            }
        }));
    });
    let accepted = settle(request("Add", Some("c"), expected)).unwrap();
    assert!(accepted.duplicate);
    assert_eq!(length(), (3, 3));
}

#[test]
fn a_closed_stream_takes_the_outcome_too() {
    submit(request("Close", Some("end"), None)).unwrap();
    let first = refused(settle(request("Open", Some("c"), None)));
    assert_eq!(first.reason.code, "precondition-failed");
    assert!(refused(settle(request("Open", Some("c"), None))).duplicate);
    assert_eq!(length(), (2, 1));
}

/// The numbers of events that the decisions since the last call were based on.
fn decided_on() -> Vec<u64> {
    with(|world| std::mem::take(&mut world.decided_on))
}

#[test]
fn a_kept_session_is_where_the_stream_is_whatever_others_append() {
    let add = || submit(request("Add", None, None)).unwrap();
    let loads = || with(|world| std::mem::take(&mut world.loads));
    add();
    assert_eq!((loads(), decided_on()), (1, vec![0]));
    for others in [0, 0, 1, 0, 3, 0, 0] {
        push(others);
        let (_, version) = length();
        assert_eq!(add().appended.version, version + 1);
        let (loads, decided) = (loads(), decided_on());
        match others {
            // The cached state is tried first, and the append detects that it is old.
            1.. => assert_eq!((loads, decided), (1, vec![version - others, version])),
            // Others have appended before the last command, so this one reads first.
            0 if [5, 10].contains(&version) => assert_eq!((loads, decided), (1, vec![version])),
            0 => assert_eq!((loads, decided), (0, vec![version])),
        }
    }
    // The same holds if another writer appends between the read and the write.
    let (_, version) = length();
    with(|world| {
        world
            .before_writes
            .push(Box::new(|world| world.push("a-1", "other")));
    });
    assert_eq!(add().attempts, 2);
    assert_eq!(decided_on(), [version, version + 1]);
    add();
    assert_eq!(decided_on(), [version + 2]);
}

#[test]
fn an_answer_that_appends_nothing_is_given_at_the_streams_end() {
    let add = |expected| submit(request("Add", None, expected));
    let at = |version| Some(Precondition::At(version));
    for (expected, holds) in [(at(3), true), (at(2), false), (at(4), false)] {
        with(|world| world.streams.clear());
        forget();
        add(None).unwrap();
        add(None).unwrap();
        // The cached session is at version 2.
        push(1);
        match add(expected) {
            Ok(accepted) => assert!(holds && accepted.appended.version == 4),
            Err(SubmitError::PreconditionFailed(unmet)) => {
                assert!(!holds && unmet.actual == 3, "{unmet:?}");
            }
            other => panic!("{other:?}"),
        }
    }
    // A rejection is decided on all events, and recorded behind them.
    count(2);
    with(|world| world.push("c-1", "other"));
    decided_on();
    refused(submit(request("Count.Refuse", Some("c"), None)));
    assert_eq!(decided_on(), [2, 3]);
    with(|world| assert_eq!(world.slots("c-1").len(), 4));
}

#[test]
fn a_session_that_failed_is_not_used_again() {
    let submit = |command| submit(request(command, None, None));
    submit("Add").unwrap();
    submit("Add").unwrap();
    // The session folds the event after the append: the command has taken effect, and the session is invalid.
    submit("Break").unwrap();
    assert_eq!(length(), (3, 3));
    for _ in 0..2 {
        let Err(SubmitError::Fault(fault)) = submit("Add") else {
            panic!("the stream cannot be folded");
        };
        assert_eq!(fault.message, "broken");
    }
    with(|world| world.slots("a-1").truncate(2));
    decided_on();
    submit("Add").unwrap();
    assert_eq!(decided_on(), [2], "from the first event");
}

#[test]
fn a_new_stream_is_not_read_but_what_it_leads_to_is_proved() {
    let loads = || with(|world| std::mem::take(&mut world.loads));
    let open = |id| submit(request("Open", id, None));
    assert_eq!(open(None).unwrap().attempts, 1);
    assert_eq!((loads(), length()), (0, (1, 1)));
    // The stream exists already, which the append detects.
    let Err(SubmitError::PreconditionFailed(unmet)) = open(None) else {
        panic!("the stream exists");
    };
    assert_eq!((unmet.actual, loads()), (1, 1));
    // A rejection does not prove that the stream is empty, so the sourcer reads it and comes to another
    // answer.
    for id in [None, Some("c")] {
        forget();
        let refused = settle(request("Refuse", id, None));
        match (id, refused) {
            (None, Err(SubmitError::PreconditionFailed(unmet))) => assert_eq!(unmet.actual, 1),
            (Some(_), Err(SubmitError::Rejected(refused))) => {
                assert_eq!(refused.reason.code, "precondition-failed");
            }
            (_, other) => panic!("{other:?}"),
        }
        assert_eq!(loads(), 1);
    }
    with(|world| world.streams.clear());
    forget();
    let refused = refused(submit(request("Refuse", None, None)));
    assert_eq!(refused.reason.code, "no");
    forget();
    // Contradictory preconditions are compared with the stream.
    push(2);
    let at = Some(Precondition::At(3));
    let Err(SubmitError::PreconditionFailed(unmet)) = submit(request("Open", None, at)) else {
        panic!("neither holds");
    };
    assert_eq!(unmet.actual, 2);
}

#[test]
fn a_key_is_claimed_with_the_append_where_nothing_is_read() {
    let steps = || {
        with(|world| {
            (
                std::mem::take(&mut world.loads),
                std::mem::take(&mut world.claim_calls),
            )
        })
    };
    let ask = |command: &str, id| submit(request(command, Some(id), None));
    assert!(!ask("Open", "k1").unwrap().duplicate);
    assert_eq!((steps(), length()), ((0, 0), (1, 1)), "a new stream");
    assert!(!ask("Add", "k2").unwrap().duplicate);
    assert_eq!(steps(), (0, 0), "a kept session");
    // The same id again: the append is refused, and the sourcer looks for the first outcome.
    for id in ["k1", "k2"] {
        let command = if id == "k1" { "Open" } else { "Add" };
        for warm in [true, false] {
            if !warm {
                forget();
            }
            assert!(ask(command, id).unwrap().duplicate, "{id}");
            assert_eq!(steps(), (1, 1), "{id}");
        }
    }
    assert_eq!(length(), (2, 2));
    for id in ["k1", "k2"] {
        let other = ask("Close", id);
        assert!(matches!(other, Err(SubmitError::IdReused(_))), "{other:?}");
    }
    // Somebody else appends first. The id is not claimed then, and is claimed in a step of its own.
    ask("Add", "k3").unwrap();
    steps();
    push(1);
    let accepted = ask("Add", "k4").unwrap();
    assert_eq!((accepted.attempts, steps()), (2, (1, 1)));
    assert!(ask("Add", "k4").unwrap().duplicate);
    assert_eq!(length(), (5, 5));
}

#[test]
fn a_repeated_command_whose_decision_is_not_allowed_gets_its_first_outcome() {
    let ask = |command: &str, id| submit(request(command, id, None));
    ask("Add", None).unwrap();
    ask("Add", Some("k")).unwrap();
    with(|world| world.decides_amiss = true);
    assert!(ask("Add", Some("k")).unwrap().duplicate);
    let fault = ask("Add", None);
    assert!(matches!(fault, Err(SubmitError::Fault(_))), "{fault:?}");
    let fault = ask("Add", Some("other"));
    assert!(matches!(fault, Err(SubmitError::Fault(_))), "{fault:?}");
    assert_eq!(length(), (2, 2));
}

/// Cursor and version of the counter's snapshot. Checks that its state is the number of folded events.
fn snapshot() -> Option<(u64, u64)> {
    with(|world| {
        let snapshot = world.snapshots.get("c-1")?;
        assert_eq!(snapshot.state, snapshot.head.version.to_le_bytes());
        Some((snapshot.head.cursor, snapshot.head.version))
    })
}

fn count(times: u64) {
    for _ in 0..times {
        submit(request("Count", None, None)).unwrap();
    }
}

/// Ends the instance, which loses its cached session and its due snapshot.
fn die() {
    crate::sessions::take(1, "c-1");
    crate::snapshots::take_due();
}

#[test]
fn a_snapshot_is_taken_after_the_answer() {
    let mut before = None;
    for version in [10, 20, 30] {
        count(9);
        crate::snapshots::take_due();
        assert_eq!(snapshot(), before);
        count(1);
        assert_eq!(snapshot(), before);
        crate::snapshots::take_due();
        before = Some((version, version));
        assert_eq!(snapshot(), before, "with its own event");
    }
    // The next command uses the snapshot, and the session that it was taken from is still at the stream's
    // head.
    decided_on();
    count(1);
    die();
    count(1);
    assert_eq!(decided_on(), [30, 31]);
}

#[test]
fn a_snapshot_that_nobody_asked_for_is_taken_by_the_next_command() {
    count(10);
    assert_eq!(snapshot(), None);
    submit(request("Add", None, None)).unwrap();
    assert_eq!(snapshot(), Some((10, 10)));
}

#[test]
fn a_snapshot_that_an_instance_owed_is_due_again() {
    count(10);
    die();
    assert_eq!(snapshot(), None);
    count(1);
    crate::snapshots::take_due();
    assert_eq!(snapshot(), Some((11, 11)));
    count(8);
    crate::snapshots::take_due();
    assert_eq!(snapshot(), Some((11, 11)), "not before the next ten");
}

/// The shown state of the counter, and the state that the next decision is based on.
fn shown_and_decided_on(at: Option<u64>) -> (u64, u64) {
    let state = Sourcer::state_of("c-1".into(), "counter".into(), at).unwrap();
    let shown = u64::from_le_bytes(state.value.try_into().unwrap());
    die();
    decided_on();
    refused(submit(request("Count.Refuse", None, None)));
    let decided_on = decided_on();
    (shown, decided_on[0])
}

#[test]
fn a_state_is_shown_as_it_is_decided_on_whatever_a_snapshot_holds() {
    count(10);
    crate::snapshots::take_due();
    let change = |act: fn(&mut Snapshot)| {
        with(|world| world.snapshots.get_mut("c-1").map(act)).expect("the snapshot");
        die();
    };
    // The snapshot comes from an earlier fold.
    change(|snapshot| snapshot.state = 99_u64.to_le_bytes().into());
    assert_eq!(shown_and_decided_on(None), (99, 99));
    assert_eq!(shown_and_decided_on(Some(10)), (99, 99));
    assert_eq!(shown_and_decided_on(Some(9)).0, 9, "before the snapshot");
    // The state version has changed, so the snapshot is not used.
    change(|snapshot| snapshot.state_version = 1 << 31);
    assert_eq!(shown_and_decided_on(None), (10, 10));
}

#[test]
fn recorded_refusals_count_and_nobody_comes_after_them() {
    for number in 0..12 {
        let id = format!("c{number}");
        refused(submit(request("Count.Refuse", Some(&id), None)));
        // The session has read all slots but the one that it has just written.
        assert_eq!(snapshot(), (number >= 10).then_some((10, 0)));
    }
}

#[test]
fn no_snapshot_is_taken_of_what_could_not_be_folded() {
    count(9);
    submit(request("Count.Break", None, None)).unwrap();
    crate::snapshots::take_due();
    assert_eq!(snapshot(), None);
}

/// An id as the dispatcher derives it from an event's id.
const OF_PROCESS: &str = "0123456789abcdef0123456789abcdef-0:reservation:0";

#[test]
fn no_client_can_take_the_id_of_a_process_managers_command() {
    with(|world| *world = Default::default());
    forget();
    let event = OF_PROCESS.split_once(':').unwrap().0;
    for id in [OF_PROCESS, &format!("{event}:x"), &format!("{event}:")] {
        match submit(request("Add", Some(id), None)) {
            Err(SubmitError::Store(StoreError::Invalid(why))) => {
                assert!(why.contains("process managers"), "{why}");
            }
            other => panic!("{id}: {other:?}"),
        }
    }
    assert_eq!(length(), (0, 0));
    let own = settle(request("Add", Some(OF_PROCESS), None));
    assert!(!own.unwrap().duplicate);
    // The same command sent again takes effect once.
    let again = settle(request("Add", Some(OF_PROCESS), None));
    assert!(again.unwrap().duplicate);
}

#[test]
fn ids_that_only_look_like_those_of_process_managers_are_taken() {
    with(|world| *world = Default::default());
    forget();
    for id in [
        "0123456789abcdef0123456789abcdef",
        "0123456789abcdef0123456789abcdef-0",
        "0123456789abcdef0123456789abcdef-:x",
        "0123456789abcdef0123456789abcdef:x",
        "0123456789ABCDEF0123456789ABCDEF-0:x",
        "order-17:reservation:0",
        "x0123456789abcdef0123456789abcdef-0:reservation:0",
        "\u{e9}0123456789abcdef0123456789abcde-0:reservation:0",
    ] {
        assert!(submit(request("Add", Some(id), None)).is_ok(), "{id}");
    }
}

#[test]
fn an_internal_command_is_unknown_outside_and_taken_from_process_managers() {
    with(|world| *world = Default::default());
    forget();
    for wanted in ["Settle", "Settl"] {
        match submit(request(wanted, Some("c"), None)) {
            Err(SubmitError::UnknownCommand(near)) => assert_eq!(near, [""; 0]),
            other => panic!("{wanted}: {other:?}"),
        }
    }
    assert_eq!(length(), (0, 0));
    let of_process = request("Settle", Some(OF_PROCESS), None);
    assert!(settle(of_process).is_ok());
    assert_eq!(length(), (1, 1));
}

#[test]
fn the_same_json_in_another_layout_is_the_same_command() {
    let send = |id: &str, content_type: &str, payload: &str| {
        submit(Request {
            content_type: content_type.into(),
            payload: payload.into(),
            ..request("Add", Some(id), None)
        })
    };
    assert!(!send("j", "application/json", "1").unwrap().duplicate);
    for layout in [" 1\n", "1.0", "10e-1"] {
        // The fakes use the payload's bytes as the stream's id.
        let again = send("j", "application/json", layout);
        match layout.trim() {
            "1" => assert!(again.unwrap().duplicate, "{layout}"),
            _ => assert!(matches!(again, Err(SubmitError::IdReused(_))), "{layout}"),
        }
    }
    assert!(!send("t", "text/plain", "1").unwrap().duplicate);
    let other = send("t", "text/plain", "1 ");
    assert!(matches!(other, Err(SubmitError::IdReused(_))));
}

#[test]
fn a_claim_of_an_earlier_version_is_still_that_of_its_command() {
    let json = || Request {
        content_type: "application/json".into(),
        ..request("Add", Some("old"), None)
    };
    let command = |payload: &[u8]| crate::annals::es::types::Command {
        id: "old".into(),
        command_type: "Add".into(),
        content_type: "application/json".into(),
        payload: payload.into(),
    };
    let of_bytes = fingerprint::of_bytes(&command(b"1"));
    assert_ne!(of_bytes, fingerprint::of(&command(b"1")));
    event_store::claim_command("old", of_bytes, "a-1", 0).unwrap();
    assert!(!submit(json()).unwrap().duplicate, "it goes on");
    assert!(submit(json()).unwrap().duplicate);
    assert_eq!(length(), (1, 1));
    let other = submit(Request {
        payload: b" 1".to_vec(),
        ..json()
    });
    assert!(matches!(other, Err(SubmitError::IdReused(_))));
}

#[test]
fn a_key_stays_with_its_command_after_an_unmet_precondition() {
    let ask = |command: &str, expected| {
        submit(request(
            command,
            Some("k"),
            Some(Precondition::At(expected)),
        ))
    };
    let unmet = ask("Add", 5);
    assert!(matches!(unmet, Err(SubmitError::PreconditionFailed(_))));
    assert_eq!(length(), (0, 0), "nothing was decided");
    let other = ask("Close", 0);
    assert!(matches!(other, Err(SubmitError::IdReused(_))));
    assert!(!ask("Add", 0).unwrap().duplicate);
}
