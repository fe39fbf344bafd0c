//! The store on NATS JetStream, on real servers that are killed, frozen, cut off and set up wrongly.

mod support;

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use annals_host::error::HostError;
use annals_host::store::remote::Opening;
use annals_host::store::{Blocking, Created, Kv, KvError, Nats, Swap};
use annals_test_servers::Proxy;
use annals_test_servers::nats::{self, Nats as Servers};
use support::Workspace;
use support::stores::{self, an_absent_server_is_one_line, fails, start};

fn opening() -> Opening {
    Opening {
        make: true,
        ..Opening::default()
    }
}

fn open(url: &str) -> Result<Blocking<Nats>, HostError> {
    Nats::open_alone(url, &opening()).map(Blocking)
}

/// A cluster that tests share which disturb no server.
fn cluster() -> Option<&'static Servers> {
    static CLUSTER: OnceLock<Option<Servers>> = OnceLock::new();
    CLUSTER.get_or_init(|| Servers::start(3, "")).as_ref()
}

fn refusal(url: &str) -> String {
    match open(url) {
        Ok(_) => panic!("{url} is not refused"),
        Err(error) => {
            assert!(error.is_users(), "{error}");
            error.to_string()
        }
    }
}

fn wait(what: &str, limit: u64, until: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(limit);
    while !until() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn two_hosts_share_a_stream() {
    let Some(servers) = cluster() else {
        return;
    };
    // Both make the stream at once.
    let hosts: Vec<_> = std::thread::scope(|scope| {
        let opening: Vec<_> = (0..2)
            .map(|node| scope.spawn(move || open(&servers.url_of(node, "two", "")).expect("opens")))
            .collect();
        let hosts = opening.into_iter();
        hosts.map(|host| host.join().expect("no panic")).collect()
    });
    stores::share(&hosts);
}

#[test]
fn a_deleted_key_is_absent_and_can_be_created_again() {
    let Some(servers) = cluster() else {
        return;
    };
    let store = open(&servers.url("deleted", "")).expect("opens");
    let create = |key: &str, value: &[u8]| {
        store.create_all(
            "b",
            vec![
                ("other".to_owned() + key, vec![1]),
                (key.into(), value.to_vec()),
            ],
        )
    };
    assert_eq!(store.compare_and_set("b", "k", None, b"1"), Ok(Swap::Done));
    assert_eq!(create("k", b"2"), Ok(Created::Exists(1)));
    assert_eq!(store.delete("b", "k"), Ok(()));
    assert_eq!(store.delete("b", "never"), Ok(()));
    assert_eq!(store.get("b", "k"), Ok(None));
    assert_eq!(store.list_keys("b", None, 10), Ok(Vec::new()));
    assert_eq!(create("k", b"3"), Ok(Created::All));
    assert_eq!(store.get("b", "k"), Ok(Some(b"3".to_vec())));
    assert_eq!(store.delete("b", "k"), Ok(()));
    assert_eq!(store.compare_and_set("b", "k", None, b"4"), Ok(Swap::Done));
    assert_eq!(
        store.list_keys("b", None, 10),
        Ok(vec!["k".into(), "otherk".into()])
    );
    assert_eq!(store.delete("b", "n"), Ok(()));
    assert_eq!(store.draw("b", "n", 0), Ok(1));
    assert_eq!(store.delete("b", "n"), Ok(()));
    assert_eq!(store.draw("b", "n", 0), Ok(1));
}

/// A copy that catches up lacks a replaced message, and shows that by its barrier.
#[test]
fn every_step_that_replaces_a_message_replaces_the_barrier_behind_it() {
    let Some(servers) = cluster() else {
        return;
    };
    let store = open(&servers.url("order", "")).expect("opens");
    let sequence = |subject: &str| -> u64 {
        let body = format!("{{\"last_by_subj\":\"order.{subject}\"}}");
        let answer = servers.request(0, "$JS.API.STREAM.MSG.GET.order", &body);
        let answer: serde_json::Value = serde_json::from_str(&answer).expect("JSON");
        answer["message"]["seq"].as_u64().expect("a message")
    };
    let create = |key: &str| store.create_all("b", vec![(key.into(), vec![1])]);
    assert_eq!(create("k"), Ok(Created::All));
    let steps: [(&str, &dyn Fn()); 7] = [
        ("k", &|| store.set("b", "k", b"1").expect("works")),
        ("k", &|| {
            let swapped = store.compare_and_set("b", "k", Some(b"1"), b"2");
            assert_eq!(swapped, Ok(Swap::Done));
        }),
        ("k", &|| store.delete("b", "k").expect("works")),
        ("k", &|| assert_eq!(create("k"), Ok(Created::All))),
        ("n", &|| {
            store.draw("b", "n", 0).expect("works");
            store.draw("b", "n", 0).expect("works");
        }),
        ("n", &|| {
            store.increment("b", "n", 2, 0..=9).expect("works");
        }),
        ("new", &|| store.set("b", "new", b"1").expect("works")),
    ];
    for (at, (key, step)) in steps.iter().enumerate() {
        step();
        let key = sequence(&format!("b.{key}"));
        assert_eq!(sequence("barrier"), key + 1, "step {at}");
    }
}

#[test]
fn keys_of_any_kind_are_listed_in_pages_in_the_order_of_their_bytes() {
    let Some(servers) = Servers::shared() else {
        return;
    };
    let store = open(&servers.url("listed", "")).expect("opens");
    let mut keys: Vec<String> = ["a.b", "a/b", "a b", "ä", "", "%", "*", ">", "A"]
        .map(String::from)
        .into();
    keys.extend((0..40).map(|n| format!("n{n}")));
    for key in &keys {
        assert_eq!(store.compare_and_set("b", key, None, b"v"), Ok(Swap::Done));
        assert_eq!(store.get("b", key), Ok(Some(b"v".to_vec())), "{key:?}");
    }
    assert_eq!(store.set("c", "other", b"v"), Ok(()));
    keys.sort();
    let mut listed: Vec<String> = Vec::new();
    loop {
        let after = listed.last().map(String::as_str);
        let page = store.list_keys("b", after, 7).expect("lists");
        if page.is_empty() {
            break;
        }
        listed.extend(page);
    }
    assert_eq!(listed, keys);
}

#[test]
fn many_and_large_values_are_read_in_one_call() {
    let Some(servers) = cluster() else {
        return;
    };
    let store = open(&servers.url("large", "")).expect("opens");
    let keys: Vec<String> = (0..600).map(|n| format!("k{n}")).collect();
    for group in keys.chunks(50) {
        let entries = group
            .iter()
            .map(|key| (key.clone(), key.clone().into_bytes()));
        assert_eq!(store.create_all("b", entries.collect()), Ok(Created::All));
    }
    let large: Vec<String> = (0..12).map(|n| format!("large{n}")).collect();
    for key in &large {
        assert_eq!(store.set("b", key, &vec![7; 1_000_000]), Ok(()));
    }
    let all = [&keys[..], &["absent".into()], &large[..]].concat();
    let values = store.get_many("b", &all).expect("reads");
    for (key, value) in keys.iter().zip(&values) {
        assert_eq!(value.as_deref(), Some(key.as_bytes()));
    }
    assert_eq!(values[keys.len()], None);
    let lengths = values[keys.len() + 1..].iter().flatten().map(Vec::len);
    assert!(lengths.eq([1_000_000; 12]));
    // More than the server puts into one answer.
    let values = store.get_many("b", &large).expect("reads");
    let lengths = values.iter().flatten().map(Vec::len);
    assert!(lengths.eq([1_000_000; 12]));
    let refused = store.set("b", "larger", &vec![7; 8 << 20]);
    assert!(
        matches!(refused, Err(KvError::ValueTooLong { .. })),
        "{refused:?}"
    );
    let said = refused.expect_err("refused").to_string();
    assert!(said.contains("max_payload"), "{said}");
}

#[test]
fn nothing_acknowledged_is_lost_when_servers_are_killed() {
    let Some(servers) = Servers::start(3, "") else {
        return;
    };
    let store = open(&servers.url("killed", "timeout=3s")).expect("opens");
    let (_, failures) = stores::survives(&store, &|| servers.log(), || {
        for round in 0..3 {
            std::thread::sleep(Duration::from_millis(500));
            let leader = servers.leader("killed").unwrap_or(0);
            // The leader twice, and another one.
            let victim = (leader + round / 2) % 3;
            servers.end(victim, "KILL");
            std::thread::sleep(Duration::from_millis(500));
            servers.start_again(victim);
            servers.wait_until_ready();
        }
        (0..3).for_each(|node| servers.end(node, "KILL"));
        (0..3).for_each(|node| servers.start_again(node));
        servers.wait_until_ready();
    });
    assert!(failures > 0, "no server was ever missed");
}

#[test]
fn nothing_acknowledged_is_lost_when_a_single_server_is_killed() {
    let Some(servers) = Servers::start(1, "") else {
        return;
    };
    let store = open(&servers.url("killed", "timeout=3s")).expect("opens");
    let (_, failures) = stores::survives(&store, &|| servers.log(), || {
        for _ in 0..4 {
            std::thread::sleep(Duration::from_millis(500));
            servers.end(0, "KILL");
            std::thread::sleep(Duration::from_millis(200));
            servers.start_again(0);
            servers.wait_until_ready();
        }
    });
    assert!(failures > 0, "the server was never missed");
}

#[test]
fn nothing_acknowledged_is_lost_when_connections_are_cut() {
    let Some(servers) = cluster() else {
        return;
    };
    let proxy = Proxy::to(servers.port(0));
    let url = nats::url(&[proxy.port], "cut", "");
    let store = open(&url).expect("opens");
    let (_, failures) = stores::survives(&store, &|| servers.log(), || {
        // Long enough to connect and to write a little.
        let mut random = fastrand::Rng::with_seed(5);
        for _ in 0..40 {
            std::thread::sleep(Duration::from_millis(random.u64(80..160)));
            proxy.cut();
        }
    });
    assert!(failures > 0, "no connection was cut in the middle");
}

/// A deposed leader answers from the past until it hears of its successor, and a follower that was
/// away does so until it has caught up.
#[test]
fn a_server_that_was_frozen_does_not_answer_from_the_past() {
    let Some(servers) = Servers::start(3, "") else {
        return;
    };
    open(&servers.url("stale", "")).expect("opens");
    for frozen_is_leader in [true, false, true] {
        wait("no leader", 30, || servers.leader("stale").is_some());
        let leader = servers.leader("stale").expect("a leader");
        let frozen = if frozen_is_leader {
            leader
        } else {
            (leader + 1) % 3
        };
        let writing = (frozen + 1) % 3;
        let mut readers = Vec::new();
        for _ in 0..8 {
            readers.push(open(&servers.url_of(frozen, "stale", "timeout=20s")).expect("opens"));
        }
        let writer = open(&servers.url_of(writing, "stale", "timeout=2s")).expect("opens");
        writer.set("b", "k", b"old").expect("works");
        for reader in &readers {
            assert_eq!(reader.get("b", "k"), Ok(Some(b"old".to_vec())));
        }
        servers.signal(frozen, "STOP");
        wait("nobody takes over", 40, || {
            let other = servers.leader_by(writing, "stale");
            other.is_some_and(|leader| leader != frozen)
        });
        let value = format!("new{}", fastrand::u64(..));
        // A message that goes to the frozen leader is lost.
        wait("no service", 60, || {
            writer.set("b", "k", value.as_bytes()).is_ok()
        });
        let created = writer.create_all(
            "b",
            vec![(value.clone(), vec![1]), (value.clone() + "2", vec![2])],
        );
        assert_eq!(created, Ok(Created::All));
        servers.signal(frozen, "CONT");
        std::thread::scope(|scope| {
            for reader in &readers {
                scope.spawn(|| {
                    // The connection may have been given up meanwhile. No answer is better than a wrong one.
                    let mut answers = 0;
                    while answers < 3 {
                        if let Ok(found) = reader.get("b", "k") {
                            assert_eq!(found.as_deref(), Some(value.as_bytes()));
                            answers += 1;
                        }
                        let keys = [value.clone(), value.clone() + "2"];
                        if let Ok(found) = reader.get_many("b", &keys) {
                            assert_eq!(found, [Some(vec![1]), Some(vec![2])]);
                        }
                    }
                });
            }
        });
        servers.wait_until_ready();
    }
}

/// Answers every write to a stream with a conflict, as a leader that was deposed may do, and faster
/// than the cluster.
fn contradict(servers: &Servers, stream: &str) {
    let mut connection = TcpStream::connect(("127.0.0.1", servers.port(0))).expect("connected");
    let hello =
        format!("CONNECT {{\"headers\":true,\"verbose\":false}}\r\nSUB {stream}.> 1\r\nPING\r\n");
    connection.write_all(hello.as_bytes()).expect("sent");
    let mut reader = BufReader::new(connection.try_clone().expect("cloned"));
    let next = move |reader: &mut BufReader<TcpStream>| {
        let mut line = Vec::new();
        let count = reader.read_until(b'\n', &mut line).unwrap_or(0);
        (count > 0).then(|| String::from_utf8_lossy(&line).into_owned())
    };
    while next(&mut reader).expect("a line") != "PONG\r\n" {}
    std::thread::spawn(move || {
        let lie =
            "{\"error\":{\"code\":400,\"err_code\":10164,\"description\":\"wrong last sequence\"}}";
        while let Some(line) = next(&mut reader) {
            let words: Vec<&str> = line.split_whitespace().collect();
            if let ["HMSG", _, _, reply, _, _] = words.as_slice() {
                let answer = format!("PUB {reply} {}\r\n{lie}\r\n", lie.len());
                if connection.write_all(answer.as_bytes()).is_err() {
                    return;
                }
            }
        }
    });
}

#[test]
fn a_write_that_a_former_leader_denies_is_found_out() {
    let Some(servers) = cluster() else {
        return;
    };
    let store = open(&servers.url("denied", "")).expect("opens");
    store.set("b", "k", b"v0").expect("works");
    contradict(servers, "denied");
    for n in 0..20_i128 {
        let key = |part: u8| format!("new{n}{part}");
        let entries = vec![(key(1), vec![1]), (key(2), vec![2])];
        assert_eq!(store.create_all("b", entries.clone()), Ok(Created::All));
        assert_eq!(store.create_all("b", entries), Ok(Created::Exists(0)));
        let (old, new) = (format!("v{n}"), format!("v{}", n + 1));
        let swapped = store.compare_and_set("b", "k", Some(old.as_bytes()), new.as_bytes());
        assert_eq!(swapped, Ok(Swap::Done));
        assert_eq!(store.increment("b", "n", 1, 0..=99), Ok(n + 1));
    }
}

#[test]
fn a_write_without_a_majority_is_not_acknowledged() {
    let Some(servers) = Servers::start(3, "") else {
        return;
    };
    let store = open(&servers.url("lonely", "timeout=1s")).expect("opens");
    store.set("b", "k", b"old").expect("works");
    wait("no leader", 30, || servers.leader("lonely").is_some());
    let leader = servers.leader("lonely").expect("a leader");
    let others = [(leader + 1) % 3, (leader + 2) % 3];
    // A store that talks to the leader itself.
    let alone = open(&servers.url_of(leader, "lonely", "timeout=1s")).expect("opens");
    others.iter().for_each(|node| servers.signal(*node, "STOP"));
    let started = Instant::now();
    let created = alone.create_all("b", vec![("a".into(), vec![1]), ("b".into(), vec![2])]);
    assert!(
        matches!(created, Err(KvError::Unavailable(_))),
        "{created:?}"
    );
    assert!(started.elapsed() < Duration::from_secs(3));
    // The server cannot prove that the old value is still the value.
    let found = alone.get("b", "k");
    assert!(matches!(found, Err(KvError::Unavailable(_))), "{found:?}");
    others.iter().for_each(|node| servers.signal(*node, "CONT"));
    wait("no service", 40, || store.set("b", "k", b"new").is_ok());
    // The write without an answer took effect completely or not at all, and can be decided.
    let again = loop {
        match store.create_all("b", vec![("a".into(), vec![3]), ("b".into(), vec![4])]) {
            Ok(created) => break created,
            Err(_) => std::thread::sleep(Duration::from_millis(50)),
        }
    };
    let found = store
        .get_many("b", &["a".into(), "b".into()])
        .expect("reads");
    match again {
        Created::All => assert_eq!(found, [Some(vec![3]), Some(vec![4])]),
        Created::Exists(at) => {
            assert_eq!(at, 0);
            assert_eq!(found, [Some(vec![1]), Some(vec![2])]);
        }
    }
}

#[test]
fn somebody_elses_stream_is_refused() {
    let Some(servers) = Servers::shared() else {
        return;
    };
    let make = |stream: &str, settings: &str| {
        let subject = format!("$JS.API.STREAM.CREATE.{stream}");
        let answer = servers.request(
            0,
            &subject,
            &format!("{{\"name\":\"{stream}\",{settings}}}"),
        );
        assert!(answer.contains("\"config\""), "{answer}");
    };
    make("orders", "\"subjects\":[\"orders.*\"]");
    let refused = refusal(&servers.url("orders", ""));
    assert!(refused.contains("[\"orders.*\"]"), "{refused}");
    assert!(refused.starts_with("NATS at 127.0.0.1:"), "{refused}");
    let ours = "\"metadata\":{\"annals.format\":\"1\"},\"max_msgs_per_subject\":1,\"allow_direct\":true,\
                \"allow_atomic\":true,\"deny_delete\":true,\"deny_purge\":true";
    for (stream, settings, named) in [
        (
            "newer",
            "\"metadata\":{\"annals.format\":\"2\"}".to_owned(),
            "format 2",
        ),
        (
            "memory",
            format!("\"subjects\":[\"memory.>\"],\"storage\":\"memory\",{ours}"),
            "storage \"memory\"",
        ),
        (
            "aging",
            format!("\"subjects\":[\"aging.>\"],\"max_age\":3600000000000,{ours}"),
            "max_age",
        ),
        (
            "full",
            format!("\"subjects\":[\"full.>\"],\"max_msgs\":10,{ours}"),
            "max_msgs",
        ),
    ] {
        make(stream, &settings);
        let refused = refusal(&servers.url(stream, ""));
        assert!(refused.contains(named), "{stream}: {refused}");
    }
    // A stream of another name that takes the subjects.
    make("taker", "\"subjects\":[\"taken.>\"]");
    let refused = refusal(&servers.url("taken", ""));
    assert!(refused.contains("overlap"), "{refused}");
    let refused = refusal(&servers.url("three", "replicas=3"));
    assert!(refused.contains("replicas=1"), "{refused}");
    make("own", &format!("\"subjects\":[\"own.>\"],{ours}"));
    drop(open(&servers.url("own", "")).expect("a stream that an operator has made fits"));
}

#[test]
fn in_a_cluster_one_replica_must_be_asked_for() {
    let Some(servers) = cluster() else {
        return;
    };
    drop(open(&servers.url("single", "replicas=1")).expect("opens"));
    let refused = refusal(&servers.url("single", ""));
    assert!(refused.contains("has 1 replicas instead of 3"), "{refused}");
    let store = open(&servers.url("single", "replicas=1")).expect("opens");
    assert_eq!(store.draw("b", "n", 0), Ok(1));
    let subject = "$JS.API.STREAM.INFO.two_or_three";
    let none = servers.request(0, subject, "");
    assert!(none.contains("stream not found"), "{none}");
}

#[test]
fn while_the_servers_are_away_operations_fail_at_once() {
    let Some(servers) = Servers::start(1, "") else {
        return;
    };
    let store = open(&servers.url("away", "")).expect("opens");
    store.set("b", "k", b"v").expect("works");
    servers.end(0, "INT");
    let started = Instant::now();
    for _ in 0..100 {
        let got = store.get("b", "k");
        assert!(matches!(got, Err(KvError::Unavailable(_))), "{got:?}");
    }
    assert!(
        started.elapsed() < Duration::from_secs(2),
        "{:?}",
        started.elapsed()
    );
    servers.start_again(0);
    wait("no service", 15, || {
        store.get("b", "k") == Ok(Some(b"v".to_vec()))
    });
}

#[test]
fn an_operation_under_way_fails_at_once_when_its_connection_ends() {
    let Some(servers) = Servers::start(1, "") else {
        return;
    };
    let proxy = Proxy::to(servers.port(0));
    let store = open(&nats::url(&[proxy.port], "ends", "")).expect("opens");
    store.set("b", "k", b"v").expect("works");
    servers.signal(0, "STOP");
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            let written = store.set("b", "k", b"w");
            (written, Instant::now())
        });
        std::thread::sleep(Duration::from_millis(300));
        let cut = Instant::now();
        proxy.cut();
        let (written, ended) = waiting.join().expect("no panic");
        assert!(
            matches!(written, Err(KvError::Unavailable(_))),
            "{written:?}"
        );
        assert!(ended - cut < Duration::from_secs(1), "{:?}", ended - cut);
    });
    servers.signal(0, "CONT");
    wait("no service", 15, || store.get("b", "k").is_ok());
}

