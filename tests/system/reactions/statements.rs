//! One account with many movements: its statement stays up to date.

use crate::support;
use annals_tests::client::Client;
use annals_tests::server::Kind;
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::{Duration, Instant};

const DEPOSITS: u64 = 56_000;
const CLIENTS: u64 = 8;
/// Maximum delay of the views after the last deposit.
const BEHIND: Duration = Duration::from_secs(1);

#[test]
#[ignore = "takes minutes; its bound is a time"]
fn many_deposits_to_one_account_leave_its_statement_a_second_behind_at_most() {
    let served = support::bank(Kind::Annals);
    let url = served.server.url();
    let client = Client::new(url.clone());
    let body = json!({"account": "one", "owner": "Ada", "deposit": 0}).to_string();
    let opened = client.post("/commands/OpenAccount", &[], body.as_bytes());
    assert_eq!(opened.expect("an answer").status, 200);
    let last = AtomicU64::new(0);
    let started = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| {
                let client = Client::new(url.clone());
                let body = br#"{"account":"one","amount":1}"#;
                for _ in 0..DEPOSITS / CLIENTS {
                    let answer = client.post("/commands/Deposit", &[], body);
                    let answer = answer.expect("an answer");
                    assert_eq!(answer.status, 200, "{}", answer.text);
                    let position = answer.body["position"].as_u64().expect("a position");
                    last.fetch_max(position, SeqCst);
                }
            });
        }
    });
    let (stopped, took) = (Instant::now(), started.elapsed());
    let key = format!("one%2F{:020}", last.load(SeqCst));
    while client
        .get(&format!("/views/statements/{key}"))
        .expect("an answer")
        .status
        != 200
    {
        assert!(stopped.elapsed() < 10 * BEHIND, "the view does not keep up");
        std::thread::sleep(Duration::from_millis(10));
    }
    let behind = stopped.elapsed();
    println!("{DEPOSITS} deposits in {took:?}; the statement was {behind:?} behind");
    assert!(behind <= BEHIND, "{behind:?}");
    let (mut keys, mut after) = (BTreeSet::new(), String::new());
    let started = Instant::now();
    loop {
        let page = client
            .get(&format!("/views/statements?prefix=one/&limit=1000{after}"))
            .expect("an answer");
        assert_eq!(page.status, 200, "{}", page.text);
        let rows = page.body["rows"].as_array().expect("rows");
        keys.extend(
            rows.iter()
                .map(|row| row["key"].as_str().expect("a key").to_owned()),
        );
        if page.body["end"] == true {
            break;
        }
        after = format!("&after={}", page.body["next"].as_str().expect("a key"));
    }
    println!("read page by page in {:?}", started.elapsed());
    assert_eq!(keys.len() as u64, DEPOSITS + 1);
}
