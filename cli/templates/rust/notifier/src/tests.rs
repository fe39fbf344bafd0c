//! When it is told of this, then it sends that. Nothing is really sent. Run with `cargo test`.

use annals::test::{notify, on};
use annals_outside::http::Response;
use annals_outside::test::{World, world};

use super::*;

const URL: &str = "http://receiver.test/";

fn told() -> annals::test::On<News> {
    on("thing-1", News::{{Event}} {}).id("e1")
}

/// What surrounds the notifier: somebody to tell, who answers with this status.
fn receiver(status: u16) -> World {
    world()
        .env("{{NAME}}_URL", URL)
        .answering(move |_| Response::status(status))
}

#[test]
fn a_notice_says_what_happened() {
    let body = r#"{"type":"{{event}}","stream":"thing-1"}"#;
    let receiver = receiver(204);
    receiver.run(|| {
        notify::<{{Name}}Notifier>().when(told()).then_done();
    });
    receiver.then_sent([Request::post(URL)
        .header("idempotency-key", "e1")
        .body("application/json", body)]);
}

#[test]
fn what_may_pass_is_tried_again() {
    receiver(503).run(|| {
        notify::<{{Name}}Notifier>()
            .attempt(3)
            .when(told())
            .then_retry_after(Duration::from_millis(400));
    });
    // Nobody answers.
    world().env("{{NAME}}_URL", URL).run(|| {
        notify::<{{Name}}Notifier>()
            .when(told())
            .then_retry_after(Duration::from_millis(100));
    });
}

#[test]
fn what_will_never_be_taken_is_put_aside() {
    receiver(404).run(|| {
        notify::<{{Name}}Notifier>().when(told()).then_rejected("404");
    });
}

#[test]
fn where_nobody_is_to_be_told_nothing_is_sent() {
    let nobody = world();
    nobody.run(|| {
        notify::<{{Name}}Notifier>().when(told()).then_done();
    });
    nobody.then_sent([]);
}
