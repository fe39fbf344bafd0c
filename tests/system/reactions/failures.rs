//! Handlers that always fail, and the handlers beside them.

use crate::support;
use annals_tests::client::Client;
use annals_tests::server::Kind;
use annals_tests::tools;
use annals_tests::transfers::{finish, view_rows};
use serde_json::json;
use std::collections::BTreeMap;

/// Events before and after the poison.
const EVENTS: u64 = 20;

fn count(client: &Client, number: u64) {
    let body = json!({"stream": "s", "from": number, "count": 1}).to_string();
    let answer = client.command("Count", &format!("c{number}"), body.as_bytes());
    assert_eq!(answer.expect("an answer").status, 200);
}

/// The flags give endless loops a short time limit.
fn failing_handlers_harm_nobody(host: Kind, flags: &[&str]) {
    let folder = tools::workspace().join("tests/reactions");
    let served = support::serve_manifest(&folder, "faulty.toml", host, flags);
    let client = Client::new(served.server.url());
    (0..EVENTS).for_each(|number| count(&client, number));
    let poison = client.command("Poison", "p", br#"{"stream":"s"}"#);
    assert_eq!(poison.expect("an answer").status, 200);
    (EVENTS..2 * EVENTS).for_each(|number| count(&client, number));
    finish(&client).expect("everybody gets past the poison");

    let letters = client.get("/admin/dead-letters").expect("an answer");
    let parked: BTreeMap<String, (u64, String)> = letters.body["deadLetters"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|letter| {
            assert_eq!(letter["eventType"], "Poisoned", "{letter}");
            let text = |field: &str| letter[field].as_str().unwrap_or_default().to_owned();
            let attempts = letter["attempts"].as_u64().unwrap_or_default();
            (text("reaction"), (attempts, text("reason")))
        })
        .collect();
    let names: Vec<&str> = parked.keys().map(String::as_str).collect();
    let expected = [
        "looping-process",
        "refusing-notifier",
        "trapping-notifier",
        "traps",
    ];
    assert_eq!(names, expected);
    for (name, (attempts, reason)) in &parked {
        match name.as_str() {
            "refusing-notifier" => {
                assert_eq!((*attempts, reason.as_str()), (1, "poison, at attempt 1"));
            }
            _ => {
                assert_eq!(*attempts, 2, "{name}");
                assert!(reason.contains("did not come back"), "{name}: {reason}");
            }
        }
    }
    // The healthy handlers got every event, and the failing ones got every event except the poison.
    let row = |view: &str| view_rows(&client, view).expect("the view")["burst-s"].clone();
    assert_eq!(row("healthy"), json!(2 * EVENTS + 1));
    let sum: u64 = (0..2 * EVENTS).sum();
    assert_eq!(row("traps"), json!(sum));

    // The process waits for its poison event, and its dead letter lists it.
    let all = letters.body["deadLetters"].as_array().expect("a list");
    let of_process = all.iter().find(|letter| letter["waiting"].is_array());
    let of_process = of_process.expect("a process waits");
    let text = |field: &str| of_process[field].as_str().expect("a text").to_owned();
    let waiting = of_process["waiting"][0].as_str().expect("a process");
    let path = format!("/admin/reactions/{}/processes/{waiting}", text("reaction"));
    let process = || client.get(&path).expect("an answer").body;
    let before: u64 = (0..EVENTS).sum();
    assert_eq!(process()["waitsFor"], json!(text("id")), "{}", process());
    assert_eq!(
        process()["state"],
        json!(before),
        "nothing behind the poison"
    );

    // An event that still fails stays parked. A skipped event is removed.
    let id = letters.body["deadLetters"][1]["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let one = client
        .get(&format!("/admin/dead-letters/{id}"))
        .expect("an answer");
    assert_eq!(one.body["event"]["type"], "Poisoned", "{}", one.text);
    let again = client.post(&format!("/admin/dead-letters/{id}/retry"), &[], b"");
    let again = again.expect("an answer");
    assert_eq!(
        (again.status, again.problem()),
        (409, Some("still-failing")),
        "{}",
        again.text
    );
    for letter in letters.body["deadLetters"].as_array().expect("a list") {
        let id = letter["id"].as_str().expect("an id");
        let skipped = client.post(&format!("/admin/dead-letters/{id}/skip"), &[], b"");
        assert!((200..300).contains(&skipped.expect("an answer").status));
    }
    let none = client.get("/admin/dead-letters").expect("an answer");
    assert_eq!(none.body["deadLetters"], json!([]));
    assert_eq!(process()["waitsFor"], json!(null), "{}", process());
    assert_eq!(
        process()["state"],
        json!(sum),
        "it has taken in what came meanwhile"
    );
}

#[test]
fn failing_handlers_harm_nobody_on_annals_host() {
    failing_handlers_harm_nobody(Kind::Annals, &["--timeout", "3s"]);
}

#[test]
fn failing_handlers_harm_nobody_on_wasmtime_serve() {
    failing_handlers_harm_nobody(Kind::Wasmtime, &["-W", "timeout=3s"]);
}
