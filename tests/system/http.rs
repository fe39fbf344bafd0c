//! The HTTP contract, on both hosts.

use crate::support;
use annals_tests::client::{Answer, Client};
use annals_tests::server::{Kind, Server};
use serde_json::json;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

fn open(client: &Client, account: &str, headers: &[(&str, &str)]) -> Answer {
    let body = json!({"account": account, "owner": "Ada", "deposit": 100}).to_string();
    client
        .post("/commands/OpenAccount", headers, body.as_bytes())
        .expect("an answer")
}

fn deposit(client: &Client, account: &str, headers: &[(&str, &str)]) -> Answer {
    let body = json!({"account": account, "amount": 5}).to_string();
    client
        .post("/commands/Deposit", headers, body.as_bytes())
        .expect("an answer")
}

/// Runs all checks against one host, so that the host starts once.
fn keeps_the_contract(host: Kind) {
    let served = support::bank(host);
    let client = Client::new(served.server.url());
    an_accepted_command(&client);
    metadata_is_kept(&client);
    extensions_and_tags(&client);
    commands_as_cloudevents(&client);
    preconditions(&client);
    duplicates(&client);
    errors(&client);
    queries(&client);
    states(&client);
    large_bodies(&client);
    chunked_bodies(&served.server);
}

#[test]
fn annals_host_keeps_the_http_contract() {
    keeps_the_contract(Kind::Annals);
}

#[test]
fn wasmtime_serve_keeps_the_http_contract() {
    keeps_the_contract(Kind::Wasmtime);
}

fn an_accepted_command(client: &Client) {
    let answer = open(client, "a", &[]);
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.header("etag"), Some("\"1\""));
    let body = &answer.body;
    assert_eq!(
        (&body["stream"], &body["version"], &body["duplicate"]),
        (&json!("account-a"), &json!(1), &json!(false))
    );
    assert_eq!(
        (&body["events"][0]["type"], &body["events"][0]["version"]),
        (&json!("AccountOpened"), &json!(1))
    );
    assert!(body["position"].as_u64().expect("a position") > 0);
    assert!(!body["commandId"].as_str().expect("an id").is_empty());
}

fn metadata_is_kept(client: &Client) {
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let headers = [
        ("Idempotency-Key", "meta-1"),
        ("Annals-Correlation-Id", "corr"),
        ("Annals-Causation-Id", "cause"),
        ("Annals-Actor", "ada@example.org"),
        ("traceparent", trace),
    ];
    assert_eq!(open(client, "meta", &headers).status, 200);
    let event = client.stream("account-meta").expect("a stream").remove(0);
    for (key, value) in [
        ("specversion", "1.0"),
        ("source", "/apps/bank"),
        ("subject", "account-meta"),
        ("type", "AccountOpened"),
        ("datacontenttype", "application/json"),
        ("commandid", "meta-1"),
        ("correlationid", "corr"),
        ("causationid", "cause"),
        ("actor", "ada@example.org"),
        ("traceparent", trace),
    ] {
        assert_eq!(event[key], value, "{event}");
    }
    assert_eq!(
        event["data"],
        json!({"account": "meta", "owner": "Ada", "deposit": 100})
    );
    assert_eq!(
        (&event["streamversion"], &event["schemaversion"]),
        (&json!("1"), &json!(1))
    );
    assert!(
        event["time"]
            .as_str()
            .is_some_and(|time| time.ends_with('Z') && time.len() == 24),
        "{event}"
    );
    // Without headers, correlation and causation are the command's own id.
    assert_eq!(
        deposit(client, "meta", &[("Idempotency-Key", "meta-2")]).status,
        200
    );
    let event = client.stream("account-meta").expect("a stream").remove(1);
    assert_eq!(
        (&event["correlationid"], &event["causationid"]),
        (&json!("meta-2"), &json!("meta-2"))
    );
}

