//! Conformance to the HTTP RFCs over the wire: methods, paths, conditions, content negotiation, lengths, origins.

use crate::support::{self, Served};
use annals_tests::client::{Client, number};
use annals_tests::server::Kind;
use annals_tests::tools;
use serde_json::{Value, json};
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

/// A path of every route of the bank, with its allowed methods.
const ROUTES: &[(&str, &str)] = &[
    ("/", "GET, HEAD, OPTIONS"),
    ("/healthz", "GET, HEAD, OPTIONS"),
    ("/events", "GET, HEAD, OPTIONS"),
    ("/streams/account-a", "GET, HEAD, OPTIONS"),
    (
        "/streams/account-a/state?decider=transact",
        "GET, HEAD, OPTIONS",
    ),
    ("/views/balances", "GET, HEAD, OPTIONS"),
    ("/views/balances/a", "GET, HEAD, OPTIONS"),
    ("/commands/Deposit", "POST, OPTIONS"),
    ("/admin/reactions", "GET, HEAD, OPTIONS"),
    ("/admin/reactions/x", "GET, HEAD, OPTIONS"),
    ("/admin/reactions/x/rebuild", "POST, OPTIONS"),
    ("/admin/reactions/x/resume", "POST, OPTIONS"),
    ("/admin/reactions/x/processes", "GET, HEAD, OPTIONS"),
    ("/admin/reactions/x/processes/y", "GET, HEAD, OPTIONS"),
    ("/admin/reactions/x/generations/1", "DELETE, OPTIONS"),
    ("/admin/dead-letters", "GET, HEAD, OPTIONS"),
    ("/admin/dead-letters/x", "GET, HEAD, OPTIONS"),
    ("/admin/dead-letters/x/retry", "POST, OPTIONS"),
    ("/admin/dead-letters/x/skip", "POST, OPTIONS"),
    ("/admin/pump?budget=1", "POST, OPTIONS"),
    ("/admin/repair", "POST, OPTIONS"),
];

/// An answer without interpretation.
struct Raw {
    status: u16,
    head: String,
    body: String,
}

impl Raw {
    fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (known, value) = line.split_once(':')?;
            known.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }
}

/// Sends each request on a new connection.
struct Wire(String);

impl Wire {
    fn of(served: &Served) -> Self {
        Self(served.server.url().replace("http://", ""))
    }

    fn ask(&self, method: &str, target: &str, headers: &[(&str, &str)], body: &str) -> Raw {
        let mut head = format!("{method} {target} HTTP/1.1\r\nhost: {}\r\n", self.0);
        for (name, value) in headers {
            head += &format!("{name}: {value}\r\n");
        }
        if !body.is_empty() {
            head += &format!("content-length: {}\r\n", body.len());
        }
        self.send(&format!("{head}connection: close\r\n\r\n{body}"))
            .expect("an answer")
    }

    fn get(&self, target: &str, headers: &[(&str, &str)]) -> Raw {
        self.ask("GET", target, headers, "")
    }

    /// Sends these bytes only. Returns `None` if there is no answer.
    fn send(&self, request: &str) -> Option<Raw> {
        let mut socket = TcpStream::connect(&self.0).expect("a connection");
        let wait = Some(Duration::from_secs(30));
        socket.set_read_timeout(wait).expect("set");
        socket.write_all(request.as_bytes()).expect("sent");
        let mut bytes = Vec::new();
        // A host may end a connection that it gives up in any way.
        let _ = socket.read_to_end(&mut bytes);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let (head, body) = text.split_once("\r\n\r\n")?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        Some(Raw {
            status,
            head: head.into(),
            body: body.into(),
        })
    }
}

