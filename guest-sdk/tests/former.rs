//! Former ways to write handlers, which still work for one version.

#![allow(deprecated)]

use annals::__private::{Entry, NotifierEntry};
use annals::test::{given, notify, on, project};
use annals::{
    About, Command, Context, Decider, Decision, Delivery, Event, Notifier, Precondition, Projector,
    StartFrom,
};

#[derive(Command)]
enum Ask {
    Go { id: String },
    Stop { id: String },
}

#[derive(Event)]
enum Fact {
    Gone {},
}

struct Walk;

impl Decider for Walk {
    type State = ();
    type Command = Ask;
    type Event = Fact;
    type Rejection = std::convert::Infallible;
    const CATEGORY: &'static str = "walk";
    const SNAPSHOT_EVERY: u32 = 5;

    fn initial() {}

    fn stream_id(command: &Ask) -> String {
        let (Ask::Go { id } | Ask::Stop { id }) = command;
        id.to_lowercase()
    }

    fn evolve((): &mut (), _: &Fact) {}

    fn decide((): &(), _: Ask, _: &Context) -> Result<Decision<Fact>, Self::Rejection> {
        Ok(Fact::Gone {}.into())
    }

    fn precondition(command_type: &str) -> Precondition {
        match command_type {
            "Stop" => Precondition::StreamExists,
            _ => Precondition::Any,
        }
    }
}

struct Walks;

impl Projector for Walks {
    type Event = Fact;
    type Row = u32;
    const VIEW: &'static str = "walks";

    fn touches(_: &Fact, about: &About) -> Vec<String> {
        vec![about.subject().to_owned()]
    }

    fn fold(row: Option<u32>, _: &str, _: &Fact, _: &About) -> Option<u32> {
        Some(row.unwrap_or(0) + 1)
    }
}

struct Postcards;

impl Notifier for Postcards {
    type Event = Fact;
    const NAME: &'static str = "postcards";
    const FROM: StartFrom = StartFrom::Now;
    const LANES: u32 = 3;

    fn notify(_: &Fact, about: &About, _: u32) -> Delivery {
        let url = annals::env("POST").unwrap_or_else(|| "http://post.test".into());
        match annals::http::Request::post(url).json(&about.stream).send() {
            Ok(_) => Delivery::Done,
            Err(error) => Delivery::Reject(error.to_string()),
        }
    }
}

annals::export!(Walk, projector Walks, notifier Postcards);

#[test]
fn a_decider_may_name_streams_preconditions_and_snapshots_by_functions_and_numbers() {
    given::<Walk>([])
        .when(Ask::Go { id: "A".into() })
        .on_stream("walk-a")
        .then([Fact::Gone {}]);
    let is = (Entry::of::<Walk>().describe)();
    assert_eq!(is.snapshot_every, 5);
    assert_eq!(
        is.commands,
        [
            ("Go", Precondition::Any),
            ("Stop", Precondition::StreamExists)
        ]
    );
}

#[test]
fn a_projector_may_say_what_it_touches() {
    project::<Walks>([on("walk-a", Fact::Gone {}), on("walk-a", Fact::Gone {})]).row("a", 2);
}

#[test]
fn a_notifier_may_count_lanes() {
    assert_eq!((NotifierEntry::of::<Postcards>().describe)().concurrency, 3);
}

#[test]
fn a_test_of_a_notifier_may_grant_and_compare() {
    use annals::http::{Request, Response};

    let gone = || on("walk-a", Fact::Gone {});
    let posted = |url: &str| Request::post(url).json("walk-a");
    let granted = notify::<Postcards>()
        .env("POST", "http://office.test")
        .answering(|_| Response::status(200));
    for _ in 0..2 {
        let done = granted.when(gone());
        done.then_done().then_sent([posted("http://office.test")]);
        assert_eq!(done.sent().len(), 1);
    }
    notify::<Postcards>()
        .when(gone())
        .then_rejected("nobody answers in this test")
        .then_sent([posted("http://post.test")]);
}
