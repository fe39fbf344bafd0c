//! The table that the component exports: what the framework sees of a decider.

mod common;

use annals::__private::wire::{Failure, Fault, RawCommand, RawEvent};
use annals::__private::{Entry, Session};
use annals::{Context, Precondition};
use common::Counter;

const JSON: &str = "application/json";

fn entry() -> Entry {
    Entry::of::<Counter>()
}

fn command<'a>(command_type: &'a str, payload: &'a str) -> RawCommand<'a> {
    RawCommand {
        command_type,
        content_type: JSON,
        payload: payload.as_bytes(),
    }
}

fn event<'a>(event_type: &'a str, schema_version: u32, payload: &'a str) -> RawEvent<'a> {
    RawEvent {
        version: 5,
        event_type,
        schema_version,
        content_type: JSON,
        payload: payload.as_bytes(),
    }
}

fn stream_id(command: RawCommand<'_>) -> Result<String, Failure> {
    (entry().stream_of)(&(entry().prepare)(command)?)
}

fn context() -> Context {
    Context {
        now: 99,
        seed: 1,
        command_id: "c".into(),
        actor: None,
        extensions: Vec::new(),
    }
}

fn fold(session: &mut dyn Session, events: &[RawEvent<'_>]) -> Result<(), Fault> {
    session.evolve(&mut events.iter().copied())
}

#[track_caller]
fn state_after(events: &[RawEvent<'_>]) -> String {
    let mut session = (entry().open)();
    fold(&mut *session, events).expect("every event can be folded");
    String::from_utf8(session.snapshot().expect("a state")).expect("JSON")
}

#[track_caller]
fn fault_of(event: RawEvent<'_>) -> String {
    fold(&mut *(entry().open)(), &[event])
        .expect_err("a fault")
        .0
}

#[test]
fn it_describes_itself() {
    let is = (entry().describe)();
    assert_eq!(is.name, "counter");
    assert_eq!(is.category, "counter");
    assert_eq!(is.commands.len(), 5);
    assert_eq!(is.commands[0], ("Add", Precondition::Any));
    assert_eq!(is.commands[2], ("Finish", Precondition::StreamExists));
    assert_eq!(is.emits, ["Added", "Finished"]);
    assert_eq!(is.folds, ["Added", "Finished", "Forged"]);
    assert_eq!((is.snapshot_every, is.state_version), (3, 7));
}

#[test]
fn events_of_other_types_are_passed_over_unread() {
    let foreign = RawEvent {
        content_type: "image/png",
        ..event("Painted", 9, "\u{0}")
    };
    assert_eq!(
        state_after(&[
            event("Added", 2, r#"{"by":2}"#),
            foreign,
            event("Added", 2, r#"{"by":3}"#)
        ]),
        "5"
    );
}

#[test]
fn older_schemas_are_folded_and_newer_ones_are_faults() {
    assert_eq!(state_after(&[event("Added", 1, r#"{"by":2}"#)]), "2");
    assert_eq!(
        fault_of(event("Added", 3, r#"{"by":2}"#)),
        "the decider counter cannot fold Added (schema 3) at version 5: the newest schema known here is 2"
    );
}

#[test]
fn a_known_event_that_cannot_be_read_is_a_fault() {
    assert_eq!(
        fault_of(event("Added", 2, r#"{"by":-1}"#)),
        "the decider counter cannot fold Added (schema 2) at version 5: \
         invalid value: integer `-1`, expected u32 at line 1 column 8"
    );
    let foreign = RawEvent {
        content_type: "application/cbor",
        ..event("Added", 2, "")
    };
    assert!(fault_of(foreign).ends_with(r#"cannot read "application/cbor""#));
}

#[test]
fn a_session_is_of_no_use_after_a_fault() {
    let mut session = (entry().open)();
    let fault = fold(&mut *session, &[event("Added", 9, "")]).expect_err("a fault");
    assert_eq!(
        fold(&mut *session, &[event("Added", 2, r#"{"by":1}"#)]),
        Err(fault.clone())
    );
    assert_eq!(
        session.decide(command("Add", r#"{"counter":"a","by":1}"#), &context()),
        Err(Failure::Failed(fault))
    );
    assert_eq!(session.snapshot(), None);
}

#[test]
fn streams_lie_in_the_category() {
    let stream = |payload| stream_id(command("Add", payload));
    assert_eq!(
        stream(r#"{"counter":"a-b","by":1}"#).as_deref(),
        Ok("counter-a-b")
    );
    assert!(matches!(
        stream(r#"{"counter":"","by":1}"#),
        Err(Failure::Malformed(_))
    ));
    assert!(matches!(
        stream(r#"{"counter":"a\u0000","by":1}"#),
        Err(Failure::Malformed(_))
    ));
}

#[test]
fn what_cannot_be_read_is_malformed_and_says_where() {
    let session = (entry().open)();
    let Err(Failure::Malformed(error)) =
        session.decide(command("Add", r#"{"counter":"a","by":"1"}"#), &context())
    else {
        panic!("not malformed")
    };
    assert_eq!(error.at.as_deref(), Some("line 1 column 23, field by"));
    assert_eq!(error.message, r#"invalid type: string "1", expected u32"#);

    let typed = RawCommand {
        content_type: "text/plain",
        ..command("Add", r#"{"counter":"a","by":1}"#)
    };
    let Err(Failure::Malformed(error)) = session.decide(typed, &context()) else {
        panic!("not malformed")
    };
    assert_eq!(
        error.message,
        "Add is sent as application/json, not as text/plain"
    );
}

#[test]
fn commands_of_others_are_faults_and_no_traps() {
    assert_eq!(
        stream_id(command("Remove", "{}")),
        Err(Failure::Failed(Fault(
            "the decider counter has no command Remove".into()
        )))
    );
}

#[test]
fn decisions_carry_type_schema_and_content_type() {
    let decision = (entry().open)().decide(command("Add", r#"{"counter":"a","by":1}"#), &context());
    let decision = decision.expect("accepted");
    assert!(!decision.close);
    let [event] = &decision.events[..] else {
        panic!("one event")
    };
    assert_eq!(
        (
            event.event_type.name,
            event.event_type.version,
            event.content_type
        ),
        ("Added", 2, JSON)
    );
    assert_eq!(event.payload, br#"{"by":1,"at":99}"#);
}

#[test]
fn impossible_decisions_are_faults() {
    for (what, why) in [
        ("Vanish", "cannot close"),
        ("Cheat", "Forged is not among its EMITS"),
    ] {
        match (entry().open)().decide(command(what, r#"{"counter":"a"}"#), &context()) {
            Err(Failure::Failed(fault)) => assert!(fault.0.contains(why), "{}", fault.0),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn snapshots_restore_the_state_and_nonsense_is_a_fault() {
    let session = (entry().restore)(b"8").expect("a state");
    let answer = session.decide(command("Add", r#"{"counter":"a","by":3}"#), &context());
    assert!(
        matches!(answer, Err(Failure::Rejected(no)) if no.details.as_deref() == Some(r#"{"value":8,"by":3}"#))
    );
    let fault = (entry().restore)(b"{}").err().expect("a fault");
    assert!(
        fault
            .0
            .starts_with("snapshot of the decider counter: invalid type"),
        "{}",
        fault.0
    );
}
