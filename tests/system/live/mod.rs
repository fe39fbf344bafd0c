//! The log as a live stream: the client gets each event exactly once, however its connection breaks.

mod long;
pub mod sse;

use crate::support;
use annals_tests::client::{Client, number};
use annals_tests::server::Kind;
use serde_json::{Value, json};
use sse::Stream;
use std::time::{Duration, Instant};

fn open(client: &Client, account: &str) -> Value {
    let body = json!({"account": account, "owner": "Ada", "deposit": 100}).to_string();
    let answer = client
        .post("/commands/OpenAccount", &[], body.as_bytes())
        .expect("an answer");
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.body
}

fn deposit(client: &Client, account: &str) -> u64 {
    let body = json!({"account": account, "amount": 5}).to_string();
    let answer = client
        .post("/commands/Deposit", &[], body.as_bytes())
        .expect("an answer");
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.body["position"].as_u64().expect("a position")
}

/// Runs all checks against one host, so that the host starts once.
fn keeps_the_contract(host: Kind) {
    let served = support::bank(host);
    let url = served.server.url();
    let client = Client::new(url.clone());
    open(&client, "a");
    for _ in 0..5 {
        deposit(&client, "a");
    }
    let log = client.log().expect("the log");

    let mut all = Stream::open(&url, "/events", None);
    assert_eq!(all.status, 200);
    assert!(all.head.contains("content-type: text/event-stream"));
    assert!(all.head.contains("cache-control: no-cache"));
    assert!(all.head.contains("x-accel-buffering: no"));
    assert!(all.head.contains("vary: accept"));
    for event in &log {
        let message = all.next().expect("a message");
        assert_eq!(&message.data, event, "as in the page");
        assert_eq!(json!(message.id.to_string()), event["position"]);
        assert_eq!(json!(message.event), event["type"]);
    }
    new_events_come_at_once(&client, &mut all);
    resumes(&url, &log);
    filters(&url, &client);
    moves_the_last_id_on(&url, &client);
    refuses(&url);
    tells_who_comes_from_another_log(&url, &client);
}

#[test]
fn annals_host_streams_the_log() {
    keeps_the_contract(Kind::Annals);
}

#[test]
fn wasmtime_serve_streams_the_log() {
    keeps_the_contract(Kind::Wasmtime);
}

fn new_events_come_at_once(client: &Client, stream: &mut Stream) {
    // Wait until the pauses between two polls are at their longest.
    std::thread::sleep(Duration::from_secs(1));
    for _ in 0..3 {
        let position = deposit(client, "a");
        let start = Instant::now();
        let message = stream.next().expect("a message");
        assert_eq!(message.id, position);
        // This takes some 0.2 s; the machine may be busy.
        assert!(
            start.elapsed() < Duration::from_secs(3),
            "{:?}",
            start.elapsed()
        );
    }
}

fn resumes(url: &str, log: &[Value]) {
    let position = |index: usize| number(&log[index]["position"]).expect("a position");
    let mut by_header = Stream::open(url, "/events", Some(&position(2).to_string()));
    assert_eq!(by_header.next().expect("a message").id, position(3));
    let mut by_parameter = Stream::open(url, &format!("/events?after={}", position(1)), None);
    assert_eq!(by_parameter.next().expect("a message").id, position(2));
    // A browser that reconnects repeats its URL; the id of the last event takes precedence.
    let path = format!("/events?after={}", position(0));
    let mut both = Stream::open(url, &path, Some(&position(4).to_string()));
    assert_eq!(both.next().expect("a message").id, position(5));
    // Positions between two events, and before the first event.
    let mut between = Stream::open(url, "/events", Some(&(position(2) + 1).to_string()));
    assert_eq!(between.next().expect("a message").id, position(3));
    let mut zero = Stream::open(url, "/events", Some("0"));
    assert_eq!(zero.next().expect("a message").id, position(0));
}

fn filters(url: &str, client: &Client) {
    let mut opened = Stream::open(url, "/events?type=AccountOpened&category=account", None);
    assert_eq!(opened.next().expect("a message").event, "AccountOpened");
    deposit(client, "a");
    open(client, "b");
    let message = opened.next().expect("a message");
    assert_eq!(
        (&*message.event, &message.data["subject"]),
        ("AccountOpened", &json!("account-b"))
    );
}

/// A client whose filter matches no event must not read the whole log again when it reconnects.
fn moves_the_last_id_on(url: &str, client: &Client) {
    let mut nothing = Stream::open(url, "/events?type=Nothing", None);
    let position = deposit(client, "a");
    assert!(nothing.reaches(position), "{:?}", nothing.last_id);
    // The client misses no event by that.
    let known = nothing.last_id;
    let position = deposit(client, "a");
    let mut again = Stream::open(url, "/events", known.as_deref());
    assert_eq!(again.next().expect("a message").id, position);
}

fn refuses(url: &str) {
    for id in ["x", "-1", "1.5", "7 8", "99999999999999999999999"] {
        let refused = Stream::open_with(url, "/events", &format!("Last-Event-ID: {id}\r\n"));
        assert_eq!(refused.status, 400, "{id}");
        assert!(refused.head.contains("application/problem+json"));
    }
    assert_eq!(Stream::open(url, "/events?after=x", None).status, 400);
}

/// A client that is ahead of the log, or comes from another log, gets a message with the log's end.
fn tells_who_comes_from_another_log(url: &str, client: &Client) {
    let mut all = Stream::open(url, "/events", None);
    let seen = all.next().expect("a message");
    let id = all.last_id.clone().expect("an id");
    assert!(id.starts_with(&format!("{}.", seen.id)), "{id}");
    let mut same = Stream::open(url, "/events", Some(&id));
    let next = all.next().expect("a message");
    assert_eq!(same.next().expect("a message").id, next.id);
    let log = client.log().expect("the log");
    let last = number(&log.last().expect("an event")["position"]).expect("a position");
    for (path, id) in [
        // Ids of another store, whose events have other ids, and of this store before a restore.
        ("/events", Some(format!("{}.00000000", seen.id))),
        ("/events", Some(format!("{last}.00000000.{}", seen.id))),
        ("/events", Some(format!("{}.00000000", last + 1_000_000))),
        ("/events", Some("99999999999".into())),
        ("/events?after=99999999999", None),
    ] {
        let told = Stream::open(url, path, id.as_deref());
        assert_eq!(told.status, 409, "{path} {id:?}");
    }
    let page = client.get("/events?after=99999999999").expect("an answer");
    assert_eq!(
        (page.status, page.problem()),
        (409, Some("unknown-position"))
    );
    let end = page.body["end"].as_u64().expect("the log's end");
    assert!(end >= last, "{end} and {last}");
    // A client can continue from the end itself, whatever the filter.
    for filter in ["", "&type=Nothing"] {
        let page = client
            .get(&format!("/events?after={end}{filter}"))
            .expect("an answer");
        assert_eq!(
            (page.status, &page.body["end"]),
            (200, &json!(true)),
            "{}",
            page.text
        );
    }
}

#[test]
fn a_quiet_stream_is_kept_alive() {
    let served = support::bank(Kind::Annals);
    let url = served.server.url();
    let mut stream = Stream::open(&url, "/events", None);
    let client = Client::new(url);
    let start = Instant::now();
    std::thread::spawn(move || {
        std::thread::sleep(Duration::from_secs(23));
        open(&client, "a");
    });
    assert!(stream.next().is_some());
    assert!(
        stream.comments >= 2,
        "{} in {:?}",
        stream.comments,
        start.elapsed()
    );
}
