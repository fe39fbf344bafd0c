//! This version serves a store that version 0.1 wrote: with the same answers, and with new events behind the old
//! ones.

use crate::support;
use annals_event_log::file_name;
use annals_host::store::{Embedded, Kv};
use annals_tests::client::{Answer, Client};
use annals_tests::server::{Kind, Server};
use annals_tests::tools;
use annals_tests::transfers::finish;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The bucket of an application with default settings.
const BUCKET: &str = "default";
/// Number of deposits to one account: more than one copy of slots has, and more than one snapshot interval.
const DEPOSITS: u32 = 300;

#[derive(Serialize, Deserialize)]
struct Slot {
    key: String,
    value: String,
}

/// A request and its recorded answer.
#[derive(Debug, Serialize, Deserialize)]
struct Exchange {
    path: String,
    /// A command with its key. `None`: the request is a `GET`.
    command: Option<(String, String)>,
    status: u16,
    body: Value,
}

fn folder() -> PathBuf {
    tools::workspace().join("tests/golden-store")
}

fn unpacked(name: &str) -> String {
    let file = File::open(folder().join(name)).expect("the file");
    let mut text = String::new();
    let read = GzDecoder::new(file).read_to_string(&mut text);
    read.expect("the text");
    text
}

fn pack(name: &str, lines: impl Iterator<Item = impl Serialize>) {
    let file = File::create(folder().join(name)).expect("a file");
    let mut out = GzEncoder::new(file, Compression::best());
    for line in lines {
        let line = serde_json::to_string(&line).expect("text");
        writeln!(out, "{line}").expect("written");
    }
    out.finish().expect("written");
}

fn ask(client: &Client, path: &str, command: Option<&(String, String)>) -> Answer {
    let answer = match command {
        None => client.get(path),
        Some((key, body)) => {
            let headers = [
                ("content-type", "application/json"),
                ("idempotency-key", key),
            ];
            client.post(path, &headers, body.as_bytes())
        }
    };
    answer.expect("an answer")
}

/// The machine-readable part of an answer: the texts of a problem may change.
fn meaning(body: &Value) -> Value {
    let problem = body["type"].as_str();
    match problem.filter(|slug| slug.starts_with("urn:annals:problem:")) {
        Some(slug) => json!({"type": slug, "code": body["code"], "details": body["details"]}),
        None => body.clone(),
    }
}

/// Writes the slots in the format of a host.
fn lay(host: Kind, store: &Path) {
    let slots = unpacked("slots.jsonl.gz");
    let slots = slots.lines().map(|line| {
        let slot: Slot = serde_json::from_str(line).expect("a slot");
        (slot.key, STANDARD.decode(slot.value).expect("Base64"))
    });
    std::fs::create_dir_all(store).expect("a folder");
    if host == Kind::Annals {
        let embedded = Embedded::open(store).expect("a store");
        for (key, value) in slots {
            embedded.set(BUCKET, &key, &value).expect("written");
        }
        return;
    }
    for (key, value) in slots {
        let name = file_name::of(&key);
        let shard = store.join(file_name::shard(&name));
        std::fs::create_dir_all(&shard).expect("a shard");
        std::fs::write(shard.join(name), value).expect("written");
    }
}

fn is_served(host: Kind) {
    let app = support::composed_manifest(&folder(), "annals.toml", host);
    is_served_by(host, &app);
}

