//! Given these events, when this event or rejection comes, then the process manager sends these commands. Run with `cargo test`.

use annals::test::{given, on, process};

use super::decider::{{{Name}}Command, {{Name}}Event};
use super::*;

fn trigger() -> annals::test::On<Seen> {
    on("thing-1", Seen::{{Event}} {})
}

fn begin() -> Order {
    Order::Begin{{Name}} { id: "1".into() }
}

#[test]
fn it_is_begun_and_runs_until_it_is_finished() {
    let begun = process::<{{Name}}Manager>([]).when(trigger().at(5));
    begun
        .then_commands([begin()])
        .then_state("1", {{Name}}Process { since: 5 });
    begun
        .when(on("{{snake}}-1", Seen::{{Name}}Finished {}))
        .then_no_commands()
        .then_stopped("1");
}

#[test]
fn it_is_begun_once() {
    process::<{{Name}}Manager>([trigger()])
        .when(trigger())
        .then_no_commands()
        .then_running("1");
}

#[test]
fn a_refusal_ends_it_with_a_note() {
    process::<{{Name}}Manager>([trigger()])
        .when_refused(begin(), "already-begun")
        .then_no_commands()
        .then_stopped("1");
}

#[test]
fn begun_work_can_be_finished() {
    let finish = || {{Name}}Command::Finish{{Name}} { id: "1".into() };
    given::<{{Name}}Decider>([])
        .when({{Name}}Command::Begin{{Name}} { id: "1".into() })
        .then([{{Name}}Event::{{Name}}Begun {}]);
    given::<{{Name}}Decider>([{{Name}}Event::{{Name}}Begun {}])
        .when(finish())
        .then([{{Name}}Event::{{Name}}Finished {}]);
    given::<{{Name}}Decider>([]).when(finish()).then_rejected("not-in-progress");
}