#[test]
fn a_frozen_server_is_left_for_another_one() {
    let Some(servers) = Servers::start(3, "") else {
        return;
    };
    wait("no leader", 30, || {
        open(&servers.url("left", "")).is_ok() && servers.leader("left").is_some()
    });
    let leader = servers.leader("left").expect("a leader");
    let frozen = (leader + 1) % 3;
    let url = nats::url(
        &[servers.port(frozen), servers.port(leader)],
        "left",
        "timeout=3s",
    );
    let store = open(&url).expect("opens");
    store.set("b", "k", b"v").expect("works");
    servers.signal(frozen, "STOP");
    wait("no service", 15, || store.set("b", "k", b"w") == Ok(()));
    assert_eq!(store.get("b", "k"), Ok(Some(b"w".to_vec())));
    servers.signal(frozen, "CONT");
}

#[test]
fn two_hosts_serve_one_store_and_survive_a_restart_of_the_servers() {
    let Some(servers) = Servers::start(3, "") else {
        return;
    };
    let workspace = Workspace::new();
    let one = start(&workspace, &servers.url_of(0, "bank", ""), &[]);
    let two = start(&workspace, &servers.url_of(1, "bank", ""), &[]);
    assert!(one.log().contains("sync_interval"), "{}", one.log());
    assert_eq!(one.get("/pkey").status, 201);
    assert_eq!(two.get("/pkey").status, 409);
    assert_eq!(two.get("/gkey").text(), "value");
    assert_eq!(two.get("/cnumber").text(), "2");
    assert_eq!(one.get("/cnumber").text(), "4");
    assert_eq!(one.get("/skey2").status, 200);
    (0..3).for_each(|node| servers.end(node, "INT"));
    assert_ne!(one.get("/gkey").status, 200);
    // Requests that need no store are answered.
    assert_eq!(one.get("/ok").status, 200);
    (0..3).for_each(|node| servers.start_again(node));
    servers.wait_until_ready();
    wait("no service", 30, || {
        one.get("/gkey").status == 200 && two.get("/gkey").status == 200
    });
    assert_eq!(one.terminate(), Some(0));
    assert_eq!(two.terminate(), Some(0));
}