/// The extensions of a command are on its events and on the events that follow from it. Tags find all of these
/// events.
fn extensions_and_tags(client: &Client) {
    for account in ["tag-1", "tag-2"] {
        assert_eq!(open(client, account, &[]).status, 200);
    }
    let transfer = json!({"transfer": "tagged 1", "from": "tag-1", "to": "tag-2", "amount": 5});
    let headers = [("Annals-Extension-Tenant", "acme"), ("prefer", "wait=20")];
    let answer = client.post(
        "/commands/RequestTransfer",
        &headers,
        transfer.to_string().as_bytes(),
    );
    assert_eq!(answer.expect("an answer").status, 200);
    let found = client
        .get("/events?tag=transfer:tagged%201")
        .expect("an answer")
        .body;
    let events = found["events"].as_array().expect("events");
    let types: Vec<_> = events.iter().map(|event| &event["type"]).collect();
    assert_eq!(
        types,
        [
            "TransferRequested",
            "Withdrawn",
            "Deposited",
            "TransferCompleted"
        ]
    );
    for event in events {
        assert_eq!(event["tags"], "transfer:tagged%201", "{event}");
        assert_eq!(event["tenant"], "acme", "{event}");
    }
    let some = "/events?tag=transfer:tagged%201&tag=transfer:none&type=Deposited";
    let found = client.get(some).expect("an answer").body;
    assert_eq!(found["events"].as_array().map(Vec::len), Some(1), "{found}");
    let none = client
        .get("/events?tag=transfer:none")
        .expect("an answer")
        .body;
    assert_eq!(none["events"], json!([]));

    let illegal = [("Annals-Extension-position", "7")];
    let answer = open(client, "tag-3", &illegal);
    assert_eq!(
        (answer.status, &answer.body["at"]),
        (400, &json!("header annals-extension-position"))
    );
}

fn commands_as_cloudevents(client: &Client) {
    let data = json!({"account": "ce-1", "owner": "Ada", "deposit": 100});
    let event = json!({
        "specversion": "1.0", "id": "ce-key", "source": "/tests", "type": "OpenAccount", "tenant": "acme", "data": data,
    });
    let structured = [("content-type", "application/cloudevents+json")];
    let send = |headers: &[(&str, &str)], body: String| {
        client
            .post("/commands", headers, body.as_bytes())
            .expect("an answer")
    };
    let answer = send(&structured, event.to_string());
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.body["commandId"], "ce-key");
    let binary = [
        ("content-type", "application/json"),
        ("ce-specversion", "1.0"),
        ("ce-id", "ce-key"),
        ("ce-source", "/tests"),
        ("ce-type", "OpenAccount"),
        ("ce-tenant", "acme"),
    ];
    let again = send(&binary, data.to_string());
    assert_eq!(
        (again.status, &again.body["duplicate"]),
        (200, &json!(true))
    );
    let recorded = client.stream("account-ce-1").expect("a stream").remove(0);
    assert_eq!(
        (&recorded["tenant"], &recorded["data"]),
        (&json!("acme"), &data)
    );
    assert_eq!(send(&[], data.to_string()).status, 400);
    let batch = [("content-type", "application/cloudevents-batch+json")];
    assert_eq!(send(&batch, "[]".into()).status, 415);
}

fn preconditions(client: &Client) {
    assert_eq!(open(client, "p", &[("If-None-Match", "*")]).status, 200);
    let again = open(client, "p", &[("If-None-Match", "*")]);
    assert_eq!(
        (again.status, again.problem()),
        (412, Some("precondition-failed"))
    );
    assert_eq!(
        (&again.body["expected"], &again.body["actual"]),
        (&json!("no-stream"), &json!(1))
    );
    assert_eq!(deposit(client, "p", &[("If-Match", "\"1\"")]).status, 200);
    let stale = deposit(client, "p", &[("If-Match", "\"1\"")]);
    assert_eq!(
        (stale.status, &stale.body["expected"], &stale.body["actual"]),
        (412, &json!(1), &json!(2))
    );
    let unquoted = deposit(client, "p", &[("If-Match", "2")]);
    assert_eq!(
        (unquoted.status, unquoted.problem()),
        (400, Some("malformed-command"))
    );
    for (tag, status) in [
        ("\"+2\"", 412),
        ("\"\"", 412),
        ("\"2", 400),
        ("\"two\"", 412),
    ] {
        assert_eq!(
            deposit(client, "p", &[("If-Match", tag)]).status,
            status,
            "{tag}"
        );
    }
    let both = deposit(
        client,
        "p",
        &[("If-Match", "\"2\""), ("If-None-Match", "*")],
    );
    assert_eq!(both.status, 400);
    let twice = deposit(
        client,
        "p",
        &[("Idempotency-Key", "x"), ("Idempotency-Key", "y")],
    );
    assert_eq!(
        (twice.status, twice.problem()),
        (400, Some("malformed-command"))
    );
    assert_eq!(client.stream("account-p").expect("a stream").len(), 2);
    // An unmet precondition decides nothing, so the key stays free. After the command has taken effect under the key,
    // a repetition gets that answer, whatever its precondition.
    let keyed = |expected| {
        deposit(
            client,
            "p",
            &[("Idempotency-Key", "if"), ("If-Match", expected)],
        )
    };
    assert_eq!(keyed("\"3\"").status, 412);
    assert_eq!(keyed("\"2\"").status, 200);
    let again = keyed("\"9\"");
    assert_eq!(
        (again.status, &again.body["duplicate"]),
        (200, &json!(true))
    );
    assert_eq!(client.stream("account-p").expect("a stream").len(), 3);
}