/// Runs all checks against one host, so that the host starts once.
fn is_http(host: Kind) {
    let served = support::bank(host);
    let (wire, client) = (Wire::of(&served), Client::new(served.server.url()));
    for account in ["a", "b"] {
        let body = json!({"account": account, "owner": "Ada", "deposit": 100}).to_string();
        let opened = client.post("/commands/OpenAccount", &[], body.as_bytes());
        assert_eq!(opened.expect("an answer").status, 200);
    }
    let balance = || client.get("/views/balances/a").expect("an answer").status == 200;
    while !balance() {
        std::thread::sleep(Duration::from_millis(20));
    }
    every_route_has_its_methods(&wire);
    paths_are_not_folded(&wire);
    parameters_are_known(&wire);
    reads_are_conditional(&wire);
    commands_are_conditional(&wire);
    answers_are_negotiated(&wire);
    bodies_have_their_length(&wire, &client);
    keys_belong_to_what_a_command_says(&wire);
    events_are_cloud_events(&client);
}

#[test]
fn annals_host_speaks_http() {
    is_http(Kind::Annals);
}

#[test]
fn wasmtime_serve_speaks_http() {
    is_http(Kind::Wasmtime);
}

fn every_route_has_its_methods(wire: &Wire) {
    for (target, allow) in ROUTES {
        for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
            if allow.contains(method) && method != "OPTIONS" {
                // Methods that change data are not sent to a path that may exist.
                if matches!(method, "GET" | "HEAD") {
                    let answer = wire.ask(method, target, &[], "");
                    let known = answer.status == 200 || target.contains("/x");
                    assert!(known, "{method} {target}: {}", answer.head);
                    assert_eq!(
                        answer.body.is_empty(),
                        method == "HEAD",
                        "{method} {target}"
                    );
                }
                continue;
            }
            let answer = wire.ask(method, target, &[], "");
            let status = if method == "OPTIONS" { 204 } else { 405 };
            assert_eq!(answer.status, status, "{method} {target}");
            assert_eq!(answer.header("allow"), Some(*allow), "{method} {target}");
        }
    }
}

fn paths_are_not_folded(wire: &Wire) {
    for target in [
        "//admin/reactions",
        "/admin//reactions",
        "/admin/reactions/",
        "/%61dmin/reactions",
        "//events",
        "/events/",
    ] {
        let answer = wire.get(target, &[]);
        let problem = answer.json()["type"] == "urn:annals:problem:unknown-route";
        assert!(answer.status == 404 && problem, "{target}: {}", answer.head);
    }
}

fn parameters_are_known(wire: &Wire) {
    for (target, nearest) in [
        ("/events?limt=1", json!(["limit"])),
        ("/views/balances?aftr=a", json!(["after"])),
        ("/healthz?verbose", json!([])),
    ] {
        let answer = wire.get(target, &[]).json();
        assert_eq!(
            answer["type"], "urn:annals:problem:unknown-parameter",
            "{target}"
        );
        assert_eq!(answer["nearest"], nearest, "{target}");
    }
    for target in [
        "/events?limit=0",
        "/events?limit=-1",
        "/events?limit=",
        "/events?after=1&after=2",
        "/streams/account-a?before=start",
    ] {
        assert_eq!(wire.get(target, &[]).status, 400, "{target}");
    }
    let both = wire.get("/events?type=AccountOpened&type=Deposited", &[]);
    assert_eq!(both.status, 200);
}

fn reads_are_conditional(wire: &Wire) {
    for target in [
        "/streams/account-a",
        "/streams/account-a/state?decider=transact",
        "/views/balances/a",
    ] {
        let tag = wire.get(target, &[]);
        let tag = tag.header("etag").expect("a tag");
        let weak = format!("W/{tag}");
        let listed = format!("\"x\", {tag}");
        for (name, value, status) in [
            ("if-none-match", tag, 304),
            ("if-none-match", &weak, 304),
            ("if-none-match", &listed, 304),
            ("if-none-match", "*", 304),
            ("if-none-match", "\"x\"", 200),
            ("if-match", tag, 200),
            ("if-match", &listed, 200),
            ("if-match", &weak, 412),
            ("if-match", "\"x\"", 412),
        ] {
            for method in ["GET", "HEAD"] {
                let answer = wire.ask(method, target, &[(name, value)], "");
                let what = format!("{method} {target} {name}: {value}");
                assert_eq!(answer.status, status, "{what}");
                if status == 304 {
                    assert_eq!(answer.header("etag"), Some(tag), "{what}");
                    assert_eq!(answer.header("content-length"), None, "{what}");
                    assert_eq!(answer.header("content-type"), None, "{what}");
                    assert!(answer.body.is_empty(), "{what}");
                }
            }
        }
    }
}