/// The application gives the recorded answers on the golden store, and continues to write to it.
pub fn is_served_by(host: Kind, app: &Path) {
    let data = tempfile::tempdir().expect("a folder");
    let store = data.path().join("store");
    lay(host, &store);
    let mut server = Server::start(host, app, data.path()).expect("it starts");
    let client = Client::new(server.url());
    let answers: Vec<Exchange> = unpacked("answers.jsonl.gz")
        .lines()
        .map(|line| serde_json::from_str(line).expect("an exchange"))
        .collect();
    assert!(answers.len() > 100);
    for known in &answers {
        let answer = ask(&client, &known.path, known.command.as_ref());
        assert_eq!(
            (answer.status, meaning(&answer.body)),
            (known.status, meaning(&known.body)),
            "{} {:?}",
            known.path,
            known.command
        );
    }

    // New events follow the old ones, on every stream and in every reaction.
    let before = client.log().expect("the log").len();
    for account in 0..10 {
        let body = json!({"account": account.to_string(), "amount": 1}).to_string();
        let answer = client.command("Deposit", &format!("new-{account}"), body.as_bytes());
        assert_eq!(answer.expect("an answer").status, 200);
    }
    let transfer = json!({"transfer": "new", "from": "0", "to": "1", "amount": 5}).to_string();
    let answer = client.command("RequestTransfer", "new-transfer", transfer.as_bytes());
    assert_eq!(answer.expect("an answer").status, 200);
    finish(&client).expect("the reactions finish");
    let log = client.log().expect("the log");
    // The ten deposits, and the transfer with at least three events: requested, withdrawn, deposited, ended.
    assert!(log.len() >= before + 10 + 3, "{before}, {}", log.len());
    let state = |stream: &str| {
        let path = format!("/streams/{stream}/state?decider=transact");
        client.get(&path).expect("an answer").body["state"].clone()
    };
    assert_eq!(
        state("account-0"),
        1000 + i64::from(DEPOSITS) - 5 + 1 - SENT
    );
    let row = client.get("/views/balances/0").expect("an answer").body;
    assert_eq!(row["balance"], state("account-0"), "{row}");

    server.kill().expect("it ends");
    let verify = Command::new(tools::built("annals-host").expect("it is built"))
        .args(["verify", "--store"])
        .arg(&store)
        .output()
        .expect("it runs");
    let error = String::from_utf8_lossy(&verify.stderr);
    assert!(verify.status.success(), "{error}");
}

/// The sum of the transfers out of the long account when the store was written.
const SENT: i64 = 60;

#[test]
fn the_golden_store_is_served_by_annals_host() {
    is_served(Kind::Annals);
}

#[test]
fn the_golden_store_is_served_by_wasmtime_serve() {
    is_served(Kind::Wasmtime);
}

/// Writes the contents of the golden store.
fn play(client: &Client) {
    let send = |command: &str, key: &str, body: Value| {
        let answer = client.command(command, key, body.to_string().as_bytes());
        answer.expect("an answer").status
    };
    for account in 0..10 {
        let open = json!({"account": account.to_string(), "owner": "Ada", "deposit": 1000});
        assert_eq!(send("OpenAccount", &format!("open-{account}"), open), 200);
    }
    for n in 0..DEPOSITS {
        let deposit = json!({"account": "0", "amount": 1});
        // Most deposits have no key.
        let key = format!("deposit-{n}");
        let headers: &[(&str, &str)] = match n % 10 {
            0 => &[("idempotency-key", &key)],
            _ => &[],
        };
        let body = deposit.to_string();
        let answer = client.post("/commands/Deposit", headers, body.as_bytes());
        assert_eq!(answer.expect("an answer").status, 200);
    }
    let broke = json!({"account": "3", "amount": 5000});
    assert_eq!(send("Withdraw", "too-much", broke), 422);
    let transfer = |id: &str, from: &str, to: &str, amount: u32| {
        let body = json!({"transfer": id, "from": from, "to": to, "amount": amount});
        assert_eq!(send("RequestTransfer", id, body), 200, "{id}");
    };
    transfer("t1", "0", "1", 30);
    transfer("t2", "1", "2", 40);
    transfer("t3", "4", "5", 9_999);
    // The target account does not exist, so the withdrawn money is returned.
    transfer("t4", "6", "nobody", 10);
    transfer("t5", "0", "7", 30);
    finish(client).expect("the reactions finish");
    // One generation is replaced, and one is dropped.
    for _ in 0..2 {
        let answer = client.post("/admin/reactions/balances/rebuild", &[], b"");
        assert_eq!(answer.expect("an answer").status, 202);
        finish(client).expect("the reactions finish");
    }
    let dropped = client.delete("/admin/reactions/balances/generations/1");
    assert_eq!(dropped.expect("an answer").status, 200);
    let letters = client.get("/admin/dead-letters").expect("an answer");
    let letter = letters.body["deadLetters"][0]["id"].as_str().expect("one");
    let skipped = client.post(&format!("/admin/dead-letters/{letter}/skip"), &[], b"");
    assert_eq!(skipped.expect("an answer").status, 200);
}

