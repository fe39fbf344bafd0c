//! Clients that race for the same money never overdraw it.

use crate::support::{self, Served};
use annals_tests::bank::{balances, check_log};
use annals_tests::client::Client;
use annals_tests::files;
use annals_tests::server::Kind;
use serde_json::json;
use std::path::PathBuf;
use std::sync::{Arc, Barrier};
use std::time::Duration;

const ROUNDS: usize = 1000;
const RACERS: usize = 2;

/// In every round, two clients withdraw the only cent of an account at the same moment.
fn never_overdraws(host: Kind) {
    let served = support::bank(host);
    let client = Client::new(served.server.url());
    for round in 0..ROUNDS {
        let body = json!({"account": format!("r{round}"), "owner": "both", "deposit": 1});
        let answer = client.command(
            "OpenAccount",
            &format!("open-{round}"),
            body.to_string().as_bytes(),
        );
        assert_eq!(answer.expect("an answer").status, 200);
    }
    let start = Arc::new(Barrier::new(RACERS));
    let racers: Vec<_> = (0..RACERS)
        .map(|_| {
            let (client, start) = (Client::new(served.server.url()), start.clone());
            std::thread::spawn(move || {
                (0..ROUNDS)
                    .map(|round| withdraw(&client, &start, round))
                    .collect()
            })
        })
        .collect();
    let results: Vec<Vec<Outcome>> = racers
        .into_iter()
        .map(|racer| racer.join().expect("no panic"))
        .collect();

    let log = client.log().expect("the log");
    assert_eq!(check_log(&log), Vec::<String>::new());
    assert_eq!(log.len(), 2 * ROUNDS, "every cent was withdrawn once");
    let balances = balances(&log);
    for round in 0..ROUNDS {
        assert_eq!(balances.get(&format!("r{round}")), Some(&0));
        let winners = results
            .iter()
            .filter(|outcomes| outcomes[round].accepted)
            .count();
        assert_eq!(winners, 1, "round {round}: one withdrawal is acknowledged");
    }
    if host != Kind::Annals {
        assert_eq!(
            left_over(&served),
            Vec::<PathBuf>::new(),
            "files that lost a race"
        );
    }
    let again: usize = results
        .iter()
        .flatten()
        .map(|outcome| outcome.attempts - 1)
        .sum();
    println!(
        "{}: {} racing commands, {again} decided again",
        host.name(),
        RACERS * ROUNDS
    );
}

/// Temporary files that stay. Requests continue with deliveries after their answers, so each check may see a file
/// that is being written. Such a file is gone at the next check.
fn left_over(served: &Served) -> Vec<PathBuf> {
    let mut stay: Option<Vec<PathBuf>> = None;
    for _ in 0..100 {
        let mut files = files::of(&served.store());
        files.retain(|file| files::name(file).starts_with('%') && !file.ends_with("%durable"));
        let both = match stay {
            None => files,
            Some(before) => files.into_iter().filter(|f| before.contains(f)).collect(),
        };
        if both.is_empty() {
            return both;
        }
        stay = Some(both);
        std::thread::sleep(Duration::from_millis(100));
    }
    stay.unwrap_or_default()
}

struct Outcome {
    accepted: bool,
    attempts: usize,
}

/// Withdraws without a command id, so that only the stream itself orders the clients.
fn withdraw(client: &Client, start: &Barrier, round: usize) -> Outcome {
    let body = json!({"account": format!("r{round}"), "amount": 1}).to_string();
    start.wait();
    let answer = client
        .post("/commands/Withdraw", &[], body.as_bytes())
        .expect("an answer");
    match answer.status {
        200 => {}
        422 => assert_eq!(answer.body["code"], "insufficient-funds"),
        status => panic!("round {round}: {status} {}", answer.text),
    }
    Outcome {
        accepted: answer.status == 200,
        attempts: answer
            .header("annals-attempts")
            .map_or(1, |n| n.parse().expect("a number")),
    }
}

#[test]
fn racing_withdrawals_never_overdraw_on_annals_host() {
    never_overdraws(Kind::Annals);
}

#[test]
fn racing_withdrawals_never_overdraw_on_wasmtime_serve() {
    never_overdraws(Kind::Wasmtime);
}

#[test]
fn racing_withdrawals_never_overdraw_where_wasmtime_keeps_instances() {
    never_overdraws(Kind::WasmtimeKept);
}
