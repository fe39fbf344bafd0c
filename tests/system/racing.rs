//! Clients that race for the same money never overdraw it.

use crate::support;
use annals_tests::bank::check_log;
use annals_tests::client::Client;
use annals_tests::server::Kind;
use std::collections::HashSet;

const CLIENTS: usize = 2;
const COMMANDS: usize = 2000;
/// Enough for three quarters of the withdrawals.
const DEPOSIT: i64 = 1500;

/// Two clients withdraw one cent a thousand times each, from an account that cannot pay for all.
fn never_overdraws(host: Kind) {
    let served = support::bank(host);
    let client = Client::new(served.server.url());
    let body = format!("{{\"account\":\"joint\",\"owner\":\"both\",\"deposit\":{DEPOSIT}}}");
    assert_eq!(
        client
            .command("OpenAccount", "open", body.as_bytes())
            .expect("an answer")
            .status,
        200
    );

    let racers: Vec<_> = (0..CLIENTS)
        .map(|racer| {
            let client = Client::new(served.server.url());
            std::thread::spawn(move || {
                let mut accepted = Vec::new();
                let mut attempts = 0;
                for n in 0..COMMANDS / CLIENTS {
                    let body = br#"{"account":"joint","amount":1}"#;
                    // Without a command id: nothing but the stream itself orders the racers.
                    let answer = client
                        .post("/commands/Withdraw", &[], body)
                        .expect("an answer");
                    match answer.status {
                        200 => accepted.push(answer.body["version"].as_u64().expect("a version")),
                        422 => assert_eq!(answer.body["code"], "insufficient-funds"),
                        status => panic!("racer {racer}, command {n}: {status} {}", answer.text),
                    }
                    attempts += answer
                        .header("annals-attempts")
                        .map_or(1, |n| n.parse().expect("a number"));
                }
                (accepted, attempts)
            })
        })
        .collect();
    let results: Vec<(Vec<u64>, usize)> = racers
        .into_iter()
        .map(|racer| racer.join().expect("no panic"))
        .collect();

    let log = client.log().expect("the log");
    assert_eq!(check_log(&log), Vec::<String>::new());
    let mut balance = 0;
    for event in &log {
        match event["type"].as_str() {
            Some("AccountOpened") => balance = event["data"]["deposit"].as_i64().expect("cents"),
            Some("Withdrawn") => balance -= event["data"]["amount"].as_i64().expect("cents"),
            other => panic!("{other:?}"),
        }
        assert!(balance >= 0, "overdrawn at {event}");
    }
    assert_eq!(balance, 0, "every cent was there to be withdrawn");
    // Each acknowledged withdrawal is an event of its own, and there are no others.
    let versions: HashSet<u64> = results
        .iter()
        .flat_map(|(accepted, _)| accepted.iter().copied())
        .collect();
    let acknowledged: usize = results.iter().map(|(accepted, _)| accepted.len()).sum();
    assert_eq!(versions.len(), acknowledged);
    assert_eq!(acknowledged, usize::try_from(DEPOSIT).expect("small"));
    assert_eq!(log.len(), acknowledged + 1);
    let attempts: usize = results.iter().map(|(_, attempts)| attempts).sum();
    println!(
        "{}: {COMMANDS} commands decided {attempts} times",
        host.name()
    );
}

#[test]
fn racing_withdrawals_never_overdraw_on_annals_host() {
    never_overdraws(Kind::Annals);
}

#[test]
fn racing_withdrawals_never_overdraw_on_wasmtime_serve() {
    never_overdraws(Kind::Wasmtime);
}