#[test]
fn a_server_that_is_not_there_is_one_line() {
    let url = "nats://me@127.0.0.1:1,127.0.0.1:2/bank";
    an_absent_server_is_one_line(url, &["127.0.0.1:1", "127.0.0.1:2", "bank"]);
    let workspace = Workspace::new();
    let (status, said) = fails(&workspace, &["--store", "nats://127.0.0.1:1"]);
    assert_eq!(status, Some(1), "{said}");
    assert!(said.contains("nats://HOST:PORT/STREAM"), "{said}");
}

#[test]
fn a_host_waits_for_the_servers_if_it_is_told_to() {
    let Some(servers) = Servers::start(1, "") else {
        return;
    };
    servers.end(0, "INT");
    let workspace = Workspace::new();
    let url = servers.url("bank", "");
    std::thread::scope(|scope| {
        let host = scope.spawn(|| start(&workspace, &url, &["--wait-for-store"]));
        std::thread::sleep(Duration::from_millis(700));
        servers.start_again(0);
        let host = host.join().expect("it started");
        assert_eq!(host.get("/pkey").status, 201);
        assert!(host.log().contains("waiting for NATS"), "{}", host.log());
    });
}

/// Runs a script in the directory of a new server's configuration, and starts a server with these settings.
fn prepared(script: &str, settings: &str) -> Option<(tempfile::TempDir, Servers)> {
    let directory = tempfile::tempdir().expect("a directory");
    let made = std::process::Command::new("sh")
        .args(["-c", script])
        .current_dir(directory.path())
        .output()
        .expect("a shell");
    let said = String::from_utf8_lossy(&made.stderr);
    assert!(made.status.success(), "openssl is needed: {said}");
    let place = directory.path().display().to_string();
    let servers = Servers::start(1, &settings.replace("{place}", &place))?;
    Some((directory, servers))
}