fn duplicates(client: &Client) {
    let key = [("Idempotency-Key", "dup-1")];
    let first = open(client, "d", &key);
    let second = open(client, "d", &key);
    assert_eq!((first.status, second.status), (200, 200));
    assert_eq!(
        (&first.body["duplicate"], &second.body["duplicate"]),
        (&json!(false), &json!(true))
    );
    assert_eq!(
        (&first.body["events"], &first.body["position"]),
        (&second.body["events"], &second.body["position"])
    );
    // A rejection stays the answer, even when the state would now allow the command.
    let withdraw = |id| {
        let body = br#"{"account":"d","amount":101}"#;
        client
            .post("/commands/Withdraw", &[("Idempotency-Key", id)], body)
            .expect("an answer")
    };
    assert_eq!(withdraw("dup-2").body["code"], "insufficient-funds");
    assert_eq!(deposit(client, "d", &[]).status, 200);
    let again = withdraw("dup-2");
    assert_eq!(
        (again.status, &again.body["code"], &again.body["duplicate"]),
        (422, &json!("insufficient-funds"), &json!(true))
    );
    assert_eq!(withdraw("dup-3").status, 200);
    // An id belongs to one command, so another command with the same id is refused.
    let other = open(client, "d2", &key);
    assert_eq!(
        (other.status, other.problem()),
        (400, Some("malformed-command")),
        "{}",
        other.text
    );
    assert_eq!(client.stream("account-d2").expect("an answer").len(), 0);
    assert_eq!(client.stream("account-d").expect("a stream").len(), 3);
}

fn errors(client: &Client) {
    let unknown = client
        .post("/commands/OpenAcount", &[], b"{}")
        .expect("an answer");
    assert_eq!(
        (unknown.status, unknown.problem()),
        (404, Some("unknown-command"))
    );
    assert_eq!(unknown.body["nearest"], json!(["OpenAccount"]));
    let malformed = client
        .post(
            "/commands/Deposit",
            &[],
            b"{\"account\":\"a\",\"amount\":\"x\"}",
        )
        .expect("an answer");
    assert_eq!(
        (malformed.status, malformed.problem()),
        (400, Some("malformed-command"))
    );
    assert!(
        malformed.body["at"]
            .as_str()
            .is_some_and(|at| !at.is_empty()),
        "{}",
        malformed.text
    );
    let rejected = deposit(client, "nobody", &[]);
    assert_eq!(
        (rejected.status, rejected.problem()),
        (422, Some("rejected"))
    );
    assert_eq!(rejected.body["code"], "account-not-open");
    assert!(rejected.body["message"].is_string());
    assert_eq!(
        rejected.header("content-type"),
        Some("application/problem+json")
    );
    let no_route = client.get("/nowhere").expect("an answer");
    assert_eq!(no_route.status, 404);
    let method = client.post("/events", &[], b"").expect("an answer");
    let allow = Some("GET, HEAD, OPTIONS");
    assert_eq!((method.status, method.header("allow")), (405, allow));
    let number = client.get("/events?after=x").expect("an answer");
    assert_eq!(number.status, 400);
    assert_eq!(
        client.get("/events?after=%2B1").expect("an answer").status,
        400
    );
}

fn queries(client: &Client) {
    assert_eq!(client.get("/healthz").expect("an answer").status, 200);
    let about = client.get("/").expect("an answer");
    assert_eq!(about.body["name"], "bank");
    // The two commands that end transfers are internal.
    assert_eq!(about.body["commands"].as_array().map(Vec::len), Some(4));
    let missing = client.get("/streams/account-nobody").expect("an answer");
    assert_eq!(
        (missing.status, missing.problem()),
        (404, Some("unknown-stream"))
    );
    let illegal = client.get("/streams/%20").expect("an answer");
    assert_eq!(illegal.status, 400, "{}", illegal.text);
    // Consecutive pages have no gap and no repetition.
    let whole = client.log().expect("the log");
    let (mut paged, mut after) = (Vec::new(), 0);
    loop {
        let page = client
            .get(&format!("/events?after={after}&limit=2"))
            .expect("a page");
        let events = page.body["events"].as_array().expect("events").clone();
        assert!(events.len() <= 2);
        paged.extend(events);
        if page.body["end"] == true {
            break;
        }
        after = page.body["next"].as_u64().expect("a position");
    }
    assert_eq!(paged, whole);
    let deposits = client
        .get("/events?type=Deposited&limit=1000")
        .expect("a page");
    let deposits = deposits.body["events"].as_array().expect("events").clone();
    assert!(!deposits.is_empty() && deposits.iter().all(|event| event["type"] == "Deposited"));
    let page = |query: &str| client.get(&format!("/events?{query}")).expect("a page");
    let types = page("type=Deposited&type=AccountOpened&category=account&limit=1000");
    let types = types.body["events"].as_array().expect("events").clone();
    assert!(types.len() > deposits.len());
    assert!(types.iter().all(|event| event["type"] != "Withdrawn"));
    let nothing = page("category=accoun");
    assert_eq!(
        (&nothing.body["events"], &nothing.body["end"]),
        (&json!([]), &json!(true))
    );
    backward(client, "/streams/account-d");
    let tail = client
        .get("/streams/account-d?after=1&limit=1")
        .expect("a page");
    assert_eq!(tail.body["events"][0]["streamversion"], "2");
    assert_eq!(tail.body["end"], false);
}

