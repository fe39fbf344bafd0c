//! The bank on jco in Node.js, started by the launcher that `annals compose --host jco` writes.

use crate::support;
use annals_tests::bank;
use annals_tests::client::Client;
use annals_tests::server::Kind;
use annals_tests::{app, tools};
use serde_json::json;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Number of the bank's first commands to run; `ANNALS_JCO=long` runs all of them.
const COMMANDS: usize = 400;

#[test]
fn every_outcome_and_balance_survives_kills_on_jco() {
    let mut served = support::bank(Kind::Jco);
    let long = std::env::var_os("ANNALS_JCO").is_some_and(|value| value == "long");
    let most = if long { usize::MAX } else { COMMANDS };
    let tally = bank::play_first(&mut served.server, 2, most).expect("the host comes back");
    println!("{tally:?}");
    assert!(tally.wrong.is_empty(), "{:#?}", tally.wrong);
    assert_eq!((tally.lost, tally.restarts), (0, 2));
    assert!(
        tally.commands >= COMMANDS && tally.rejected > 50 && tally.malformed > 5,
        "{tally:?}"
    );
    // The launcher drives deliveries, so the view eventually agrees with the log.
    let client = Client::new(served.server.url());
    let balances = bank::balances(&client.log().expect("the log"));
    let deadline = Instant::now() + Duration::from_secs(60);
    for (account, cents) in balances {
        loop {
            let row = client.get(&format!("/views/balances/{account}"));
            let row = row.expect("an answer");
            if row.body["balance"] == cents {
                break;
            }
            assert!(
                Instant::now() < deadline,
                "{account}: {cents}, {}",
                row.text
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

#[test]
fn handlers_that_misbehave_cost_one_request_and_are_named() {
    let served = support::misbehaving(Kind::Jco, &["--timeout", "4", "--instances", "1"]);
    let client = Client::new(served.server.url());
    let send = |command: &str, id: &str| {
        let body = json!({ "id": id }).to_string();
        let path = format!("/commands/{command}");
        let answer = client.post(&path, &[], body.as_bytes());
        answer.expect("an answer")
    };
    for crime in ["Trap", "Recurse", "Garbage", "Loop"] {
        let failed = send(crime, crime);
        assert_eq!(failed.status, 500, "{crime}: {}", failed.text);
        assert_eq!(failed.problem(), Some("handler-fault"), "{}", failed.text);
        if crime != "Loop" {
            assert_eq!(failed.body["handler"], "culprit", "{crime}");
        }
        let incident = failed.body["incident"].as_str().expect("an incident");
        assert!(served.server.log_text().contains(incident), "{crime}");
        assert!(
            !failed.text.contains("wasm"),
            "no internals: {}",
            failed.text
        );
        let stream = client.stream(&format!("bad-{crime}"));
        assert!(stream.expect("an answer").is_empty(), "{crime} appended");
        assert_eq!(send("Behave", "next").status, 200, "after {crime}");
    }
    assert_eq!(client.log().expect("the log").len(), 4);
}

#[test]
fn event_streams_keep_nobody_waiting_and_end_with_their_client() {
    let served = support::misbehaving(Kind::Jco, &["--instances", "1", "--max-streams", "1"]);
    let client = Client::new(served.server.url());
    let address = served.server.url().replace("http://", "");
    let open = || {
        let mut stream = TcpStream::connect(&address).expect("a connection");
        let head = format!(
            "GET /events HTTP/1.1\r\nHost: {address}\r\nAccept: text/event-stream\r\nConnection: close\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).expect("sent");
        let time = Some(Duration::from_secs(30));
        stream.set_read_timeout(time).expect("set");
        BufReader::new(stream)
    };
    let mut stream = open();
    let mut line = String::new();
    stream.read_line(&mut line).expect("a status");
    assert!(line.starts_with("HTTP/1.1 200"), "{line}");
    let behave = client.post("/commands/Behave", &[], br#"{"id":"a"}"#);
    assert_eq!(behave.expect("an answer").status, 200);
    while !line.starts_with("event: ") {
        line.clear();
        assert!(stream.read_line(&mut line).expect("a line") > 0, "it ended");
    }
    // A browser reconnects only after this status.
    let mut second = String::new();
    open().read_to_string(&mut second).expect("it ends");
    assert!(second.starts_with("HTTP/1.1 200"), "{second}");
    assert!(second.contains("\nretry: "), "{second}");
    assert!(!second.contains("data: "), "{second}");
    drop(stream);
    let deadline = Instant::now() + Duration::from_secs(20);
    let finds_an_event = || {
        let mut stream = open();
        let mut line = String::new();
        while !line.starts_with("event: ") {
            line.clear();
            if stream.read_line(&mut line).unwrap_or(0) == 0 {
                return false;
            }
        }
        true
    };
    while !finds_an_event() {
        assert!(Instant::now() < deadline, "the place stays taken");
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn a_body_that_is_too_long_is_refused() {
    let served = support::misbehaving(Kind::Jco, &["--max-body", "20"]);
    let client = Client::new(served.server.url());
    let long = client.post("/commands/Behave", &[], b"{\"id\":\"0123456789abc\"}");
    let long = long.expect("an answer");
    assert_eq!(
        (long.status, long.problem()),
        (413, Some("payload-too-large"))
    );
    let short = client.post("/commands/Behave", &[], br#"{"id":"a"}"#);
    assert_eq!(short.expect("an answer").status, 200);
}

/// The launcher of the misbehaving handlers, without a server.
fn launcher() -> Command {
    let folder = tools::workspace().join("tests/handlers");
    let app = support::composed(&folder, Kind::Jco);
    let mut node = Command::new("node");
    node.arg(app.with_extension("jco").join("serve.mjs"));
    node
}

#[test]
fn it_says_where_it_listens_and_stops_in_good_order() {
    let data = tempfile::tempdir().expect("a folder");
    let mut child = launcher()
        .args(["--listen", "127.0.0.1:0", "--data"])
        .arg(data.path().join("new/data"))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("node starts");
    let mut lines = BufReader::new(child.stdout.take().expect("stdout"));
    let mut line = String::new();
    lines.read_line(&mut line).expect("a line");
    let url = line.trim().strip_prefix("annals-jco: listening on ");
    let client = Client::new(url.expect("an address").to_owned());
    assert_eq!(client.get("/healthz").expect("an answer").status, 200);
    let pid = child.id().to_string();
    let kill = Command::new("kill").args(["-TERM", &pid]).status();
    assert!(kill.expect("kill runs").success());
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
    let mut rest = String::new();
    lines.read_to_string(&mut rest).expect("read");
    assert_eq!(rest, "", "one line, for scripts");
}

#[test]
fn what_the_launcher_does_not_understand_is_usage() {
    for (args, words) in [
        (&["--lisen", "x"][..], "'--lisen'"),
        (&["--listen", "8080"], "ADDRESS:PORT"),
        (&["--instances", "0"], "a whole number, 1 or more"),
        (&["--env", "A"], "NAME=VALUE"),
    ] {
        let out = launcher().args(args).output().expect("node starts");
        let said = String::from_utf8_lossy(&out.stderr);
        assert_eq!(out.status.code(), Some(2), "{said}");
        assert!(said.contains(words), "{said}");
    }
    let help = launcher().arg("--help").output().expect("node starts");
    assert!(help.status.success());
    assert!(String::from_utf8_lossy(&help.stdout).contains("--data FOLDER"));
}

#[test]
fn without_jco_it_says_how_to_install_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let app = app::compose(
        &tools::workspace().join("tests/handlers"),
        Kind::Jco,
        folder.path(),
    );
    let app = app.expect("it composes");
    std::fs::remove_file(folder.path().join("node_modules")).expect("a link");
    let serve = app.with_extension("jco").join("serve.mjs");
    let out = Command::new("node")
        .arg(serve)
        .output()
        .expect("node starts");
    let said = String::from_utf8_lossy(&out.stderr);
    assert_eq!(out.status.code(), Some(1), "{said}");
    assert!(said.contains("npm install --prefix"), "{said}");
}