#[test]
fn secrets_come_from_a_file_or_the_environment_and_are_never_shown() {
    let users = "authorization { users: [{ user: teller, password: open-sesame }] }";
    for (settings, user) in [
        (users, "teller@"),
        ("authorization { token: open-sesame }", ""),
    ] {
        let Some(servers) = Servers::start(1, settings) else {
            return;
        };
        let url = servers
            .url("bank", "")
            .replace("nats://", &format!("nats://{user}"));
        let workspace = Workspace::new();
        let (status, said) = fails(&workspace, &["--store", &url]);
        assert_eq!(status, Some(1), "{said}");
        assert!(said.contains("Authorization Violation"), "{said}");
        std::fs::write(workspace.path("wrong"), "shut-sesame\n").expect("written");
        let wrong = workspace.path("wrong");
        let wrong = wrong.to_str().expect("text");
        let (status, said) = fails(
            &workspace,
            &["--store", &url, "--store-password-file", wrong],
        );
        assert_eq!(status, Some(1), "{said}");
        assert!(said.contains("Authorization Violation"), "{said}");
        assert!(!said.contains("sesame"), "{said}");
        std::fs::write(workspace.path("right"), "open-sesame\n").expect("written");
        let right = workspace.path("right");
        let right = right.to_str().expect("text");
        let host = start(&workspace, &url, &["--store-password-file", right]);
        assert_eq!(host.get("/pkey").status, 201);
        assert!(!host.log().contains("sesame"), "{}", host.log());
        let mut command = workspace.command(&["--store", &url]);
        command.env("ANNALS_STORE_PASSWORD", "open-sesame");
        let host = support::Host::start(command);
        assert_eq!(host.get("/gkey").status, 200);
        let shown = servers
            .url("bank", "")
            .replace("nats://", "nats://teller:open-sesame@");
        let (status, said) = fails(&workspace, &["--store", &shown]);
        assert_eq!(status, Some(1), "{said}");
        assert!(said.contains("--store-password-file"), "{said}");
        assert!(!said.contains("sesame"), "{said}");
    }
}

