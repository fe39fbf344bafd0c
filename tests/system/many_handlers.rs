//! Hundreds of handlers in one component: a chain of switchboards.

use annals_fixtures::{Decider, Reactions, application, projector};
use annals_tests::app;
use annals_tests::client::{Answer, Client};
use annals_tests::server::{Kind, Server};

/// More than three switchboards have room for.
const HANDLERS: usize = 200;

fn every_handler_answers(host: Kind) {
    let folder = tempfile::tempdir().expect("a folder");
    application(folder.path(), HANDLERS).expect("deciders");
    let app = app::compose(folder.path(), host, folder.path()).expect("it composes");
    let server = Server::start(host, &app, folder.path()).expect("the host starts");
    let client = Client::new(server.url());
    for number in 0..HANDLERS {
        let answer = client
            .post(&format!("/commands/Command{number}"), &[], b"{}")
            .expect("an answer");
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(answer.body["stream"], format!("toy-{number}"));
        assert_eq!(
            answer.body["events"][0]["type"],
            format!("Happened{number}")
        );
    }
}

#[test]
fn two_hundred_handlers_run_on_annals_host() {
    every_handler_answers(Kind::Annals);
}

#[test]
fn two_hundred_handlers_run_on_wasmtime_serve() {
    every_handler_answers(Kind::Wasmtime);
}

/// More projectors than one switchboard has room for; each gets every event.
fn every_projector_is_delivered_to(host: Kind) {
    const PROJECTORS: usize = 100;
    let folder = tempfile::tempdir().expect("a folder");
    application(folder.path(), 1).expect("a decider");
    let mut manifest =
        std::fs::read_to_string(folder.path().join("annals.toml")).expect("the manifest");
    for number in 0..PROJECTORS {
        let projector = projector(&format!("view-{number}"));
        let toy = Reactions::of(annals_compose::kind::Kind::Projector, &[projector]);
        let name = format!("view-{number}");
        std::fs::write(folder.path().join(format!("{name}.wasm")), toy.component())
            .expect("written");
        manifest += &format!("[handlers.{name}]\ncomponent = \"{name}.wasm\"\n");
    }
    std::fs::write(folder.path().join("annals.toml"), manifest).expect("written");
    let app = app::compose(folder.path(), host, folder.path()).expect("it composes");
    let server = Server::start(host, &app, folder.path()).expect("the host starts");
    let client = Client::new(server.url());
    let answer = client
        .post("/commands/Command0", &[("Prefer", "wait=60")], b"{}")
        .expect("an answer");
    assert_eq!(answer.status, 200, "{}", answer.text);
    for number in [0, 63, 64, PROJECTORS - 1] {
        let row = client
            .get(&format!("/views/view-{number}/toy-0"))
            .expect("an answer");
        assert_eq!((row.status, &*row.text), (200, "{}"), "view-{number}");
    }
}

#[test]
fn a_hundred_projectors_are_delivered_to_on_annals_host() {
    every_projector_is_delivered_to(Kind::Annals);
}

#[test]
fn a_hundred_projectors_are_delivered_to_on_wasmtime_serve() {
    every_projector_is_delivered_to(Kind::Wasmtime);
}

/// Serves two fixtures, the second with a defect. Returns the answer to its command, and the log.
fn odd(toy: &Decider) -> (Answer, String) {
    let folder = tempfile::tempdir().expect("a folder");
    application(folder.path(), 2).expect("deciders");
    let component = toy.component().expect("a decider");
    std::fs::write(folder.path().join("toy-1.wasm"), component).expect("written");
    let app = app::compose(folder.path(), Kind::Annals, folder.path()).expect("it composes");
    let server = Server::start(Kind::Annals, &app, folder.path()).expect("the host starts");
    let client = Client::new(server.url());
    let answer = client
        .post("/commands/Command1", &[], b"{}")
        .expect("an answer");
    assert!(
        client.log().expect("the log").is_empty(),
        "nothing is appended"
    );
    (answer, server.log_text())
}

fn is_fault_of_toy_1(answer: &Answer) {
    let handler = answer.body["handler"].as_str();
    let expected = (500, Some("handler-fault"), Some("toy-1"));
    assert_eq!(
        (answer.status, answer.problem(), handler),
        expected,
        "{}",
        answer.text
    );
}

#[test]
fn a_stream_outside_of_the_deciders_category_is_a_fault() {
    let (answer, log) = odd(&Decider {
        number: 1,
        stream: Some("other-1"),
        ..Decider::default()
    });
    is_fault_of_toy_1(&answer);
    assert!(
        !answer.text.contains("other-1"),
        "no internals: {}",
        answer.text
    );
    assert!(log.contains("outside of its category"), "{log}");
}

#[test]
fn an_event_that_was_not_declared_is_a_fault() {
    let (answer, log) = odd(&Decider {
        number: 1,
        event: Some("Surprise"),
        ..Decider::default()
    });
    is_fault_of_toy_1(&answer);
    assert!(log.contains("the decider emitted `Surprise`"), "{log}");
}