fn commands_are_conditional(wire: &Wire) {
    let deposit = |if_match: &str| {
        let body = r#"{"account":"b","amount":5}"#;
        wire.ask("POST", "/commands/Deposit", &[("if-match", if_match)], body)
    };
    // First the account's only version, then another version, then the next version.
    assert_eq!(deposit("\"1\", \"7\"").status, 200);
    let state = wire.get("/streams/account-b/state?decider=transact", &[]);
    assert_eq!(deposit(state.header("etag").expect("a tag")).status, 200);
    for tags in ["\"03\"", "W/\"3\"", "\"three\"", "\"1\", \"2\"", "\"1\""] {
        let unmet = deposit(tags);
        assert_eq!(unmet.status, 412, "{tags}: {}", unmet.body);
        assert_eq!(unmet.json()["actual"], 3, "{tags}");
    }
    for tags in ["3", "\"3", "\"3\" \"4\""] {
        assert_eq!(deposit(tags).status, 400, "{tags}");
    }
    let opened = wire.get("/streams/account-b", &[]);
    assert_eq!(opened.header("etag"), Some("\"3\""), "{}", opened.body);
}

fn answers_are_negotiated(wire: &Wire) {
    let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
    for (accept, content_type) in [
        (browser, "text/html; charset=utf-8"),
        ("application/json, text/html;q=0.5", "application/json"),
        ("text/html;q=0, */*", "application/json"),
        ("*/*", "application/json"),
    ] {
        let page = wire.get("/", &[("accept", accept)]);
        assert_eq!(page.header("content-type"), Some(content_type), "{accept}");
        assert_eq!(page.header("vary"), Some("Accept"), "{accept}");
    }
    for accept in [
        "text/event-stream;q=0",
        "application/json, text/event-stream;q=0.1",
    ] {
        let page = wire.get("/events?limit=1", &[("accept", accept)]);
        let content_type = page.header("content-type");
        assert_eq!(content_type, Some("application/json"), "{accept}");
        assert_eq!(page.header("vary"), Some("Accept"), "{accept}");
    }
}

/// The host takes no part of a payload for the whole, whatever the headers state about its length.
fn bodies_have_their_length(wire: &Wire, client: &Client) {
    let stored = |account: &str| client.stream(&format!("account-{account}"));
    let head = format!(
        "POST /commands/OpenAccount HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n",
        wire.0
    );
    for (account, encoding_first) in [("te1", true), ("te2", false)] {
        let body = json!({"account": account, "owner": "Ada", "deposit": 1}).to_string();
        let mut lengths = [
            "transfer-encoding: chunked\r\n".to_owned(),
            format!("content-length: {}\r\n", body.len()),
        ];
        if !encoding_first {
            lengths.reverse();
        }
        // The payload has the length of the header. All received bytes together are no valid payload.
        let whole = format!("{body} and more");
        let chunks = format!("{:x}\r\n{whole}\r\n0\r\n\r\n", whole.len());
        let answer = wire.send(&format!("{head}{}\r\n{chunks}", lengths.concat()));
        let answer = answer.expect("an answer");
        assert_eq!(answer.status, 400, "{}", answer.body);
        assert!(stored(account).expect("an answer").is_empty());
    }
    // The client stops, or disconnects, before the announced end.
    let body = json!({"account": "short", "owner": "Ada", "deposit": 1}).to_string();
    let length = body.len() + 100;
    let request = format!("{head}content-length: {length}\r\n\r\n{body}");
    let mut socket = TcpStream::connect(&wire.0).expect("a connection");
    socket.write_all(request.as_bytes()).expect("sent");
    socket.shutdown(Shutdown::Write).expect("shut");
    let mut answer = String::new();
    let _ = socket.read_to_string(&mut answer);
    assert!(!answer.starts_with("HTTP/1.1 200"), "{answer}");
    drop(socket);
    std::thread::sleep(Duration::from_millis(200));
    assert!(stored("short").expect("an answer").is_empty());
}

