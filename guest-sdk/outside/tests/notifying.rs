//! Notifiers in a world that the test makes: what they are granted, what they send, and tests that must fail.

use std::time::Duration;

use annals::test::{On, notify, on};
use annals::{Delivery, Event, EventMetadata, Notifier, StartFrom};
use annals_outside::http::{Error, Request, Response};
use annals_outside::test::{World, world};

#[derive(Event)]
enum Rang {
    Rang { times: u32 },
}

/// Posts how often it rang, twice if there is a deputy.
struct Bell;

const URL: &str = "http://bell.test/rang?a=b";

impl Notifier for Bell {
    type Event = Rang;
    const NAME: &'static str = "bell";
    const FROM: StartFrom = StartFrom::Now;
    const CONCURRENCY: u32 = 4;

    fn notify(Rang::Rang { times }: &Rang, about: &EventMetadata, attempt: u32) -> Delivery {
        let post = |url: String| {
            Request::post(url)
                .header("Event-Id", &about.event_id)
                .json(times)
                .timeout(Duration::from_secs(1))
                .send()
        };
        let mut answers = vec![post(URL.into())];
        answers.extend(annals_outside::env("DEPUTY").map(post));
        for answer in answers {
            match answer {
                Ok(response) if response.is_success() => {}
                Ok(response) => return Delivery::Reject(format!("{}", response.status)),
                Err(Error::Timeout) => return Delivery::RetryAfter(Duration::from_secs(3)),
                Err(error) if attempt == 1 => {
                    return Delivery::RetryAfter(Duration::from_millis(
                        error.to_string().len() as u64
                    ));
                }
                Err(error) => return Delivery::Reject(error.to_string()),
            }
        }
        Delivery::Done
    }
}

annals::export! { notifiers: [Bell] }

fn rang(times: u32) -> On<Rang> {
    on("bell-1", Rang::Rang { times }).id("e")
}

fn posted(url: &str, times: u32) -> Request {
    Request::post(url).header("event-id", "e").json(&times)
}

fn granted() -> World {
    world().answering(|_| Response::status(200))
}

#[test]
fn requests_are_answered_by_the_test_and_kept() {
    let world = world()
        .env("DEPUTY", "http://deputy.test")
        .answering(|request| match request.body.as_slice() {
            b"1" => Response::status(200),
            _ => Response::status(500),
        });
    world.run(|| {
        notify::<Bell>().when(rang(1)).then_done();
    });
    world.then_sent([posted(URL, 1), posted("http://deputy.test", 1)]);
    world.run(|| {
        notify::<Bell>().when(rang(2)).then_rejected("500");
    });
    let sent = world.sent();
    assert_eq!(sent, [posted(URL, 2), posted("http://deputy.test", 2)]);
    assert_eq!(sent[0].timeout, Duration::from_secs(1));
    world.then_sent([]);
}

#[test]
fn nobody_may_answer_in_time() {
    world().answering(|_| Error::Timeout).run(|| {
        notify::<Bell>()
            .when(rang(1))
            .then_retry_after(Duration::from_secs(3));
    });
}

#[test]
fn without_an_answer_nobody_can_be_reached() {
    let world = world();
    world.run(|| {
        notify::<Bell>()
            .attempt(2)
            .when(rang(1))
            .then_rejected("nobody answers in this test");
    });
    world.then_sent([posted(URL, 1)]);
}

#[test]
fn nothing_is_granted_outside_of_a_world() {
    let world = world()
        .env("DEPUTY", "http://deputy.test")
        .answering(|_| -> Response { panic!("the bell is broken") });
    let broken = || {
        world.run(|| {
            notify::<Bell>().when(rang(1)).then_done();
        })
    };
    assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(broken)).is_err());
    assert_eq!(annals_outside::env("DEPUTY"), None);
    assert_eq!(annals_outside::env("PATH"), None);
    assert!(matches!(
        Request::get(URL).send(),
        Err(Error::Unreachable(_))
    ));
}

#[test]
fn a_request_that_cannot_be_sent_is_not() {
    let unencodable = std::collections::BTreeMap::from([((1, 2), 3)]);
    assert!(matches!(
        Request::post(URL).json(&unencodable).send(),
        Err(Error::Invalid(why)) if why.starts_with("the body: ")
    ));
    assert!(matches!(
        Request::get("bell.test").send(),
        Err(Error::Invalid(why)) if why.contains("it has no scheme")
    ));
}

#[test]
fn requests_and_responses_say_what_they_hold() {
    let request = Request::new("PATCH", URL).body("text/plain", "x");
    assert_eq!((&*request.method, &*request.url), ("PATCH", URL));
    assert_eq!(
        request.headers,
        [("content-type".into(), "text/plain".into())]
    );
    assert_eq!(request, request.clone().timeout(Duration::ZERO));
    assert_ne!(request, request.clone().header("x", "y"));

    let response = Response::status(503)
        .with_header("Retry-After", " 7 ")
        .with_body("[1]");
    assert!(!response.is_success());
    assert_eq!(response.header("RETRY-AFTER"), Some(" 7 "));
    assert_eq!(response.retry_after(), Some(Duration::from_secs(7)));
    assert_eq!(response.json::<Vec<u8>>(), Ok(vec![1]));
    assert!(matches!(
        response.json::<Vec<String>>(),
        Err(Error::Unreadable(why)) if why.starts_with("invalid type")
    ));
    let dated = Response::status(503).with_header("retry-after", "Sat, 21 Nov 2026 14:00:00 GMT");
    assert_eq!(dated.retry_after(), None);
    for (status, success) in [(199, false), (200, true), (299, true), (300, false)] {
        assert_eq!(Response::status(status).is_success(), success);
    }
}

#[test]
#[should_panic(
    expected = "expected: no requests\n     got: requests\n          POST http://bell.test/rang?a=b\n            event-id: e\n            content-type: application/json\n            1"
)]
fn other_requests_fail() {
    let world = granted();
    world.run(|| {
        notify::<Bell>().when(rang(1)).then_done();
    });
    world.then_sent([]);
}
