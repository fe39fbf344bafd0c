//! The bank composed for a host without compare-and-swap. annals-host also offers the interface of such hosts.

use annals_host::store::{Embedded, Kv as _};
use annals_tests::app;
use annals_tests::bank::{self, check_log};
use annals_tests::client::{Answer, Client, number};
use annals_tests::server::{Kind, Server};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{LazyLock, Mutex};
use std::time::Duration;
use tempfile::TempDir;

/// The bank, composed once.
fn composed() -> PathBuf {
    static FOLDER: LazyLock<TempDir> = LazyLock::new(|| {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("bank.wasm").display().to_string();
        let out = app::annals(
            &app::bank(),
            &["compose", "--host", "wasmcloud", "-o", &file],
        );
        let out = out.expect("annals runs");
        assert!(
            out.status.success(),
            "{}",
            String::from_utf8_lossy(&out.stderr)
        );
        folder
    });
    FOLDER.path().join("bank.wasm")
}

fn serve() -> (Server, TempDir) {
    let data = tempfile::tempdir().expect("a temporary folder");
    let server = Server::start(Kind::Annals, &composed(), data.path()).expect("the host starts");
    (server, data)
}

fn open(client: &Client, account: &str) -> anyhow::Result<Answer> {
    let body = json!({"account": account, "owner": "o", "deposit": 1}).to_string();
    client.post(
        "/commands/OpenAccount",
        &[("idempotency-key", account)],
        body.as_bytes(),
    )
}

/// The slot that an answer asks an operator to repair.
fn stuck(answer: &Answer) -> Option<String> {
    let (_, rest) = answer.body["detail"].as_str()?.split_once("{\"key\": \"")?;
    Some(rest.split_once('"')?.0.to_owned())
}

fn repair(client: &Client, key: &str) -> Answer {
    let body = json!({"key": key}).to_string();
    client
        .post("/admin/repair", &[], body.as_bytes())
        .expect("an answer")
}

#[test]
fn the_bank_plays_to_the_oracle_without_compare_and_swap() {
    let (mut server, _data) = serve();
    let tally = bank::play(&mut server, 0).expect("the host stays");
    assert!(tally.wrong.is_empty(), "{:#?}", tally.wrong);
    assert_eq!(tally.lost, 0);
    assert!(tally.commands >= 2000, "{tally:?}");
}

#[test]
fn a_slot_whose_writer_died_is_told_by_name_and_repaired_over_http() {
    let (mut server, data) = serve();
    let client = Client::new(server.url());
    assert_eq!(open(&client, "one").expect("an answer").status, 200);
    server.kill().expect("killed");
    // Leave the state of a writer that died between its two steps.
    for key in [
        "c.log.0000000000000002",
        "c.stream.account-two.0000000000000001",
        "c.command.two",
    ] {
        let store = Embedded::open(&data.path().join("store")).expect("the store opens");
        let counted = store.increment("default", key, 7, 0..=i128::MAX);
        assert_eq!(counted.expect("counted"), 7);
        let durable = tokio::runtime::Runtime::new()
            .expect("a runtime")
            .block_on(store.barrier().wait());
        durable.expect("durable");
    }
    server.restart().expect("the host starts");

    let mut repaired = Vec::new();
    let last = loop {
        let answer = open(&client, "two").expect("an answer");
        if answer.status == 200 {
            break answer;
        }
        assert_eq!(answer.status, 503, "{}", answer.text);
        assert!(
            ["in-doubt", "store-unavailable"].contains(&answer.problem().unwrap_or_default()),
            "{}",
            answer.text
        );
        assert_eq!(answer.header("retry-after"), Some("1"));
        let key = stuck(&answer).expect("a key");
        assert!(server.log_text().contains(&key), "the host's log names it");
        let answer = repair(&client, &key);
        assert_eq!(
            (answer.status, answer.body["result"].as_str()),
            (200, Some("written")),
            "{}",
            answer.text
        );
        assert_eq!(repair(&client, &key).body["result"], "decided");
        repaired.push(key);
    };
    assert_eq!(
        repaired,
        [
            "a.command.two",
            "a.log.0000000000000002",
            "a.stream.account-two.0000000000000001"
        ]
    );
    assert_eq!(last.body["version"], 1);
    assert_eq!(last.body["duplicate"], false);
    assert_eq!(
        open(&client, "two").expect("an answer").body["duplicate"],
        true
    );
    let log = client.log().expect("the log");
    assert_eq!(log.len(), 2);
    assert_eq!(check_log(&log), Vec::<String>::new());

    for (body, status) in [
        (json!({"key": "a.log.0000000000000009"}), 400),
        (json!({"key": "a.log-hint"}), 400),
        (json!({"key": 7}), 400),
        (json!({"keys": "a.log.0000000000000004"}), 400),
        (json!({}), 400),
        (json!(7), 400),
    ] {
        let answer = client.post("/admin/repair", &[], body.to_string().as_bytes());
        assert_eq!(answer.expect("an answer").status, status, "{body}");
    }
    assert_eq!(client.get("/admin/repair").expect("an answer").status, 405);
}

