//! When it is told of this, then it sends that. Nothing is really sent. Run with `cargo test`.

use annals::http::Response;
use annals::test::{Notify, notify, on};

use super::*;

const URL: &str = "http://receiver.test/";

fn told() -> annals::test::On<News> {
    on("thing-1", News::{{Event}} {}).id("e1")
}

fn notifier() -> Notify<{{Name}}Notifier> {
    notify().env("{{NAME}}_URL", URL)
}

#[test]
fn a_notice_says_what_happened() {
    let body = r#"{"type":"{{event}}","stream":"thing-1"}"#;
    notifier()
        .answering(|_| Response::status(204))
        .when(told())
        .then_done()
        .then_sent([Request::post(URL)
            .header("idempotency-key", "e1")
            .body("application/json", body)]);
}

#[test]
fn what_may_pass_is_tried_again() {
    notifier()
        .answering(|_| Response::status(503))
        .attempt(3)
        .when(told())
        .then_retry_after(Duration::from_millis(400));
    notifier().when(told()).then_retry_after(Duration::from_millis(100));
}

#[test]
fn what_will_never_be_taken_is_put_aside() {
    notifier()
        .answering(|_| Response::status(404))
        .when(told())
        .then_rejected("404");
}

#[test]
fn where_nobody_is_to_be_told_nothing_is_sent() {
    notify::<{{Name}}Notifier>().when(told()).then_done().then_sent([]);
}
