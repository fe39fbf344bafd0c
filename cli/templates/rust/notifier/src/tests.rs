//! When this event comes, then the notifier sends that request. The tests send nothing over the network. Run with `cargo test`.

use annals::test::{notify, on};
use annals_outside::http::Response;
use annals_outside::test::{World, world};

use super::*;

const URL: &str = "http://receiver.test/";

fn event() -> annals::test::On<News> {
    on("thing-1", News::{{Event}} {}).id("e1")
}

/// The notifier's environment: a receiver that responds with this status.
fn receiver(status: u16) -> World {
    world()
        .env("{{NAME}}_URL", URL)
        .answering(move |_| Response::status(status))
}

#[test]
fn a_notice_names_the_event() {
    let body = r#"{"type":"{{event}}","stream":"thing-1"}"#;
    let receiver = receiver(204);
    receiver.run(|| {
        notify::<{{Name}}Notifier>().when(event()).then_done();
    });
    receiver.then_sent([Request::post(URL)
        .header("idempotency-key", "e1")
        .body("application/json", body)]);
}

#[test]
fn a_temporary_failure_is_retried() {
    receiver(503).run(|| {
        notify::<{{Name}}Notifier>()
            .attempt(3)
            .when(event())
            .then_retry_after(Duration::from_millis(400));
    });
    // No receiver answers.
    world().env("{{NAME}}_URL", URL).run(|| {
        notify::<{{Name}}Notifier>()
            .when(event())
            .then_retry_after(Duration::from_millis(100));
    });
}

#[test]
fn a_permanent_failure_is_rejected() {
    receiver(404).run(|| {
        notify::<{{Name}}Notifier>().when(event()).then_rejected("404");
    });
}

#[test]
fn without_a_receiver_nothing_is_sent() {
    let world = world();
    world.run(|| {
        notify::<{{Name}}Notifier>().when(event()).then_done();
    });
    world.then_sent([]);
}
