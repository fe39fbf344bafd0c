//! Process managers: which processes are told, what they answer, what the component exports, and
//! tests that must fail.

use std::cell::Cell;

use annals::__private::ProcessManagerEntry;
use annals::__private::wire::{Input, OutgoingCommand, RawRefusal, Recorded};
use annals::test::{On, on, process};
use annals::{
    Command, Event, EventMetadata, Interest, ProcessContext, ProcessManager, Reaction, Refusal,
    Rejection, StartFrom,
};

/// Each event does what its name says, to the process that it names.
#[derive(Event)]
enum Told {
    Start {
        id: String,
    },
    StartStrict {
        id: String,
    },
    Proceed {
        id: String,
    },
    ProceedStrict {
        id: String,
    },
    Stop {
        id: String,
    },
    /// The process says by itself that it is over.
    End {
        id: String,
    },
    Both {
        id: String,
        and: String,
    },
    /// Answers differently each time.
    Dice {
        id: String,
    },
}

#[derive(Command)]
enum Ask {
    Log { process: String, count: u32 },
    Finish { process: String },
}

#[derive(Rejection)]
enum No {
    #[annals(message = "{left} sheets are left")]
    NoPaper { left: u32 },
}

/// Counts what it is told of, and asks for each count to be logged.
struct Counter;

thread_local! {
    static CALLS: Cell<u32> = const { Cell::new(0) };
}

impl ProcessManager for Counter {
    type State = u32;
    type Event = Told;
    type Command = Ask;
    const NAME: &'static str = "counting";
    const FROM: StartFrom = StartFrom::Origin;
    const VERSION: u32 = 2;

    fn interest(event: &Told, _: &EventMetadata) -> Vec<Interest> {
        match event {
            Told::Start { id } | Told::Dice { id } => vec![Interest::start(id)],
            Told::StartStrict { id } => vec![Interest::start_strict(id)],
            Told::Proceed { id } | Told::End { id } => vec![Interest::proceed(id)],
            Told::ProceedStrict { id } => vec![Interest::proceed_strict(id)],
            Told::Stop { id } => vec![Interest::stop(id)],
            Told::Both { id, and } => vec![Interest::start(id), Interest::proceed_strict(and)],
        }
    }

    fn react(
        state: Option<u32>,
        event: &Told,
        about: &EventMetadata,
        process: &ProcessContext,
    ) -> Reaction<u32, Ask> {
        let count = match event {
            Told::Dice { .. } => CALLS.replace(CALLS.get() + 1),
            _ => state.unwrap_or(0) + 1,
        };
        let process = process.id.clone();
        match event {
            Told::End { .. } => Reaction::stopped().send(Ask::Finish { process }),
            _ => Reaction::running(count)
                .send_all([Ask::Log { process, count }])
                .note(format!("{count} at {}", about.position)),
        }
    }
}

annals::export! { process_managers: [Counter] }

/// The same, but it makes up for what is refused.
struct Careful;

impl ProcessManager for Careful {
    type State = u32;
    type Event = Told;
    type Command = Ask;
    const NAME: &'static str = "careful";
    const FROM: StartFrom = StartFrom::Now;

    fn interest(event: &Told, about: &EventMetadata) -> Vec<Interest> {
        Counter::interest(event, about)
    }

    fn react(
        state: Option<u32>,
        event: &Told,
        about: &EventMetadata,
        process: &ProcessContext,
    ) -> Reaction<u32, Ask> {
        Counter::react(state, event, about, process)
    }

    fn refused(state: u32, refusal: Refusal<Ask>, process: &ProcessContext) -> Reaction<u32, Ask> {
        let Refusal {
            command,
            code,
            message,
            details,
            cause,
            ..
        } = refusal;
        let Ask::Log { count, .. } = command else {
            return Reaction::stopped();
        };
        Reaction::running(state + 100)
            .note(format!(
                "{count} of {state}: {code}, {message}, {details:?}"
            ))
            .note(format!(
                "{} at {} by {:?}",
                cause.event_id, process.now, process.actor
            ))
            .send(Ask::Finish {
                process: process.id.clone(),
            })
    }
}

fn told(event: impl FnOnce(String) -> Told) -> On<Told> {
    on("x-1", event("p".into()))
}

fn start(id: String) -> Told {
    Told::Start { id }
}

fn proceed(id: String) -> Told {
    Told::Proceed { id }
}

