//! The user's parts in place of the framework's: an ingress and a store adapter from another workspace.

use crate::support::{self, Served};
use annals_tests::client::{Answer, Client};
use annals_tests::server::{Kind, Server};
use annals_tests::tools;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The variable with the key of the encrypted store.
const KEY: &str = "BANK_STORE_KEY=QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVowMTIzNDU=";
const OTHER_KEY: &str = "BANK_STORE_KEY=MDEyMzQ1Njc4OUFCQ0RFRkdISUpLTE1OT1BRUlNUVVY=";

fn own_parts() -> PathBuf {
    tools::workspace().join("examples/own-parts")
}

fn client(server: &Server) -> Client {
    Client::new(server.url())
}

fn post(client: &Client, path: &str, key: &str, body: &Value) -> Answer {
    let headers = [("Idempotency-Key", key)];
    client
        .post(path, &headers, body.to_string().as_bytes())
        .expect("an answer")
}

/// Waits until the account has this balance.
fn balance(client: &Client, account: &str, expected: i64) {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let answer = client
            .get(&format!("/accounts/{account}"))
            .expect("an answer");
        if answer.body["balance"] == expected {
            assert_eq!(answer.status, 200);
            return;
        }
        assert!(Instant::now() < deadline, "{}", answer.text);
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn own_routes(client: &Client) {
    let new = json!({"account": "a", "owner": "Ada Lovelace", "deposit": 100});
    let answer = post(client, "/accounts", "k1", &new);
    assert_eq!(answer.status, 201, "{}", answer.text);
    assert_eq!(answer.header("location"), Some("/accounts/a"));
    let again = post(client, "/accounts", "k1", &new);
    assert_eq!((again.status, &again.body), (201, &answer.body));
    let exists = post(client, "/accounts", "k2", &new);
    assert_eq!(
        (exists.status, &exists.body["code"]),
        (422, &json!("account-exists"))
    );

    let answer = post(client, "/accounts/a/deposits", "k3", &json!({"amount": 20}));
    assert_eq!((answer.status, &answer.body["version"]), (201, &json!(2)));
    let refused = post(
        client,
        "/accounts/a/withdrawals",
        "k4",
        &json!({"amount": 500}),
    );
    assert_eq!(
        (refused.status, &refused.body["code"]),
        (422, &json!("insufficient-funds"))
    );
    let wrong = post(client, "/accounts/a/deposits", "k5", &json!({"amont": 20}));
    assert_eq!(wrong.status, 400, "{}", wrong.text);
    assert!(wrong.text.contains("amont"), "{}", wrong.text);
    balance(client, "a", 120);
    assert_eq!(
        client.get("/accounts/nobody").expect("an answer").status,
        404
    );

    let other = json!({"account": "b", "owner": "Bob", "deposit": 0});
    assert_eq!(post(client, "/accounts", "k6", &other).status, 201);
    let transfer = json!({"transfer": "t", "from": "a", "to": "b", "amount": 50});
    assert_eq!(post(client, "/transfers", "k7", &transfer).status, 202);
    balance(client, "a", 70);
    balance(client, "b", 50);
}

/// The user's ingress passes all other requests on to the framework's ingress.
fn passed_on(client: &Client) {
    let about = client.get("/").expect("an answer");
    assert_eq!(about.status, 200, "{}", about.text);
    assert!(!client.log().expect("the log").is_empty());
    let events = client.stream("account-a").expect("the stream");
    assert_eq!(events[0]["data"]["owner"], "Ada Lovelace");
    let command = json!({"account": "b", "amount": 1});
    assert_eq!(
        post(client, "/commands/Deposit", "k8", &command).status,
        200
    );
    assert_eq!(client.get("/accounts").expect("an answer").status, 404);
}

fn serves_its_own_routes(host: Kind) {
    let served = support::serve_manifest(&own_parts(), "rest.toml", host, &[]);
    let client = client(&served.server);
    own_routes(&client);
    passed_on(&client);
}

#[test]
fn an_own_ingress_stands_in_front_of_ours_on_annals_host() {
    serves_its_own_routes(Kind::Annals);
}

#[test]
fn an_own_ingress_stands_in_front_of_ours_on_wasmtime_serve() {
    serves_its_own_routes(Kind::Wasmtime);
}

/// True if a file below a folder contains this text.
fn holds(folder: &Path, text: &str) -> bool {
    let entries = std::fs::read_dir(folder).expect("a folder");
    entries.flatten().any(|entry| {
        let path = entry.path();
        if path.is_dir() {
            return holds(&path, text);
        }
        let bytes = std::fs::read(&path).unwrap_or_default();
        bytes
            .windows(text.len())
            .any(|found| found == text.as_bytes())
    })
}

fn encrypted(flags: &[&str]) -> Served {
    support::serve_manifest(&own_parts(), "annals.toml", Kind::Annals, flags)
}

#[test]
fn an_own_store_adapter_keeps_what_the_host_cannot_read() {
    let plain = support::serve_manifest(&own_parts(), "rest.toml", Kind::Annals, &[]);
    own_routes(&client(&plain.server));
    assert!(
        holds(&plain.store(), "Ada Lovelace"),
        "else the search says nothing"
    );

    let mut served = encrypted(&["--env", KEY]);
    own_routes(&client(&served.server));
    let log = client(&served.server).log().expect("the log");
    served.server.kill().expect("killed");
    assert!(!holds(&served.store(), "Ada Lovelace"));
    served.server.restart().expect("it starts again");
    let client = client(&served.server);
    assert_eq!(client.log().expect("the log"), log);
    balance(&client, "b", 50);
}

#[test]
fn an_own_store_adapter_says_what_is_wrong_with_its_settings() {
    let served = encrypted(&[]);
    let health = client(&served.server).get("/healthz").expect("an answer");
    assert_eq!(health.status, 503, "{}", health.text);
    assert!(
        health.text.contains("BANK_STORE_KEY is not set"),
        "{}",
        health.text
    );

    let served = encrypted(&["--env", KEY]);
    own_routes(&client(&served.server));
    let store = served.store();
    let app = support::composed(&own_parts(), Kind::Annals);
    drop(served.server);
    let data = store.parent().expect("its folder").to_path_buf();
    let server = Server::start_with(Kind::Annals, &app, &data, &["--env", OTHER_KEY]);
    let server = server.expect("it starts");
    let answer = client(&server).get("/events").expect("an answer");
    assert_eq!(answer.status, 503, "{}", answer.text);
    assert!(
        answer.text.contains("cannot be decrypted"),
        "{}",
        answer.text
    );
}
