//! Given, when, then: what passes, and what must not.

mod common;

use annals::test::given;
use annals::{Context, Decider, Decision};
use common::{Ask, Counter, Fact, No};

fn add(by: u32) -> Ask {
    Ask::Add {
        counter: "a".into(),
        by,
    }
}

fn added(by: u32) -> Fact {
    Fact::Added { by, at: 0 }
}

#[test]
fn it_tells_how_a_command_ended() {
    given::<Counter>([])
        .when(add(1))
        .on_stream("counter-a")
        .then([added(1)]);
    given::<Counter>([])
        .at(7)
        .when(add(1))
        .then([Fact::Added { by: 1, at: 7 }]);
    given::<Counter>([]).when(add(0)).then_nothing();
    given::<Counter>([added(8)])
        .when(add(3))
        .then_rejected("too-much");
    given::<Counter>([added(8)])
        .when(add(3))
        .then_rejected(No::TooMuch { value: 8, by: 3 });
    given::<Counter>([])
        .when(Ask::Finish {
            counter: "a".into(),
        })
        .then_closed([Fact::Finished]);
    given::<Counter>([])
        .when_raw("Add", "{")
        .then_malformed("EOF");
}

#[test]
fn later_steps_see_the_events_of_earlier_ones() {
    let twice = |by| Ask::AddTwice {
        counter: "a".into(),
        by,
    };
    given::<Counter>([added(4)])
        .when(twice(3))
        .then([added(3), added(3)]);
    given::<Counter>([added(5)])
        .when(twice(3))
        .then_rejected(No::TooMuch { value: 8, by: 3 });
}

#[test]
#[should_panic(
    expected = "expected: events\n          Added {\"by\":2,\"at\":0}\n     got: events\n          Added {\"by\":1"
)]
fn other_events_fail() {
    given::<Counter>([]).when(add(1)).then([added(2)]);
}

#[test]
#[should_panic(expected = "got: no events")]
fn missing_events_fail() {
    given::<Counter>([]).when(add(0)).then([added(0)]);
}

#[test]
#[should_panic(expected = "got: closing events")]
fn closing_unasked_fails() {
    given::<Counter>([])
        .when(Ask::Finish {
            counter: "a".into(),
        })
        .then([Fact::Finished]);
}

#[test]
#[should_panic(
    expected = "expected: rejected: other-code\n     got: rejected: too-much (3 more than 8 is too much)"
)]
fn another_code_fails() {
    given::<Counter>([added(8)])
        .when(add(3))
        .then_rejected("other-code");
}

#[test]
#[should_panic(expected = "expected: rejected: too-much (3 more than 7")]
fn other_details_fail() {
    given::<Counter>([added(8)])
        .when(add(3))
        .then_rejected(No::TooMuch { value: 7, by: 3 });
}

#[test]
#[should_panic(expected = "expected: stream counter-b")]
fn another_stream_fails() {
    given::<Counter>([])
        .when(add(3))
        .on_stream("counter-b")
        .then([added(3)]);
}

/// Counts, but forgets it in snapshots.
struct Forgetful;

#[derive(annals::serde::Serialize, annals::serde::Deserialize)]
#[serde(crate = "annals::serde")]
struct Lossy {
    #[serde(skip)]
    value: u32,
}

impl Decider for Forgetful {
    type State = Lossy;
    type Command = Ask;
    type Event = Fact;
    type Rejection = No;
    const CATEGORY: &'static str = "counter";

    fn initial() -> Lossy {
        Lossy { value: 0 }
    }

    fn evolve(state: &mut Lossy, event: &Fact) {
        Counter::evolve(&mut state.value, event);
    }

    fn decide(state: &Lossy, command: Ask, context: &Context) -> Result<Decision<Fact>, No> {
        Counter::decide(&state.value, command, context)
    }
}

#[test]
#[should_panic(expected = "a snapshot taken after 1 of 1 events changes the decision")]
fn a_state_that_snapshots_lose_fails() {
    given::<Forgetful>([added(8)])
        .when(add(3))
        .then_rejected("too-much");
}

/// An event that reads differently from how it was written.
#[derive(annals::Event)]
enum Skewed {
    Renamed {
        #[serde(rename(serialize = "out", deserialize = "in"))]
        field: u32,
    },
}

struct Skew;

impl Decider for Skew {
    type State = ();
    type Command = Ask;
    type Event = Skewed;
    type Rejection = std::convert::Infallible;
    const CATEGORY: &'static str = "skew";

    fn initial() {}

    fn evolve((): &mut (), _: &Skewed) {}

    fn decide((): &(), _: Ask, _: &Context) -> Result<Decision<Skewed>, Self::Rejection> {
        Ok(Skewed::Renamed { field: 1 }.into())
    }
}

#[test]
#[should_panic(expected = "Renamed cannot be decoded: missing field `in`")]
fn an_event_that_does_not_survive_its_encoding_fails() {
    let _ = given::<Skew>([Skewed::Renamed { field: 1 }]);
}

#[test]
#[should_panic(expected = "the decider skew cannot fold Renamed")]
fn an_emitted_event_that_cannot_be_folded_fails() {
    let _ = given::<Skew>([]).when(add(1));
}