fn both(id: String) -> Told {
    let and = "q".into();
    Told::Both { id, and }
}

fn log(count: u32) -> Ask {
    let process = "p".into();
    Ask::Log { process, count }
}

fn finish() -> Ask {
    let process = "p".into();
    Ask::Finish { process }
}

#[test]
fn start_starts_and_goes_on() {
    process::<Counter>([])
        .when(told(start))
        .then_commands([log(1)])
        .then_notes(["1 at 1"])
        .then_state("p", 1)
        .when(told(start))
        .then_commands([log(2)])
        .then_state("p", 2);
}

#[test]
fn start_strict_refuses_a_process_that_runs() {
    let strict = |id| Told::StartStrict { id };
    let started = process::<Counter>([]).when(told(strict));
    started.then_running("p").then_commands([log(1)]);
    let again = started.when(told(strict));
    again.then_failed("the process \"p\" runs already");
    // A failure changes nothing.
    again.when(told(proceed)).then_state("p", 2);
}

#[test]
fn proceed_goes_on_with_what_runs() {
    process::<Counter>([]).when(told(proceed)).then_ignored();
    process::<Counter>([told(start)])
        .when(told(proceed))
        .then_commands([log(2)]);
}

#[test]
fn proceed_strict_refuses_a_process_that_does_not_run() {
    let strict = |id| Told::ProceedStrict { id };
    process::<Counter>([])
        .when(told(strict))
        .then_failed("the process \"p\" does not run");
    process::<Counter>([told(start)])
        .when(told(strict))
        .then_commands([log(2)]);
}

#[test]
fn stop_lets_it_see_the_event_and_ends_it() {
    let stop = |id| Told::Stop { id };
    process::<Counter>([]).when(told(stop)).then_ignored();
    process::<Counter>([told(start)])
        .when(told(stop))
        .then_commands([log(2)])
        .then_stopped("p")
        .when(told(proceed))
        .then_ignored();
}

#[test]
fn a_process_may_end_itself_and_start_anew() {
    let ended = process::<Counter>([told(start), told(start)]).when(told(|id| Told::End { id }));
    ended.then_commands([finish()]).then_stopped("p");
    ended.when(told(start)).then_state("p", 1);
}

#[test]
fn an_event_may_concern_several_processes_all_or_none() {
    let q = || on("x-2", start("q".into()));
    process::<Counter>([q()])
        .when(told(both))
        .then_commands([
            log(1),
            Ask::Log {
                process: "q".into(),
                count: 2,
            },
        ])
        .then_state("p", 1)
        .then_state("q", 2);
    process::<Counter>([])
        .when(told(both))
        .then_failed("\"q\" does not run")
        .when(told(proceed))
        .then_ignored();
}

#[test]
fn a_refusal_is_noted_if_nothing_else_is_said() {
    process::<Counter>([told(start)])
        .when_refused(log(1), "no-paper")
        .then_no_commands()
        .then_notes(["Log was refused: no-paper (no paper)"])
        .then_state("p", 1);
}

#[test]
fn a_refusal_comes_to_the_process_that_sent_the_command() {
    process::<Careful>([
        told(start).at(7).by("Ada").id("e"),
        on("x-2", start("q".into())),
        told(proceed),
    ])
    .when_refused(log(1), No::NoPaper { left: 0 })
    .then_commands([finish()])
    .then_notes([
        "1 of 2: no-paper, 0 sheets are left, Some(\"{\\\"left\\\":0}\")",
        "e at 7 by Some(\"Ada\")",
    ])
    .then_state("p", 102)
    .then_state("q", 1)
    .when_refused(finish(), "no-paper")
    .then_stopped("p");
}

#[test]
#[should_panic(expected = "no process has sent Log {\"process\":\"p\",\"count\":2}")]
fn what_was_not_sent_is_not_refused() {
    process::<Counter>([told(start)]).when_refused(log(2), "no-paper");
}

#[test]
#[should_panic(expected = "the process \"p\" has stopped, and will not be told")]
fn who_has_stopped_is_not_told() {
    process::<Counter>([told(start), told(|id| Told::End { id })]).when_refused(finish(), "no");
}

