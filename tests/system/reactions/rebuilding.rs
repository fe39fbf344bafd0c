//! A projector's bug is fixed: its view is rebuilt while commands run and readers read.

use crate::support;
use annals_tests::client::Client;
use annals_tests::server::Kind;
use annals_tests::tools;
use annals_tests::transfers::{finish, view_rows};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

const STREAMS: u64 = 10;
/// Events of one command.
const BURST: u64 = 1_000;

fn folder() -> PathBuf {
    tools::workspace().join("tests/reactions")
}

fn count(client: &Client, id: &str, stream: u64, from: u64, count: u64) -> u16 {
    let body = json!({"stream": stream.to_string(), "from": from, "count": count}).to_string();
    let answer = client.command("Count", id, body.as_bytes());
    answer.expect("an answer").status
}

fn expected(log: &[Value]) -> BTreeMap<String, Value> {
    let mut rows: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for event in log {
        let number = event["data"]["number"].as_u64().unwrap_or_default();
        let row = rows.entry((number % 10).to_string()).or_default();
        *row = (row.0 + 1, row.1 + number);
    }
    let row = |(key, (events, sum))| (key, json!({"by": 2, "events": events, "sum": sum}));
    rows.into_iter().map(row).collect()
}

/// The versions of the projector that wrote the rows of a whole view, and the sum of their events.
fn writers(rows: &BTreeMap<String, Value>) -> (BTreeSet<u64>, u64) {
    let by = |row: &Value| row["by"].as_u64().unwrap_or_default();
    let events = |row: &Value| row["events"].as_u64().unwrap_or_default();
    (
        rows.values().map(by).collect(),
        rows.values().map(events).sum(),
    )
}

fn a_mended_projector_takes_over(host: Kind, events: u64) {
    let mut served = support::serve_manifest(&folder(), "annals.toml", host, &[]);
    let client = Client::new(served.server.url());
    for burst in 0..events / BURST {
        let status = count(
            &client,
            &format!("c{burst}"),
            burst % STREAMS,
            burst * BURST,
            BURST,
        );
        assert_eq!(status, 200);
    }
    finish(&client).expect("the view is built");
    let old = view_rows(&client, "counts").expect("the view");
    assert_eq!(writers(&old), (BTreeSet::from([1]), events));

    let mended = support::composed_manifest(&folder(), "mended.toml", host);
    served
        .server
        .replace(&mended)
        .expect("the host starts again");
    let url = served.server.url();
    let (over, written) = (AtomicBool::new(false), AtomicUsize::new(0));
    let began = Instant::now();
    let progress = std::thread::scope(|scope| {
        let (over, written) = (&over, &written);
        for writer in 0..2 {
            let client = Client::new(url.clone());
            scope.spawn(move || {
                for number in 0.. {
                    if over.load(Ordering::Relaxed) {
                        return;
                    }
                    let (stream, id) = (number % STREAMS, format!("w{writer}-{number}"));
                    assert_eq!(count(&client, &id, stream, 7_000_000 + number, 3), 200);
                    written.fetch_add(3, Ordering::Relaxed);
                    std::thread::sleep(Duration::from_millis(10));
                }
            });
        }
        let readers: Vec<_> = (0..2)
            .map(|_| {
                let client = Client::new(url.clone());
                scope.spawn(move || {
                    let mut newest = 1;
                    while !over.load(Ordering::Relaxed) {
                        let page = client.get("/views/counts?limit=100").expect("an answer");
                        assert_eq!(page.status, 200, "{}", page.text);
                        let rows = page.body["rows"].as_array().expect("rows");
                        let by: BTreeSet<u64> = rows
                            .iter()
                            .filter_map(|row| row["value"]["by"].as_u64())
                            .collect();
                        assert_eq!(by.len(), 1, "old and new rows in one answer: {}", page.text);
                        let by = by.first().copied().unwrap_or_default();
                        assert!(by >= newest, "the old generation came back");
                        newest = by;
                        let row = client.get("/views/counts/3").expect("an answer");
                        assert_eq!(row.status, 200, "{}", row.text);
                        let by = row.body["by"].as_u64().unwrap_or_default();
                        assert!(by >= newest, "the old generation came back");
                        newest = by;
                    }
                    newest
                })
            })
            .collect();
        // Observe the progress from outside: positions of the new generation, until that generation answers.
        let mut progress = BTreeSet::new();
        loop {
            let status = client.get("/admin/reactions/counts").expect("an answer");
            let generations = status.body["generations"]
                .as_array()
                .cloned()
                .unwrap_or_default();
            let new = generations.iter().find(|it| it["version"] == 2);
            if let Some(new) = new {
                progress.insert(new["position"].as_u64().unwrap_or_default());
                if new["active"] == true {
                    break;
                }
            }
            if host == Kind::Wasmtime {
                client
                    .post("/admin/pump?budget=300", &[], b"")
                    .expect("an answer");
            }
            assert!(
                began.elapsed() < Duration::from_secs(300),
                "{}",
                status.text
            );
            std::thread::sleep(Duration::from_millis(20));
        }
        std::thread::sleep(Duration::from_millis(300));
        over.store(true, Ordering::Relaxed);
        for reader in readers {
            assert_eq!(reader.join().expect("a reader"), 2, "it saw the switch");
        }
        progress
    });
    println!(
        "{}: rebuilt {events} events in {:?} beside {} new ones; {} positions seen",
        host.name(),
        began.elapsed(),
        written.load(Ordering::Relaxed),
        progress.len()
    );
    assert!(progress.len() > 2, "progress is not visible: {progress:?}");
    finish(&client).expect("the view catches up");
    let log = client.log().expect("the log");
    assert_eq!(
        log.len() as u64,
        events + written.load(Ordering::Relaxed) as u64
    );
    assert_eq!(
        view_rows(&client, "counts").expect("the view"),
        expected(&log)
    );

    // The old generation stays until an operator drops it.
    let dropped = client
        .delete("/admin/reactions/counts/generations/1")
        .expect("an answer");
    assert!((200..300).contains(&dropped.status), "{}", dropped.text);
    let status = client.get("/admin/reactions/counts").expect("an answer");
    assert_eq!(
        status.body["generations"].as_array().map(Vec::len),
        Some(1),
        "{}",
        status.text
    );
    let refused = client
        .delete("/admin/reactions/counts/generations/2")
        .expect("an answer");
    assert_eq!(refused.status, 409, "{}", refused.text);
}

#[test]
fn a_projector_is_rebuilt_over_a_hundred_thousand_events_on_annals_host() {
    a_mended_projector_takes_over(Kind::Annals, 100_000);
}

#[test]
fn a_projector_is_rebuilt_on_wasmtime_serve() {
    a_mended_projector_takes_over(Kind::Wasmtime, 20_000);
}