/// The rights in the documentation are enough, and the documented configuration starts.
#[test]
fn a_user_with_the_documented_rights_can_use_the_store() {
    let text = include_str!("../../docs/nats.md");
    let (_, rights) = text
        .split_once("for a stream `bank`:\n\n```\n")
        .expect("they are there");
    let (rights, _) = rights.split_once("```").expect("they end");
    let settings = format!(
        "authorization {{ users: [{{ user: teller, password: x, permissions: {{ {} }} }}] }}",
        rights.replace("]\n", "]; ")
    );
    let Some(servers) = Servers::start(1, &settings) else {
        return;
    };
    let secrets = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(secrets.path(), "x").expect("written");
    let mut opening = opening();
    opening.secrets.password_file = Some(secrets.path().to_owned());
    let url = servers.url("bank", "").replace("nats://", "nats://teller@");
    let store = Blocking(Nats::open_alone(&url, &opening).expect("opens"));
    assert_eq!(store.draw("b", "n", 0), Ok(1));
    assert_eq!(store.increment("b", "n", 4, 0..=9), Ok(5));
    assert_eq!(store.compare_and_set("b", "k", None, b"v"), Ok(Swap::Done));
    assert_eq!(
        store.list_keys("b", None, 9),
        Ok(vec!["k".into(), "n".into()])
    );
    assert_eq!(store.delete("b", "k"), Ok(()));
}

