//! The features of process managers: the ids of their commands, and internal commands.

use crate::support::{self, Served};
use annals_tests::app;
use annals_tests::client::{Answer, Client};
use annals_tests::server::Kind;
use serde_json::{Value, json};

/// The bank with two accounts. Events are delivered only on request.
fn bank() -> (Served, Client) {
    let served = support::serve_manifest(
        &app::bank(),
        "annals.toml",
        Kind::Annals,
        &["--no-delivery"],
    );
    let client = Client::new(served.server.url());
    for account in ["a", "b"] {
        let body = json!({"account": account, "owner": "Ada", "deposit": 100});
        assert_eq!(post(&client, "OpenAccount", None, &body).status, 200);
    }
    (served, client)
}

fn post(client: &Client, command: &str, key: Option<&str>, body: &Value) -> Answer {
    let headers: Vec<(&str, &str)> = key
        .map(|key| ("Idempotency-Key", key))
        .into_iter()
        .collect();
    let path = format!("/commands/{command}");
    client
        .post(&path, &headers, body.to_string().as_bytes())
        .expect("an answer")
}

/// The process manager's name, and the events of a transfer after its process has ended.
fn transferred(client: &Client, manager: &str) -> Vec<Value> {
    let pump = format!("/admin/pump?reaction={manager}&budget=2000");
    for _ in 0..50 {
        let pumped = client.post(&pump, &[], b"").expect("an answer");
        assert_eq!(pumped.status, 200, "{}", pumped.text);
        if pumped.body["delivered"] == 0 && pumped.body["more"] == false {
            break;
        }
    }
    let stream = client.get("/streams/transfer-t1").expect("an answer");
    stream.body["events"].as_array().expect("events").clone()
}

fn manager(client: &Client) -> String {
    let about = client.get("/").expect("an answer");
    let reactions = about.body["reactions"].as_array().expect("reactions");
    let manager = reactions
        .iter()
        .find(|one| one["kind"] == "process-manager");
    manager.expect("one")["name"]
        .as_str()
        .expect("a name")
        .to_owned()
}

#[test]
fn annals_host_keeps_process_managers_command_ids_from_clients() {
    let (_served, client) = bank();
    let manager = manager(&client);
    let body = json!({"transfer": "t1", "from": "a", "to": "b", "amount": 30});
    let requested = post(&client, "RequestTransfer", None, &body);
    let event = requested.body["events"][0]["id"]
        .as_str()
        .expect("an event")
        .to_owned();
    let theirs = json!({"account": "b", "amount": 1});
    for key in [
        format!("{event}:{manager}:0"),
        // RFC structured strings are quoted; the id inside the quotes is the same.
        format!("\"{event}:{manager}:0\""),
        format!("{event}:anything"),
    ] {
        let refused = post(&client, "Deposit", Some(&key), &theirs);
        assert_eq!(refused.status, 400, "{key}: {}", refused.text);
        let detail = refused.body["detail"].as_str().expect("a detail");
        assert!(detail.contains("process managers"), "{detail}");
    }
    let events = transferred(&client, &manager);
    let last = events.last().expect("an event");
    assert_eq!(last["type"], "TransferCompleted", "{events:?}");
    let letters = client.get("/admin/dead-letters").expect("an answer");
    assert_eq!(letters.body["deadLetters"], json!([]));
}

#[test]
fn annals_host_knows_no_internal_command_outside() {
    let (_served, client) = bank();
    let about = client.get("/").expect("an answer");
    let commands: Vec<&str> = about.body["commands"]
        .as_array()
        .expect("commands")
        .iter()
        .filter_map(|command| command["type"].as_str())
        .collect();
    assert!(commands.contains(&"RequestTransfer"), "{commands:?}");
    let body = json!({"transfer": "t1", "reason": "because"});
    for wanted in ["CompleteTransfer", "FailTransfer", "CompleteTransfr"] {
        assert!(!commands.contains(&wanted), "{commands:?}");
        let refused = post(&client, wanted, None, &body);
        assert_eq!(
            (refused.status, refused.problem()),
            (404, Some("unknown-command"))
        );
        let nearest = refused.body["nearest"].to_string();
        assert!(!nearest.contains("CompleteTransfer"), "{nearest}");
    }
    let body = json!({"transfer": "t1", "from": "a", "to": "b", "amount": 30});
    assert_eq!(post(&client, "RequestTransfer", None, &body).status, 200);
    let events = transferred(&client, &manager(&client));
    assert_eq!(
        events.last().expect("an event")["type"],
        "TransferCompleted"
    );
}