#[test]
#[should_panic(
    expected = "expected: commands\n          Log {\"process\":\"p\",\"count\":2}\n     got: told [\"p\"]\n          Log {\"process\":\"p\",\"count\":1}\n          note: 1 at 1\n          \"p\" runs: 1"
)]
fn other_commands_fail() {
    process::<Counter>([])
        .when(told(start))
        .then_commands([log(2)]);
}

#[test]
#[should_panic(expected = "expected: no commands")]
fn commands_too_many_fail() {
    process::<Counter>([]).when(told(start)).then_no_commands();
}

#[test]
#[should_panic(expected = "expected: notes [\"x\"]")]
fn other_notes_fail() {
    process::<Counter>([]).when(told(start)).then_notes(["x"]);
}

#[test]
#[should_panic(expected = "expected: the process \"p\" runs: 2")]
fn another_state_fails() {
    process::<Counter>([]).when(told(start)).then_state("p", 2);
}

#[test]
#[should_panic(expected = "expected: the process \"p\" stops")]
fn a_process_that_runs_on_has_not_stopped() {
    process::<Counter>([]).when(told(start)).then_stopped("p");
}

#[test]
#[should_panic(expected = "expected: the process \"p\" stops")]
fn a_process_that_was_not_told_has_not_stopped() {
    process::<Counter>([]).when(told(proceed)).then_stopped("p");
}

#[test]
#[should_panic(expected = "expected: the process \"q\" runs")]
fn a_process_that_does_not_run_fails() {
    process::<Counter>([]).when(told(start)).then_running("q");
}

#[test]
#[should_panic(expected = "expected: no process is told")]
fn a_process_that_is_told_was_not_ignored() {
    process::<Counter>([]).when(told(start)).then_ignored();
}

#[test]
#[should_panic(expected = "got: failed: the process \"p\" does not run")]
fn a_failure_that_is_not_expected_fails() {
    process::<Counter>([])
        .when(told(|id| Told::ProceedStrict { id }))
        .then_no_commands();
}

#[test]
#[should_panic(expected = "the process \"p\" runs already")]
fn a_failure_on_what_is_given_fails() {
    process::<Counter>([told(start), told(|id| Told::StartStrict { id })]);
}

#[test]
#[should_panic(expected = "expected: failed: … other …")]
fn another_failure_fails() {
    process::<Counter>([])
        .when(told(|id| Told::ProceedStrict { id }))
        .then_failed("other");
}

#[test]
#[should_panic(expected = "the process \"p\" does not do the same thing twice")]
fn what_is_not_repeatable_fails() {
    let _ = process::<Counter>([]).when(told(|id| Told::Dice { id }));
}

// What the framework sees.

fn entry() -> ProcessManagerEntry {
    ProcessManagerEntry::of::<Counter>()
}

thread_local! {
    static SEEN: std::cell::RefCell<Option<(EventMetadata, ProcessContext)>> =
        const { std::cell::RefCell::new(None) };
}

/// Keeps what it is told.
struct Witness;

impl ProcessManager for Witness {
    type State = ();
    type Event = Told;
    type Command = Ask;
    const NAME: &'static str = "witness";
    const FROM: StartFrom = StartFrom::Origin;

    fn interest(_: &Told, _: &EventMetadata) -> Vec<Interest> {
        vec![Interest::start("p")]
    }

    fn react(
        _: Option<()>,
        _: &Told,
        about: &EventMetadata,
        process: &ProcessContext,
    ) -> Reaction<(), Ask> {
        SEEN.set(Some((about.clone(), process.clone())));
        Reaction::running(())
    }
}

/// An event as it comes from the log, and a process that is told of it.
fn recorded(event_type: &str, payload: &str) -> (Recorded, ProcessContext) {
    let _ = process::<Witness>([]).when(told(start));
    let (about, context) = SEEN.take().expect("it was told");
    let recorded = Recorded {
        about,
        event_type: event_type.into(),
        schema_version: 1,
        content_type: "application/json".into(),
        payload: payload.into(),
    };
    (recorded, context)
}