fn keys_belong_to_what_a_command_says(wire: &Wire) {
    let send = |key: &str, headers: &[(&str, &str)], body: &str| {
        let headers = [&[("idempotency-key", key)], headers].concat();
        wire.ask("POST", "/commands/Deposit", &headers, body)
    };
    let first = send("layout", &[], r#"{"account":"a","amount":5}"#);
    assert_eq!(first.status, 200, "{}", first.body);
    for body in [
        "{ \"amount\": 5,\n  \"account\": \"a\" }\n",
        r#"{"account":"\u0061","amount":5}"#,
    ] {
        let again = send("layout", &[], body);
        assert_eq!(again.status, 200, "{}", again.body);
        assert_eq!(again.json()["duplicate"], true, "{body}");
    }
    let other = send("layout", &[], r#"{"account":"a","amount":6}"#);
    assert_eq!(other.json()["at"], "header Idempotency-Key");
    // An unmet precondition decides nothing: the same command may use its key again, and no other command may.
    let unmet = send(
        "unmet",
        &[("if-match", "\"99\"")],
        r#"{"account":"a","amount":5}"#,
    );
    assert_eq!(unmet.status, 412);
    let other = send("unmet", &[], r#"{"account":"a","amount":7}"#);
    assert_eq!(other.json()["at"], "header Idempotency-Key");
    let met = send("unmet", &[], r#"{"amount":5,"account":"a"}"#);
    assert_eq!(met.json()["duplicate"], false, "{}", met.body);
}

fn events_are_cloud_events(client: &Client) {
    let log = client.log().expect("the log");
    assert!(!log.is_empty());
    for event in log {
        for (name, value) in event.as_object().expect("an object") {
            let long = value.as_i64().is_some_and(|n| i32::try_from(n).is_err());
            assert!(
                !long || name == "data",
                "{name} is an integer of 32 bits: {event}"
            );
        }
        for name in ["position", "streamversion"] {
            assert!(number(&event[name]).is_some(), "{name} is a text: {event}");
        }
    }
}

/// The headers for pages of other origins.
fn answers_to_origins(host: Kind) {
    let folder = tools::workspace().join("tests/handlers");
    let served = support::serve_manifest(&folder, "cors.toml", host, &[]);
    let wire = Wire::of(&served);
    let allowed = |answer: &Raw| {
        let origin = answer.header("access-control-allow-origin");
        origin.map(str::to_owned)
    };
    for (origin, granted) in [
        ("https://app.example", true),
        ("http://localhost:3000", true),
        ("https://app.example.net", false),
    ] {
        let ours = granted.then(|| origin.to_owned());
        for target in ["/events", "/nowhere", "/streams/bad-x"] {
            let answer = wire.get(target, &[("origin", origin)]);
            assert_eq!(allowed(&answer), ours, "{origin} {target}");
            let head = answer.head.to_lowercase();
            assert!(head.contains("vary: origin"), "{head}");
        }
        let asks = [
            ("origin", origin),
            ("access-control-request-method", "POST"),
            (
                "access-control-request-headers",
                "content-type, idempotency-key",
            ),
        ];
        let preflight = wire.ask("OPTIONS", "/commands/Behave", &asks, "");
        assert_eq!((preflight.status, allowed(&preflight)), (204, ours.clone()));
        let methods = preflight.header("access-control-allow-methods");
        assert_eq!(methods, granted.then_some("POST, OPTIONS"), "{origin}");
        // Pages of other origins must not use operators' routes.
        let operators = wire.ask("OPTIONS", "/admin/pump", &asks, "");
        assert_eq!((operators.status, allowed(&operators)), (204, None));
    }
    // The application's name has a space.
    let behaved = wire.ask("POST", "/commands/Behave", &[], r#"{"id":"a"}"#);
    assert_eq!(behaved.status, 200, "{}", behaved.body);
    let log = wire.get("/events", &[]).json();
    assert_eq!(log["events"][0]["source"], "/apps/for%20browsers");
}

#[test]
fn annals_host_answers_to_origins() {
    answers_to_origins(Kind::Annals);
}

#[test]
fn wasmtime_serve_answers_to_origins() {
    answers_to_origins(Kind::Wasmtime);
}