/// The requests to the finished store.
fn questions(client: &Client) -> Vec<(String, Option<(String, String)>)> {
    let mut asked: Vec<String> = Vec::new();
    let pages = |first: String, asked: &mut Vec<String>| {
        let mut path = first.clone();
        loop {
            let page = client.get(&path).expect("an answer").body;
            asked.push(path);
            if page["end"] == true {
                return;
            }
            let next = match &page["next"] {
                Value::String(next) => next.clone(),
                next => next.to_string(),
            };
            path = format!("{first}&after={next}");
        }
    };
    pages("/events?limit=100".into(), &mut asked);
    pages("/events?limit=50&category=transfer".into(), &mut asked);
    pages("/views/balances?limit=4".into(), &mut asked);
    pages("/views/statements?limit=100&prefix=0/".into(), &mut asked);
    pages("/admin/dead-letters?limit=20".into(), &mut asked);
    pages(
        "/admin/reactions/transfer/processes?limit=3".into(),
        &mut asked,
    );
    for account in 0..10 {
        asked.push(format!("/streams/account-{account}?limit=1000"));
        asked.push(format!("/streams/account-{account}?before=end&limit=7"));
        for decider in ["transact", "open-account"] {
            let path = format!("/streams/account-{account}/state?decider={decider}");
            asked.push(format!("{path}&at=1"));
            asked.push(path);
        }
        asked.push(format!("/views/balances/{account}"));
    }
    for transfer in 1..=5 {
        asked.push(format!("/streams/transfer-t{transfer}"));
    }
    for path in ["/streams/account-nobody", "/views/balances/nobody"] {
        asked.push(path.into());
    }
    let letters = client
        .get("/admin/dead-letters?limit=3")
        .expect("an answer");
    for letter in letters.body["deadLetters"].as_array().into_iter().flatten() {
        let id = letter["id"].as_str().expect("an id");
        asked.push(format!("/admin/dead-letters/{id}"));
    }
    let mut all: Vec<_> = asked.into_iter().map(|path| (path, None)).collect();
    let mut again = |command: &str, key: String, body: Value| {
        let path = format!("/commands/{command}");
        all.push((path, Some((key, body.to_string()))));
    };
    for account in 0..10 {
        let open = json!({"account": account.to_string(), "owner": "Ada", "deposit": 1000});
        again("OpenAccount", format!("open-{account}"), open);
    }
    for n in (0..DEPOSITS).step_by(10) {
        let deposit = json!({"account": "0", "amount": 1});
        again("Deposit", format!("deposit-{n}"), deposit);
    }
    let broke = json!({"account": "3", "amount": 5000});
    again("Withdraw", "too-much".into(), broke);
    // The key belongs to another command.
    let other = json!({"account": "3", "amount": 5001});
    again("Withdraw", "too-much".into(), other);
    all
}

#[test]
#[ignore = "writes the golden store, once for each format"]
fn writes_the_golden_store() {
    let app = support::composed_manifest(&folder(), "annals.toml", Kind::Annals);
    let data = tempfile::tempdir().expect("a folder");
    // No server listens on port 1.
    let flags = ["--env", "MAILER_URL=http://127.0.0.1:1/"];
    let mut server =
        Server::start_with(Kind::Annals, &app, data.path(), &flags).expect("it starts");
    let client = Client::new(server.url());
    play(&client);
    let exchange = |(path, command): (String, Option<(String, String)>)| {
        let Answer { status, body, .. } = ask(&client, &path, command.as_ref());
        Exchange {
            path,
            command,
            status,
            body,
        }
    };
    let asked = questions(&client);
    pack("answers.jsonl.gz", asked.into_iter().map(exchange));
    server.kill().expect("it ends");

    let store = Embedded::open(&data.path().join("store")).expect("the store");
    let keys = store.list_keys(BUCKET, None, usize::MAX).expect("the keys");
    let slot = |key: String| {
        let value = store.get(BUCKET, &key).expect("read").expect("a value");
        let value = STANDARD.encode(value);
        Slot { key, value }
    };
    pack("slots.jsonl.gz", keys.into_iter().map(slot));
}
