//! Views, waits, and the administration of reactions over HTTP, on both hosts.

use crate::support;
use annals_test_servers::postgres::Server as Postgres;
use annals_tests::app;
use annals_tests::client::{Answer, Client};
use annals_tests::server::{Kind, Place, Server};
use annals_tests::tools;
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

const WAIT: (&str, &str) = ("Prefer", "wait=20");

/// Opens an account and waits for the views.
fn open(client: &Client, account: &str) -> Answer {
    let body = json!({"account": account, "owner": "Ada", "deposit": 100}).to_string();
    client
        .post("/commands/OpenAccount", &[WAIT], body.as_bytes())
        .expect("an answer")
}

/// Runs all checks against one host, so that the host starts once.
fn keeps_the_contract(host: Kind) {
    let served = support::bank(host);
    let url = served.server.url();
    let client = Client::new(url.clone());
    waits(&client);
    delivers_without_being_asked(&client);
    own_writes(&client);
    rows(&client, &url);
    pages(&client);
    ranges(&client);
    unknown_names(&client);
    the_front_page(&client, &url);
    administration(&client);
    methods(&url);
}

#[test]
fn annals_host_answers_the_read_side() {
    keeps_the_contract(Kind::Annals);
}

#[test]
fn wasmtime_serve_answers_the_read_side() {
    keeps_the_contract(Kind::Wasmtime);
}

fn waits(client: &Client) {
    let answer = open(client, "a");
    assert!([200, 202].contains(&answer.status), "{}", answer.text);
    assert_eq!(answer.header("preference-applied"), Some("wait=20"));
    assert_eq!(answer.header("etag"), Some("\"1\""));
    assert_eq!(answer.body["version"], 1);
    let lagging = answer.body["lagging"].as_array();
    assert_eq!(answer.status == 202, lagging.is_some());
    let balance = client.get("/views/balances/a").expect("an answer");
    assert_eq!(balance.body["balance"], 100, "what was written is read");
    // An invalid wait is ignored.
    let headers = [("Prefer", "wait=soon, respond-async")];
    let body = br#"{"account":"a","amount":1}"#;
    let plain = client.post("/commands/Deposit", &headers, body);
    let plain = plain.expect("an answer");
    assert_eq!(
        (plain.status, plain.header("preference-applied")),
        (200, None)
    );
    // A rejected command leaves nothing to wait for.
    assert_eq!(open(client, "a").problem(), Some("rejected"));
}

