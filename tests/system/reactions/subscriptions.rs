//! The guarantees that users of other systems expect of a subscription, with real notifiers that post to a real
//! server, on real hosts. The dispatcher has tests of the same names for every crash point.

use crate::support;
use annals_tests::client::Client;
use annals_tests::mailbox::Mailbox;
use annals_tests::server::Kind;
use annals_tests::tools;
use annals_tests::transfers::finish;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::time::{Duration, Instant};

fn folder() -> PathBuf {
    tools::workspace().join("tests/reactions")
}

fn count(client: &Client, stream: &str, from: u64, count: u64) {
    let body = json!({"stream": stream, "from": from, "count": count}).to_string();
    let id = format!("{stream}-{from}");
    let answer = client
        .command("Count", &id, body.as_bytes())
        .expect("an answer");
    assert_eq!(answer.status, 200, "{}", answer.text);
}

/// The events that a notifier posted, in order.
fn told(mailbox: &Mailbox, to: &str) -> Vec<Value> {
    let letters = mailbox.letters();
    let notices = letters
        .iter()
        .map(|letter| serde_json::from_str::<Value>(&letter.body).expect("JSON"));
    notices.filter(|notice| notice["to"] == to).collect()
}

fn numbers(mailbox: &Mailbox, to: &str) -> Vec<u64> {
    let told = told(mailbox, to);
    told.iter()
        .filter_map(|notice| notice["number"].as_u64())
        .collect()
}

fn subscriptions_keep_their_promises(host: Kind) {
    let mailbox = Mailbox::open().expect("a mailbox");
    let url = format!("MAILER_URL={}", mailbox.url());
    // These events exist before any notifier subscribes.
    let mut served = support::serve_manifest(&folder(), "silent.toml", host, &["--env", &url]);
    let client = Client::new(served.server.url());
    count(&client, "a", 0, 10);
    let posting = support::composed_manifest(&folder(), "posting.toml", host);
    served
        .server
        .replace(&posting)
        .expect("the host starts again");

    // One subscription starts at the origin, one at the present.
    count(&client, "b", 10, 10);
    finish(&client).expect("all are told");
    assert_eq!(numbers(&mailbox, "Everything"), (0..20).collect::<Vec<_>>());
    assert_eq!(numbers(&mailbox, "Fresh"), (10..20).collect::<Vec<_>>());

    // Filtered by type.
    let poison = client.command("Poison", "poison", br#"{"stream":"a"}"#);
    assert_eq!(poison.expect("an answer").status, 200);
    finish(&client).expect("all are told");
    assert_eq!(told(&mailbox, "Picky").len(), 1);
    assert_eq!(numbers(&mailbox, "Picky"), [0; 0]);

    // A notifier retries an unacknowledged event, and no later event overtakes it. A restart changes nothing.
    mailbox.answer(503);
    count(&client, "a", 20, 5);
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(numbers(&mailbox, "Everything").len(), 20);
    served.server.kill().expect("killed");
    served.server.restart().expect("started");
    mailbox.answer(204);
    finish(&client).expect("all are told");
    assert_eq!(numbers(&mailbox, "Everything"), (0..25).collect::<Vec<_>>());
    let last = told(&mailbox, "Everything");
    let attempt = last.iter().find(|notice| notice["number"] == 20);
    assert!(
        attempt.is_some_and(|notice| notice["attempt"].as_u64() > Some(1)),
        "{attempt:?}"
    );

    // The notifier resumes after the last acknowledged event, and posts none twice.
    served.server.restart().expect("started");
    count(&client, "b", 25, 5);
    finish(&client).expect("all are told");
    assert_eq!(numbers(&mailbox, "Everything"), (0..30).collect::<Vec<_>>());
    assert_eq!(numbers(&mailbox, "Fresh"), (10..30).collect::<Vec<_>>());

    // The notifier catches up while new events arrive, without duplicates and gaps.
    std::thread::scope(|scope| {
        for writer in 0..3_u64 {
            let client = Client::new(served.server.url());
            scope.spawn(move || {
                for number in 0..20 {
                    count(
                        &client,
                        &format!("w{writer}"),
                        1_000 * (writer + 1) + number,
                        1,
                    );
                }
            });
        }
    });
    finish(&client).expect("all are told");
    let everything = numbers(&mailbox, "Everything");
    assert_eq!(everything.len(), 90, "{everything:?}");
    let log: Vec<u64> = client
        .log()
        .expect("the log")
        .iter()
        .filter_map(|event| event["data"]["number"].as_u64())
        .collect();
    assert_eq!(everything, log, "in the order of the log");

    // With several lanes, each stream is in order, and every event arrives once.
    let divided = told(&mailbox, "Divided");
    for stream in ["burst-a", "burst-b", "burst-w0", "burst-w1", "burst-w2"] {
        let of_stream: Vec<u64> = divided
            .iter()
            .filter(|notice| notice["stream"] == stream)
            .filter_map(|notice| notice["number"].as_u64())
            .collect();
        assert!(
            of_stream.is_sorted() && !of_stream.is_empty(),
            "{stream}: {of_stream:?}"
        );
    }
    assert_eq!(divided.len(), 91, "the poison is one of them");
}

#[test]
fn subscriptions_keep_their_promises_on_annals_host() {
    subscriptions_keep_their_promises(Kind::Annals);
}

#[test]
fn subscriptions_keep_their_promises_on_wasmtime_serve() {
    subscriptions_keep_their_promises(Kind::Wasmtime);
}

fn waiting_for_reactions(host: Kind) {
    let mailbox = Mailbox::open().expect("a mailbox");
    let url = format!("MAILER_URL={}", mailbox.url());
    let served = support::serve_manifest(&folder(), "posting.toml", host, &["--env", &url]);
    let client = Client::new(served.server.url());
    for number in 0..10 {
        let body = json!({"stream": "a", "from": number, "count": 1}).to_string();
        let headers = [("prefer", "wait=10")];
        let answer = client
            .post("/commands/Count", &headers, body.as_bytes())
            .expect("an answer");
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(numbers(&mailbox, "Everything").last(), Some(&number));
        assert_eq!(numbers(&mailbox, "Divided").len() as u64, number + 1);
    }
    // A reaction that does not finish in time is named in the answer.
    mailbox.answer(503);
    let began = Instant::now();
    let body = br#"{"stream":"a","from":99,"count":1}"#;
    let answer = client
        .post("/commands/Count", &[("prefer", "wait=1")], body)
        .expect("an answer");
    assert_eq!(answer.status, 202, "{}", answer.text);
    assert!(began.elapsed() < Duration::from_secs(20));
    assert_eq!(answer.body["version"], 11);
    let lagging = answer.body["lagging"].as_array().expect("names");
    assert!(lagging.contains(&json!("everything")), "{}", answer.text);
    assert!(!lagging.contains(&json!("picky")), "{}", answer.text);
}

#[test]
fn a_command_waits_for_its_reactions_on_annals_host() {
    waiting_for_reactions(Kind::Annals);
}

#[test]
fn a_command_waits_for_its_reactions_on_wasmtime_serve() {
    waiting_for_reactions(Kind::Wasmtime);
}