/// Read backward in pages from the end, a stream has the same events in reverse order.
fn backward(client: &Client, stream: &str) {
    let forward = client.get(stream).expect("a page");
    let mut forward = forward.body["events"].as_array().expect("events").clone();
    forward.reverse();
    let (mut events, mut before) = (Vec::new(), "end".to_owned());
    loop {
        let page = client.get(&format!("{stream}?before={before}&limit=2"));
        let page = page.expect("a page");
        events.extend(page.body["events"].as_array().expect("events").clone());
        before = page.body["next"].to_string();
        if page.body["end"] == true {
            break;
        }
    }
    assert!(events.len() > 2);
    assert_eq!(events, forward);
    let both = client.get(&format!("{stream}?before=3&after=1"));
    assert_eq!(both.expect("an answer").status, 400);
}

fn states(client: &Client) {
    let state = |query: &str| {
        client
            .get(&format!("/streams/account-p/state?{query}"))
            .expect("an answer")
    };
    let now = state("decider=transact");
    assert_eq!(
        (now.status, &now.body["version"]),
        (200, &json!(3)),
        "{}",
        now.text
    );
    let before = state("decider=transact&at=1");
    assert_eq!(before.body["version"], 1);
    assert_ne!(before.body["state"], now.body["state"]);
    let unknown = state("decider=nobody");
    assert_eq!(
        (unknown.status, &unknown.body["nearest"]),
        (404, &json!(["open-account", "transact", "transfer"]))
    );
    assert_eq!(state("").status, 400);
    assert_eq!(state("decider=transact&at=0").status, 400);
}

/// A body of one megabyte is accepted whole. One byte more is refused, and no part of it is stored.
fn large_bodies(client: &Client) {
    let body_of = |account: &str, size: usize| {
        let rest = json!({"account": account, "owner": "", "deposit": 1})
            .to_string()
            .len();
        json!({"account": account, "owner": "x".repeat(size - rest), "deposit": 1}).to_string()
    };
    let limit = 1 << 20;
    let largest = body_of("large", limit);
    let answer = client
        .post("/commands/OpenAccount", &[], largest.as_bytes())
        .expect("an answer");
    assert_eq!(answer.status, 200, "{}", answer.text);
    let event = client.stream("account-large").expect("a stream").remove(0);
    let sent: serde_json::Value = serde_json::from_str(&largest).expect("JSON");
    assert_eq!(event["data"], sent);
    let larger = body_of("larger", limit + 1);
    // A server may answer before it has read the whole body. A client may then get a broken pipe.
    if let Ok(answer) = client.post("/commands/OpenAccount", &[], larger.as_bytes()) {
        assert_eq!(
            (answer.status, answer.problem()),
            (413, Some("payload-too-large")),
            "{}",
            answer.text
        );
        assert_eq!(answer.body["limit"], limit);
    }
    assert_eq!(client.stream("account-larger").expect("an answer").len(), 0);
}

/// Sends the same command in many small chunks, without a length.
fn chunked_bodies(server: &Server) {
    let address = server.url().replace("http://", "");
    let mut socket = TcpStream::connect(&address).expect("a connection");
    let owner = "y".repeat(10_000);
    let body = json!({"account": "chunked", "owner": owner, "deposit": 7}).to_string();
    let mut request = format!(
        "POST /commands/OpenAccount HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\n\
         transfer-encoding: chunked\r\nconnection: close\r\n\r\n"
    );
    for chunk in body.as_bytes().chunks(777) {
        request += &format!(
            "{:x}\r\n{}\r\n",
            chunk.len(),
            String::from_utf8_lossy(chunk)
        );
    }
    request += "0\r\n\r\n";
    socket.write_all(request.as_bytes()).expect("sent");
    let mut response = String::new();
    socket.read_to_string(&mut response).expect("an answer");
    assert!(response.starts_with("HTTP/1.1 200"), "{response}");
    let event = Client::new(server.url())
        .stream("account-chunked")
        .expect("a stream")
        .remove(0);
    assert_eq!(event["data"]["owner"], owner);
}
