//! Clients that wait for reactions.

use super::{plain_command, size};
use crate::support;
use annals_tests::app;
use annals_tests::client::{Answer, Client};
use annals_tests::hostile::{SilentMailer, open_and_wait};
use annals_tests::mailbox::Mailbox;
use annals_tests::server::Kind;
use std::process::Command;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// The bank with a mail service that accepts notices and never answers.
struct Hanging {
    served: support::Served,
    _mailer: SilentMailer,
}

fn hanging(flags: &[&str]) -> Hanging {
    let mailer = SilentMailer::open().expect("a port");
    let url = mailer.variable().expect("an address");
    let flags = [&["--env", &url], flags].concat();
    Hanging {
        served: support::serve_manifest(&app::bank(), "annals.toml", Kind::Annals, &flags),
        _mailer: mailer,
    }
}

/// Clients that each open an account and wait.
fn waiting(url: &str, clients: usize, preference: &'static str) -> Vec<JoinHandle<Answer>> {
    let wait = |number| {
        let client = Client::new(url.to_owned());
        std::thread::spawn(move || {
            let answer = open_and_wait(&client, &format!("w{number}"), preference);
            answer.expect("an answer")
        })
    };
    (0..clients).map(wait).collect()
}

fn events(client: &Client) -> usize {
    client.log().expect("the log").len()
}

#[test]
fn waits_hold_no_place_and_end_with_the_host() {
    let hanging = hanging(&["--concurrency", "2", "--queue", "100"]);
    let url = hanging.served.server.url();
    let client = Client::new(url.clone());
    let clients = size(8, 64);
    let waits = waiting(&url, clients, "wait=25");
    let limit = Instant::now() + Duration::from_secs(30);
    while events(&client) < clients {
        assert!(Instant::now() < limit, "all commands take effect at once");
        std::thread::sleep(Duration::from_millis(20));
    }
    for _ in 0..size(10, 100) {
        plain_command(&client);
    }
    assert!(
        waits.iter().all(|wait| !wait.is_finished()),
        "they still wait"
    );
    let pid = hanging.served.server.pid().expect("it runs").to_string();
    let told = Command::new("kill").args(["-TERM", &pid]).status();
    assert!(told.expect("kill is there").success());
    for wait in waits {
        let answer = wait.join().expect("no panic");
        assert_eq!(answer.status, 202, "{}", answer.text);
        assert_eq!(answer.body["version"], 1, "{}", answer.text);
        let lagging = answer.body["lagging"].as_array().expect("names");
        assert_eq!(lagging.len(), 1, "the mailer: {}", answer.text);
        assert_eq!(answer.header("annals-wait"), None);
    }
}

#[test]
fn a_wait_ends_when_all_reactions_have_run_and_adds_nothing_to_the_time_of_a_request() {
    let mailbox = Mailbox::open().expect("a mailbox");
    // The host delivers one notice after the other, so the last wait takes far longer than a request may.
    mailbox.delay(Duration::from_millis(700));
    let url = format!("MAILER_URL={}", mailbox.url());
    let served = support::serve_manifest(
        &app::bank(),
        "annals.toml",
        Kind::Annals,
        &["--env", &url, "--timeout", "2s"],
    );
    let url = served.server.url();
    for wait in waiting(&url, 8, "wait=9007199254740991; x=\"1, wait=2\", WAIT=3") {
        let answer = wait.join().expect("no panic");
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(answer.header("preference-applied"), Some("wait=60"));
        assert_eq!(answer.body.get("lagging"), None, "{}", answer.text);
    }
    let balance = Client::new(url)
        .get("/views/balances/w0")
        .expect("an answer");
    assert_eq!(balance.body["balance"], 1, "what was written is read");
}

#[test]
fn a_wait_beside_a_reaction_that_pauses_ends_at_once() {
    let mailbox = Mailbox::open().expect("a mailbox");
    mailbox.answer(503);
    let served = support::bank_with_mail(Kind::Annals, &mailbox);
    let url = served.server.url();
    let client = Client::new(url.clone());
    plain_command(&client);
    // Wait until the pauses between the attempts are long.
    let limit = Instant::now() + Duration::from_secs(60);
    let attempts = || {
        let all = client.get("/admin/reactions").expect("an answer").body;
        let reactions = all["reactions"].as_array().expect("a list");
        let attempts = |reaction: &serde_json::Value| reaction["attempts"].as_u64();
        reactions.iter().filter_map(attempts).max().unwrap_or(0)
    };
    while attempts() < 5 {
        assert!(Instant::now() < limit, "it is tried again");
        std::thread::sleep(Duration::from_millis(50));
    }
    let began = Instant::now();
    for wait in waiting(&url, size(16, 64), "wait=60") {
        let answer = wait.join().expect("no panic");
        assert_eq!(answer.status, 202, "{}", answer.text);
        let lagging = answer.body["lagging"].as_array().expect("names");
        assert!(!lagging.is_empty(), "{}", answer.text);
    }
    assert!(
        began.elapsed() < Duration::from_secs(25),
        "{:?}",
        began.elapsed()
    );
}

/// `wasmtime serve` ends a request that exceeds its time limit, with a plain 500.
#[test]
fn a_wait_on_wasmtime_serve_ends_before_the_hosts_limit() {
    let mailbox = Mailbox::open().expect("a mailbox");
    mailbox.delay(Duration::from_millis(700));
    let mailer = format!("MAILER_URL={}", mailbox.url());
    let served = support::serve_manifest(
        &app::bank(),
        "annals.toml",
        Kind::Wasmtime,
        &["-W", "timeout=10s", "--env", &mailer],
    );
    let url = served.server.url();
    // Their notices, delivered one after the other, take longer than a request may.
    let client = Client::new(url.clone());
    for _ in 0..40 {
        plain_command(&client);
    }
    let began = Instant::now();
    for wait in waiting(&url, 4, "wait=60") {
        let answer = wait.join().expect("no panic");
        assert_eq!(answer.status, 202, "{}", answer.text);
        assert!(answer.body["lagging"].is_array(), "{}", answer.text);
    }
    let took = began.elapsed();
    assert!(took > Duration::from_secs(5), "it waits: {took:?}");
}
