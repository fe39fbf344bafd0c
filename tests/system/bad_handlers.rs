//! Handlers that trap, loop, exhaust memory or return garbage: the request fails, nothing is appended, and the host
//! serves the next request.

use crate::support;
use annals_tests::client::Client;
use annals_tests::server::Kind;

const CRIMES: &[&str] = &["Trap", "Loop", "Allocate", "Recurse", "Garbage"];

fn flags(host: Kind) -> &'static [&'static str] {
    match host {
        Kind::Annals => &["--timeout", "2s", "--max-memory", "64MiB"],
        _ => &["-W", "timeout=2s,max-memory-size=67108864"],
    }
}

fn survives(host: Kind) {
    let served = support::misbehaving(host, flags(host));
    let client = Client::new(served.server.url());
    for crime in CRIMES {
        let body = format!("{{\"id\":\"{crime}\"}}");
        let failed = client
            .post(&format!("/commands/{crime}"), &[], body.as_bytes())
            .expect("an answer");
        assert_eq!(failed.status, 500, "{crime}: {}", failed.text);
        if host == Kind::Annals {
            assert_eq!(
                failed.problem(),
                Some("handler-fault"),
                "{crime}: {}",
                failed.text
            );
            assert_eq!(
                failed.body["handler"], "culprit",
                "{crime}: {}",
                failed.text
            );
            let incident = failed.body["incident"].as_str().expect("an incident id");
            assert!(
                served.server.log_text().contains(incident),
                "the incident is in the log"
            );
            assert!(
                !failed.text.contains("wasm"),
                "no internals: {}",
                failed.text
            );
        }
        assert!(
            client
                .stream(&format!("bad-{crime}"))
                .expect("an answer")
                .is_empty(),
            "{crime} appended"
        );
        let next = client
            .post("/commands/Behave", &[], br#"{"id":"next"}"#)
            .expect("an answer");
        assert_eq!(next.status, 200, "after {crime}: {}", next.text);
    }
    assert_eq!(client.log().expect("the log").len(), CRIMES.len());
}

/// An answer beyond the limits is the decider's fault, not the client's.
fn names_who_answers_too_much(host: Kind) {
    let served = support::misbehaving(host, flags(host));
    let client = Client::new(served.server.url());
    let send = |command: &str, body: &str| {
        let answer = client.post(&format!("/commands/{command}"), &[], body.as_bytes());
        answer.expect("an answer")
    };
    let cases = [
        (
            "Gush",
            r#"{"id":"x","events":1025,"bytes":1}"#,
            "the decider emitted 1025 events",
        ),
        (
            "Gush",
            r#"{"id":"x","events":3,"bytes":800000}"#,
            "the decider emitted events of 24000",
        ),
        (
            "Rant",
            r#"{"id":"x","bytes":70000}"#,
            "the decider rejected a command with 140",
        ),
    ];
    for (command, body, reason) in cases {
        let failed = send(command, body);
        assert_eq!(failed.status, 500, "{body}: {}", failed.text);
        assert_eq!(failed.problem(), Some("handler-fault"), "{}", failed.text);
        assert_eq!(
            failed.body["handler"], "culprit.misbehaving",
            "{}",
            failed.text
        );
        let log = served.server.log_text();
        assert!(log.contains(reason), "{reason}: {log}");
    }
    assert!(client.stream("bad-x").expect("a stream").is_empty());
    assert_eq!(
        send("Gush", r#"{"id":"x","events":1024,"bytes":1}"#).status,
        200
    );
    assert_eq!(
        send("Gush", r#"{"id":"y","events":2,"bytes":1000000}"#).status,
        200
    );
    assert_eq!(send("Rant", r#"{"id":"x","bytes":10000}"#).status, 422);
    assert_eq!(client.stream("bad-x").expect("a stream").len(), 1024);
}

#[test]
fn a_decider_that_answers_too_much_is_named_by_annals_host() {
    names_who_answers_too_much(Kind::Annals);
}

#[test]
fn a_decider_that_answers_too_much_is_named_on_wasmtime_serve() {
    names_who_answers_too_much(Kind::Wasmtime);
}

/// An event that traps its own decider makes only its own stream fail.
fn contains_poison(host: Kind) {
    let served = support::misbehaving(host, flags(host));
    let client = Client::new(served.server.url());
    let send = |command: &str, id: &str| {
        let body = format!("{{\"id\":\"{id}\"}}");
        client
            .post(&format!("/commands/{command}"), &[], body.as_bytes())
            .expect("an answer")
            .status
    };
    assert_eq!(send("Poison", "x"), 200);
    assert_eq!(send("Behave", "x"), 500);
    assert_eq!(send("Behave", "y"), 200);
    assert_eq!(
        client.stream("bad-x").expect("a stream").len(),
        1,
        "the log can still be read"
    );
}

/// The values that a decider keeps in memory besides its state, from one command to the next.
fn remembered(host: Kind) -> Vec<u64> {
    let served = support::misbehaving(host, &[]);
    let client = Client::new(served.server.url());
    for _ in 0..5 {
        let answer = client.post("/commands/Remember", &[], br#"{"id":"me"}"#);
        assert_eq!(answer.expect("an answer").status, 200);
    }
    let events = client.stream("bad-me").expect("a stream");
    let times = events
        .iter()
        .map(|event| event["data"]["times"].as_u64().expect("a number"));
    times.collect()
}

/// Checks that the hosts with kept instances really keep them.
#[test]
fn instances_are_kept_by_those_who_say_so() {
    assert_eq!(remembered(Kind::Wasmtime), [1; 5]);
    for host in [Kind::WasmtimeKept, Kind::Annals] {
        let times = remembered(host);
        // The host may keep two instances and use them in turn.
        assert!(times.iter().any(|times| *times > 1), "{host:?}: {times:?}");
    }
}

/// A trap while a snapshot is taken fails no command: the command has been answered before.
#[test]
fn a_state_that_cannot_be_told_fails_no_command() {
    for host in [Kind::Annals, Kind::Wasmtime, Kind::WasmtimeKept] {
        let served = support::misbehaving(host, &[]);
        let client = Client::new(served.server.url());
        for version in 1..6 {
            let answer = client.post("/commands/Ask", &[], br#"{"id":"it"}"#);
            let answer = answer.expect("an answer");
            assert_eq!(answer.status, 200, "{host:?}: {}", answer.text);
            assert_eq!(answer.body["version"], version, "{host:?}: {}", answer.text);
        }
    }
}

/// Two deciders of one component have separate commands, streams and states.
#[test]
fn a_component_may_hold_several_deciders() {
    let served = support::misbehaving(Kind::Annals, &[]);
    let client = Client::new(served.server.url());
    let send = |command: &str| {
        let answer = client.post(&format!("/commands/{command}"), &[], br#"{"id":"both"}"#);
        answer.expect("an answer").body["stream"].clone()
    };
    for _ in 0..3 {
        assert_eq!(send("Look"), "witness-both");
        assert_eq!(send("Behave"), "bad-both");
    }
    let seen = client.stream("witness-both").expect("a stream");
    let times: Vec<_> = seen
        .iter()
        .map(|event| event["data"]["times"].as_u64())
        .collect();
    assert_eq!(
        times,
        [Some(1), Some(2), Some(3)],
        "each decision saw the state before it"
    );
    let state = |decider: &str, stream: &str| {
        let path = format!("/streams/{stream}/state?decider={decider}");
        client.get(&path).expect("an answer").body["state"].clone()
    };
    assert_eq!(state("culprit.bystander", "witness-both"), 3);
    assert_eq!(state("culprit.misbehaving", "bad-both"), 3);
}

#[test]
fn annals_host_survives_handlers_that_misbehave() {
    survives(Kind::Annals);
}

#[test]
fn wasmtime_serve_survives_handlers_that_misbehave() {
    survives(Kind::Wasmtime);
}

#[test]
fn annals_host_contains_a_poisoned_stream() {
    contains_poison(Kind::Annals);
}

#[test]
fn wasmtime_serve_contains_a_poisoned_stream() {
    contains_poison(Kind::Wasmtime);
}

#[test]
fn instances_that_wasmtime_keeps_survive_handlers_that_misbehave() {
    survives(Kind::WasmtimeKept);
    contains_poison(Kind::WasmtimeKept);
}