/// The host delivers after the answer to the command. A read of a view delivers nothing.
fn delivers_without_being_asked(client: &Client) {
    let body = br#"{"account":"a","amount":7}"#;
    let answer = client.post("/commands/Deposit", &[], body);
    assert_eq!(answer.expect("an answer").status, 200);
    let limit = Instant::now() + Duration::from_secs(30);
    loop {
        let balance = client.get("/views/balances/a").expect("an answer");
        if balance.body["balance"] == 108 {
            return;
        }
        assert!(Instant::now() < limit, "{}", balance.text);
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// A read that demands a position finds the events up to there, or is refused.
fn own_writes(client: &Client) {
    let read = |path: &str, headers: &[(&str, &str)]| {
        let answer = client.get_with(path, headers).expect("an answer");
        (answer.status, answer)
    };
    let mut balance = 108;
    for path in ["/views/balances/a", "/views/balances"] {
        let body = br#"{"account":"a","amount":1}"#;
        let written = client.post("/commands/Deposit", &[], body);
        let position = written.expect("an answer").body["position"].to_string();
        balance += 1;
        let demand = ("Annals-Min-Position", position.as_str());
        let (status, answer) = read(path, &[demand, WAIT]);
        assert_eq!(status, 200, "{}", answer.text);
        assert_eq!(answer.header("preference-applied"), Some("wait=20"));
        assert!(
            answer.text.contains(&format!(":{balance}")),
            "{}",
            answer.text
        );
        // It has arrived there, so nobody waits.
        assert_eq!(read(path, &[demand]).1.header("preference-applied"), None);
        // The log ends before this position.
        let ahead = (position.parse::<u64>().expect("a number") + (1 << 30)).to_string();
        let demand = ("Annals-Min-Position", ahead.as_str());
        for headers in [&[demand][..], &[demand, ("Prefer", "wait=1")]] {
            let began = Instant::now();
            let (status, answer) = read(path, headers);
            assert_eq!((status, answer.problem()), (503, Some("view-behind")));
            assert_eq!(answer.body["reaction"], "balances");
            assert!(answer.header("retry-after").is_some());
            assert_eq!(answer.header("annals-wait"), None);
            let waited = began.elapsed() >= Duration::from_secs(1);
            assert!(waited || headers.len() == 1, "{:?}", began.elapsed());
        }
        let (status, answer) = read(path, &[("Annals-Min-Position", "soon")]);
        assert_eq!((status, answer.problem()), (400, Some("malformed-command")));
    }
    let demand = ("Annals-Min-Position", "1");
    assert_eq!(read("/views/no/a", &[demand, WAIT]).0, 404);
}

fn rows(client: &Client, url: &str) {
    open(client, "row");
    let row = client.get("/views/balances/row").expect("an answer");
    assert_eq!(row.status, 200, "{}", row.text);
    assert_eq!(row.header("content-type"), Some("application/json"));
    assert_eq!(
        row.body,
        json!({"account": "row", "owner": "Ada", "balance": 100})
    );
    let opened = client.stream("account-row").expect("a stream").remove(0);
    let tag = row.header("etag").expect("a tag");
    let position = opened["position"].as_str().expect("a position");
    assert!(tag.starts_with(&format!("\"{position}-")), "{tag}");
    for (known, status) in [
        (tag, 304),
        (&format!("\"1\", W/{tag}"), 304),
        ("*", 304),
        ("\"1\"", 200),
        (&format!("\"{position}\""), 200),
    ] {
        let head = format!("GET /views/balances/row HTTP/1.1\r\nIf-None-Match: {known}\r\n");
        assert_eq!(raw(url, &head).0, status, "{known}");
    }
}

fn pages(client: &Client) {
    for account in ["p1", "p2", "p3", "p/4 ü"] {
        open(client, account);
    }
    let get = |path: &str| client.get(path).expect("an answer").body;
    let mut keys = Vec::new();
    let mut after = String::new();
    loop {
        let page = get(&format!("/views/balances?limit=2{after}"));
        assert_eq!(page["view"], "balances");
        let rows = page["rows"].as_array().expect("rows");
        assert!(rows.len() <= 2);
        for row in rows {
            assert_eq!(row["value"]["account"], row["key"]);
            assert!(row["position"].as_u64() > Some(0));
            keys.push(row["key"].as_str().expect("a key").to_owned());
        }
        if page["end"] == true {
            break;
        }
        assert_eq!(page["next"].as_str(), keys.last().map(String::as_str));
        let next = page["next"].as_str().expect("a key").replace('/', "%2F");
        after = format!("&after={}", next.replace(' ', "+").replace('ü', "%C3%BC"));
    }
    assert_eq!(keys, ["a", "p/4 ü", "p1", "p2", "p3", "row"]);
    let strange = get("/views/balances/p%2F4%20%C3%BC");
    assert_eq!(strange["account"], "p/4 ü");
}

/// A statement consists of the rows whose keys begin with the account, one for each movement.
fn ranges(client: &Client) {
    for account in ["r", "r1", "r2"] {
        assert_eq!(open(client, account).body["version"], 1);
    }
    for amount in 1..6 {
        let body = json!({"account": "r1", "amount": amount}).to_string();
        let answer = client.post("/commands/Deposit", &[WAIT], body.as_bytes());
        assert_eq!(answer.expect("an answer").status, 200);
    }
    let rows = |query: &str| {
        let page = client.get(&format!("/views/{query}")).expect("an answer");
        assert_eq!(page.status, 200, "{}", page.text);
        let rows = page.body["rows"].as_array().expect("rows").clone();
        let keys: Vec<String> = rows
            .iter()
            .map(|row| row["key"].as_str().expect("a key").to_owned())
            .collect();
        (keys, rows, page.body["end"] == true)
    };
    let (keys, movements, end) = rows("statements?prefix=r1/");
    assert!(end && keys.len() == 6, "{keys:?}");
    let amounts: Vec<&Value> = movements
        .iter()
        .map(|row| &row["value"]["amount"])
        .collect();
    assert_eq!(json!(amounts), json!([100, 1, 2, 3, 4, 5]));
    for (key, row) in keys.iter().zip(&movements) {
        let position = row["value"]["position"].as_u64().expect("a position");
        assert_eq!(key, &format!("r1/{position:020}"));
    }
    // Read page by page, and as a range.
    let (mut paged, mut after) = (Vec::new(), String::new());
    loop {
        let (keys, _, end) = rows(&format!("statements?prefix=r1/&limit=4{after}"));
        assert!(keys.len() <= 4);
        paged.extend(keys);
        if end {
            break;
        }
        after = format!("&after={}", paged.last().expect("a key"));
    }
    assert_eq!(paged, keys);
    assert_eq!(rows("statements?from=r1/&to=r2").0, keys);
    assert_eq!(
        rows(&format!("statements?from={}&prefix=r1/", keys[3])).0,
        keys[3..]
    );
    assert_eq!(
        rows(&format!("statements?to={}&prefix=r1/", keys[3])).0,
        keys[..3]
    );
    assert_eq!(rows("balances?from=r1&to=r2").0, ["r1"]);
    assert_eq!(rows("balances?prefix=r1").0, ["r1"]);
    assert_eq!(rows("statements?prefix=nobody/"), (vec![], vec![], true));
}

fn unknown_names(client: &Client) {
    let get = |path: &str| client.get(path).expect("an answer");
    let row = get("/views/balances/nobody");
    assert_eq!((row.status, row.problem()), (404, Some("unknown-row")));
    for path in ["/views/balanecs", "/views/balanecs/a"] {
        let view = get(path);
        assert_eq!((view.status, view.problem()), (404, Some("unknown-view")));
        assert_eq!(view.body["nearest"], json!(["balances"]), "{path}");
    }
    // The dispatcher's internal names are no views.
    for path in [
        "/views/balances@1",
        "/views/~dead-letters",
        "/views/~transfer@1/x",
    ] {
        assert_eq!(get(path).problem(), Some("unknown-view"), "{path}");
    }
    let reaction = get("/admin/reactions/transfre");
    assert_eq!(
        (reaction.problem(), &reaction.body["nearest"]),
        (Some("unknown-reaction"), &json!(["transfer"]))
    );
    let letter = get("/admin/dead-letters/none");
    assert_eq!(letter.problem(), Some("unknown-dead-letter"));
}

fn the_front_page(client: &Client, url: &str) {
    let about = client.get("/").expect("an answer").body;
    let views: Vec<&Value> = about["views"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|view| &view["name"])
        .collect();
    assert!(views.contains(&&json!("balances")), "{views:?}");
    let reactions = about["reactions"].as_array().expect("a list");
    let transfer = reactions.iter().find(|r| r["name"] == "transfer");
    let transfer = transfer.expect("the process manager");
    assert_eq!(transfer["kind"], "process-manager");
    assert!(
        transfer["wants"]
            .as_array()
            .is_some_and(|wants| !wants.is_empty())
    );
    let (status, html) = raw(url, "GET / HTTP/1.1\r\nAccept: text/html\r\n");
    assert_eq!(status, 200);
    for words in [
        "<a href=\"/views/balances\">",
        "transfer",
        "process-manager",
    ] {
        assert!(html.contains(words), "{words}: {html}");
    }
}

fn administration(client: &Client) {
    let post = |path: &str| client.post(path, &[], b"").expect("an answer");
    let get = |path: &str| client.get(path).expect("an answer");
    let pumped = post("/admin/pump?budget=500");
    assert_eq!(pumped.status, 200, "{}", pumped.text);
    assert!(pumped.body["delivered"].is_u64() && pumped.body["more"].is_boolean());
    assert!(pumped.body.get("retryInMs").is_some());
    assert_eq!(
        post("/admin/pump?reaction=x").problem(),
        Some("unknown-reaction")
    );
    assert_eq!(post("/admin/pump?budget=x").status, 400);
    let all = get("/admin/reactions").body;
    for reaction in all["reactions"].as_array().expect("a list") {
        let name = reaction["name"].as_str().expect("a name");
        let one = get(&format!("/admin/reactions/{name}"));
        assert_eq!((one.status, &one.body["kind"]), (200, &reaction["kind"]));
        for field in ["position", "lag", "attempts", "parked", "lanes"] {
            assert!(reaction[field].is_u64(), "{field}: {reaction}");
        }
        assert!(
            reaction["generations"][0]["active"].is_boolean(),
            "{reaction}"
        );
    }
    assert_eq!(post("/admin/reactions/balances/rebuild").status, 202);
    assert_eq!(post("/admin/reactions/nobody/rebuild").status, 404);
    assert_eq!(
        post("/admin/reactions/transfer/rebuild").problem(),
        Some("refused")
    );
    let letters = get("/admin/dead-letters?limit=1").body;
    assert!(letters["deadLetters"].is_array() && letters["end"].is_boolean());
    for path in [
        "/admin/dead-letters/none/retry",
        "/admin/dead-letters/none/skip",
    ] {
        assert_eq!(post(path).problem(), Some("unknown-dead-letter"), "{path}");
    }
}

fn methods(url: &str) {
    for (method, path, status, allow) in [
        ("POST", "/views/balances", 405, "get, head, options"),
        ("DELETE", "/views/balances/a", 405, "get, head, options"),
        ("GET", "/admin/pump", 405, "post, options"),
        ("POST", "/admin/reactions", 405, "get, head, options"),
        (
            "GET",
            "/admin/reactions/transfer/rebuild",
            405,
            "post, options",
        ),
        (
            "POST",
            "/admin/reactions/transfer/generations/1",
            405,
            "delete, options",
        ),
        ("DELETE", "/admin/reactions/transfer/generations/x", 400, ""),
        (
            "DELETE",
            "/admin/reactions/transfer/generations/99",
            404,
            "",
        ),
        ("POST", "/events", 405, "get, head, options"),
        ("GET", "/nowhere", 404, ""),
    ] {
        let (found, text) = raw(
            url,
            &format!("{method} {path} HTTP/1.1\r\ncontent-length: 0\r\n"),
        );
        assert_eq!(found, status, "{method} {path}: {text}");
        let line = format!("allow: {allow}");
        let told = text.lines().any(|found| found.eq_ignore_ascii_case(&line));
        assert_eq!(told, !allow.is_empty(), "{method} {path}: {text}");
    }
}

/// The status of an answer, and the whole answer as text.
fn raw(url: &str, request: &str) -> (u16, String) {
    let address = url.strip_prefix("http://").expect("a URL");
    let mut stream = TcpStream::connect(address).expect("a connection");
    let request = format!("{request}Host: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("sent");
    let mut text = String::new();
    let mut reader = BufReader::new(stream);
    while reader.read_line(&mut text).expect("text") > 0 {}
    let status = text.split(' ').nth(1).and_then(|code| code.parse().ok());
    (status.expect("a status"), text)
}

/// Runs the composed application as a command, on the store of a server.
fn command(served: &support::Served, arguments: &[&str]) -> Output {
    let app = support::composed(&annals_tests::app::bank(), Kind::Wasmtime);
    Command::new(tools::wasmtime().expect("wasmtime"))
        .args(["run", "-S", "cli,http", "--dir"])
        .arg(format!("{}::/data", served.store().display()))
        .arg(app)
        .args(arguments)
        .output()
        .expect("it runs")
}

#[test]
fn the_application_pumps_from_the_command_line() {
    let mut served = support::bank(Kind::Wasmtime);
    let client = Client::new(served.server.url());
    for account in 0..20 {
        let body = json!({"account": format!("c{account}"), "owner": "Ada", "deposit": 1});
        let answer = client.post("/commands/OpenAccount", &[], body.to_string().as_bytes());
        assert_eq!(answer.expect("an answer").status, 200);
    }
    served.server.kill().expect("killed");
    let done = command(&served, &["pump", "--reaction", "balances", "--until-idle"]);
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(done.status.success(), "{done:?}");
    assert!(said.starts_with("delivered "), "{said}");
    let help = command(&served, &["--help"]);
    assert!(help.status.success());
    assert!(String::from_utf8_lossy(&help.stdout).contains("--until-idle"));
    for (arguments, words) in [
        (&["dump"][..], "unknown command `dump`"),
        (
            &["pump", "--reaction", "nobody"],
            "there is no reaction `nobody`",
        ),
        (&["pump", "--budget"], "`--budget` requires a value"),
    ] {
        let failed = command(&served, arguments);
        let why = String::from_utf8_lossy(&failed.stderr).into_owned();
        assert_eq!(failed.status.code(), Some(1), "{why}");
        assert!(why.contains(words), "{why}");
    }
    served.server.restart().expect("it starts");
    let rows = client.get("/views/balances").expect("an answer").body;
    assert_eq!(rows["rows"].as_array().map(Vec::len), Some(20), "{rows}");
}

/// What a client wrote through one host, it reads through another.
#[test]
fn a_client_reads_its_own_writes_from_any_annals_host_on_postgres() {
    let Some(postgres) = Postgres::start(&[]) else {
        return;
    };
    let data = tempfile::tempdir().expect("a temporary folder");
    let app = app::compose(&app::bank(), Kind::Annals, data.path()).expect("it composes");
    let hosts: Vec<_> = (0..2)
        .map(|host| {
            let flags = ["--store".to_owned(), postgres.url("")];
            let serve = move |place: &Place<'_>| place.serve_on(&flags);
            let data = data.path().join(host.to_string());
            Server::start_by(serve, &app, &data).expect("the host starts")
        })
        .collect();
    let clients: Vec<_> = hosts.iter().map(|host| Client::new(host.url())).collect();
    for n in 0..20 {
        let body = json!({"account": n.to_string(), "owner": "Ada", "deposit": n}).to_string();
        let written = clients[n % 2].post("/commands/OpenAccount", &[], body.as_bytes());
        let position = written.expect("an answer").body["position"].to_string();
        let demand = ("Annals-Min-Position", position.as_str());
        let path = format!("/views/balances/{n}");
        let read = clients[(n + 1) % 2].get_with(&path, &[demand, WAIT]);
        let read = read.expect("an answer");
        assert_eq!(
            (read.status, &read.body["balance"]),
            (200, &json!(n)),
            "{}",
            read.text
        );
    }
}