/// Active writers are killed. The slots that get stuck are repaired as the store's messages instruct, and no
/// acknowledged event is lost.
#[test]
fn kills_in_full_flight_lose_nothing_and_what_is_stuck_can_be_repaired() {
    let (mut server, _data) = serve();
    let acknowledged = Mutex::new(BTreeMap::new());
    let mut repairs = 0;
    for round in 0..6_u64 {
        let url = server.url();
        std::thread::scope(|scope| {
            for writer in 0..4 {
                let (url, acknowledged) = (url.clone(), &acknowledged);
                scope.spawn(move || {
                    let client = Client::new(url);
                    for n in 0.. {
                        let account = format!("{round}-{writer}-{n}");
                        let Ok(answer) = open(&client, &account) else {
                            return;
                        };
                        if answer.status == 200 {
                            let position = answer.body["position"].as_u64();
                            acknowledged
                                .lock()
                                .expect("no panic")
                                .insert(account, position);
                        }
                    }
                });
            }
            std::thread::sleep(Duration::from_millis(300 + 37 * round));
            server.kill().expect("killed");
        });
        server.restart().expect("the host starts");
        let client = Client::new(server.url());
        loop {
            let answer = open(&client, &format!("after-{round}")).expect("an answer");
            if answer.status == 200 {
                break;
            }
            let key = stuck(&answer).unwrap_or_else(|| panic!("{}", answer.text));
            assert_eq!(repair(&client, &key).body["result"], "written");
            repairs += 1;
        }
    }
    let client = Client::new(server.url());
    // A reader of the log meets a stuck slot of a stream, once its ref is old.
    let log = loop {
        let page = client.get("/events?limit=1000").expect("an answer");
        if page.status == 503 {
            let key = stuck(&page).unwrap_or_else(|| panic!("{}", page.text));
            assert_eq!(repair(&client, &key).body["result"], "written");
            repairs += 1;
            continue;
        }
        let log = client.log();
        match log {
            Ok(log) if log.last().is_some_and(|e| e["commandid"] == "after-5") => break log,
            Ok(_) => std::thread::sleep(Duration::from_millis(500)),
            Err(why) => {
                let text = why.to_string();
                let rest = text.split_once("{\\\"key\\\": \\\"").map(|(_, rest)| rest);
                let key = rest.and_then(|rest| rest.split_once("\\\""));
                let (key, _) = key.unwrap_or_else(|| panic!("{text}"));
                assert_eq!(repair(&client, key).body["result"], "written");
                repairs += 1;
            }
        }
    };
    assert_eq!(check_log(&log), Vec::<String>::new());
    let positions: BTreeMap<_, _> = log
        .iter()
        .map(|event| {
            let command = event["commandid"].as_str().unwrap_or_default();
            (command.to_owned(), number(&event["position"]))
        })
        .collect();
    let acknowledged = acknowledged.into_inner().expect("no panic");
    for (account, position) in &acknowledged {
        assert_eq!(positions.get(account), Some(position), "{account}");
    }
    println!("{} acknowledged, {repairs} repairs", acknowledged.len());
}