#[test]
fn the_servers_certificate_is_verified() {
    let script = r#"set -e; umask 077
        openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=authority -keyout ca.key -out ca.pem
        openssl req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout server.key -out server.csr
        echo subjectAltName=DNS:localhost > names
        openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names -out server.crt"#;
    let tls = "tls { cert_file: \"{place}/server.crt\", key_file: \"{place}/server.key\" }";
    let Some((directory, servers)) = prepared(script, tls) else {
        return;
    };
    let authority = directory.path().join("ca.pem");
    let named = format!("nats://localhost:{}/bank?tls=require", servers.port(0));
    let trusting = format!("{named}&tlsca={}", authority.display());
    let store = open(&trusting).expect("opens");
    assert_eq!(store.draw("b", "n", 0), Ok(1));
    let unknown = refusal(&named);
    assert!(unknown.contains("invalid peer certificate"), "{unknown}");
    let another = refusal(&trusting.replace("localhost", "127.0.0.1"));
    assert!(another.contains("not valid for name"), "{another}");
    let plain = refusal(&servers.url("bank", ""));
    assert!(plain.contains("requires TLS"), "{plain}");
    let Some(open_server) = Servers::shared() else {
        return;
    };
    let plain = refusal(&open_server.url("bank", "tls=require"));
    assert!(plain.contains("does not support TLS"), "{plain}");
}