fn react(event_type: &str, state: Option<&str>) -> Result<(String, bool), String> {
    let (event, process) = recorded(event_type, r#"{"id":"p"}"#);
    let reaction = (entry().react)(&process, state.map(str::as_bytes), Input::Event(event))
        .map_err(|fault| fault.0)?;
    let state = String::from_utf8(reaction.state).expect("text");
    Ok((state, reaction.stop))
}

fn refuse(command_type: &str, payload: &str, state: Option<&str>) -> Result<String, String> {
    let (cause, process) = recorded("Start", r#"{"id":"p"}"#);
    let refusal = RawRefusal {
        command: OutgoingCommand {
            command_type: command_type.into(),
            content_type: "application/json".into(),
            payload: payload.into(),
        },
        code: "no-paper".into(),
        message: "no paper".into(),
        details: None,
        cause,
    };
    let reaction = (entry().react)(&process, state.map(str::as_bytes), Input::Refused(refusal))
        .map_err(|fault| fault.0)?;
    Ok(reaction.notes.concat())
}

#[test]
fn it_describes_itself() {
    let is = (entry().describe)();
    assert_eq!((&*is.name, is.version, is.concurrency), ("counting", 2, 1));
    assert_eq!(is.event_types.len(), 8);
    assert_eq!(is.event_types[0], "Start");
    assert_eq!(is.emits, ["Log", "Finish"]);
    assert_eq!((is.views.len(), is.from), (0, StartFrom::Origin));
    let is = (ProcessManagerEntry::of::<Careful>().describe)();
    assert_eq!(
        (&*is.name, is.version, is.from),
        ("careful", 1, StartFrom::Now)
    );
}

#[test]
fn ids_have_a_length_and_are_named_once() {
    let interested = |id: &str, and: &str| {
        let payload = format!(r#"{{"id":"{id}","and":"{and}"}}"#);
        (entry().interested)(&recorded("Both", &payload).0).map_err(|fault| fault.0)
    };
    assert_eq!(
        interested("p", "q"),
        Ok(vec![Interest::start("p"), Interest::proceed_strict("q")])
    );
    assert_eq!(
        interested("p", "p"),
        Err("the process manager counting, process \"p\": Both concerns it twice".into())
    );
    assert_eq!(
        interested("p", ""),
        Err("the process manager counting, process \"\": the id of a process is empty".into())
    );
    let long = "x".repeat(1025);
    let fault = interested("p", &long).expect_err("a fault");
    assert!(fault.ends_with("has 1025 bytes, more than 1024"), "{fault}");
}

#[test]
fn events_of_other_types_concern_nobody_and_unreadable_ones_are_faults() {
    let (event, _) = recorded("Painted", "?");
    assert_eq!((entry().interested)(&event), Ok(vec![]));
    assert_eq!(
        react("Painted", None),
        Err("the process manager counting, process \"p\": it knows no Painted".into())
    );
    let (event, _) = recorded("Start", "{}");
    let fault = (entry().interested)(&event).expect_err("a fault").0;
    assert!(
        fault.starts_with(
            "the process manager counting cannot read Start (schema 1) at position 1: missing field `id`"
        ),
        "{fault}"
    );
}

#[test]
fn states_go_out_as_json_and_come_back() {
    assert_eq!(react("Start", None), Ok(("1".into(), false)));
    assert_eq!(react("Proceed", Some("41")), Ok(("42".into(), false)));
    assert_eq!(react("End", Some("41")), Ok((String::new(), true)));
    let fault = react("Proceed", Some("{}")).expect_err("a fault");
    assert!(
        fault.starts_with(
            "the process manager counting, process \"p\": its state cannot be read: invalid type: map"
        ),
        "{fault}"
    );
}

#[test]
fn refusals_are_of_its_own_commands_and_to_processes_that_run() {
    let payload = r#"{"process":"p"}"#;
    assert_eq!(
        refuse("Finish", payload, Some("1")),
        Ok("Finish was refused: no-paper (no paper)".into())
    );
    assert_eq!(
        refuse("Finish", payload, None),
        Err(
            "the process manager counting, process \"p\": a command of it was refused, and it does not run"
                .into()
        )
    );
    assert_eq!(
        refuse("Paint", payload, Some("1")),
        Err(
            "the process manager counting, process \"p\": Paint was refused, and cannot be read: it has no such command"
                .into()
        )
    );
    let fault = refuse("Log", payload, Some("1")).expect_err("a fault");
    assert!(
        fault.contains("cannot be read: missing field `count`"),
        "{fault}"
    );
}

#[test]
fn chance_is_a_function_of_the_event() {
    let (_, process) = recorded("Start", "");
    let (_, again) = recorded("Start", "");
    assert_eq!(process.random().next_u64(), again.random().next_u64());
    let mut random = process.random();
    assert_ne!(random.next_u64(), random.next_u64());
}