/// Not a test: prints how fast the store is. Run it with `--ignored --nocapture`.
#[test]
#[ignore = "a measurement"]
fn measure() {
    for nodes in [1, 3] {
        let Some(servers) = Servers::start(nodes, "") else {
            return;
        };
        let store = open(&servers.url("speed", "")).expect("opens");
        for threads in [1, 8, 64] {
            let run = |what: &str, each: &(dyn Fn(u64) + Sync)| {
                let (count, started) = (AtomicU64::new(0), Instant::now());
                std::thread::scope(|scope| {
                    for _ in 0..threads {
                        scope.spawn(|| {
                            while started.elapsed() < Duration::from_secs(2) {
                                each(count.fetch_add(1, Ordering::SeqCst));
                            }
                        });
                    }
                });
                let rate = count.into_inner() as f64 / started.elapsed().as_secs_f64();
                eprintln!("{nodes} servers, {threads} threads: {rate:.0} {what}/s");
            };
            let seed = fastrand::u64(..);
            for members in [1, 3] {
                run(&format!("groups of {members}"), &|n| {
                    let keys = (0..members)
                        .map(|k| (format!("k/{seed:x}/{members}/{n}/{k}"), vec![7; 200]));
                    let created = store.create_all("b", keys.collect());
                    assert_eq!(created, Ok(Created::All));
                });
            }
            run("draws", &|_| _ = store.draw("b", "n", 0).expect("works"));
            run("reads", &|n| {
                let key = format!("k/{seed:x}/1/{}/0", n % 1000);
                _ = store.get("b", &key).expect("works");
            });
        }
    }
}
