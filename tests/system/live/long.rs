//! Reads a long log through many broken connections, while the log grows.

use super::sse::Stream;
use annals_event_log::{
    AppendRequest, EventLog, Metadata, NewEvent, Precondition, Settings, Slots,
};
use annals_host::store::Embedded;
use annals_host::tools::buckets::BucketSlots;
use annals_host::tools::files::FileSlots;
use annals_tests::app;
use annals_tests::client::{Client, number};
use annals_tests::server::{Kind, Server};
use serde_json::json;
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::{Duration, Instant};

const EVENTS: u64 = 100_000;
const RECONNECTS: u64 = 10;
const STREAMS: u64 = 50;
/// Maximum duration of a command beside the readers, even on a busy machine.
const SLOWEST: Duration = Duration::from_secs(5);

#[test]
fn annals_host_tells_a_hundred_thousand_events_once_over_ten_reconnects() {
    each_once(Kind::Annals);
}

#[test]
fn wasmtime_serve_tells_a_hundred_thousand_events_once_over_ten_reconnects() {
    each_once(Kind::Wasmtime);
}

fn each_once(host: Kind) {
    let data = tempfile::tempdir().expect("a temporary folder");
    let app = deciders_of_the_bank(data.path(), host);
    let start = Instant::now();
    fill(host, &data.path().join("store"));
    println!("{}: filled in {:?}", host.name(), start.elapsed());
    let server = Server::start(host, &app, data.path()).expect("the host starts");
    let url = server.url();
    // This client reads the beginning of the stream, and then stalls.
    let mut stalled = Stream::open(&url, "/events", None);
    assert!(stalled.next().is_some());

    let done = AtomicBool::new(false);
    let written = Mutex::new(Vec::new());
    let slowest = Mutex::new(Duration::ZERO);
    let seen = std::thread::scope(|scope| {
        for writer in 0..2 {
            let (url, done, written, slowest) = (&url, &done, &written, &slowest);
            scope.spawn(move || write(writer, url, done, written, slowest));
        }
        let seen = read(&url, &done, &written);
        done.store(true, SeqCst);
        seen
    });
    let written = written.into_inner().expect("no panic");
    println!(
        "{}: {} events read, {} written meanwhile, the slowest in {:?}",
        host.name(),
        seen.len(),
        written.len(),
        slowest.lock().expect("no panic")
    );
    assert!(seen.is_sorted_by(|a, b| a < b), "in order, and once");
    let all: HashSet<u64> = seen.iter().copied().collect();
    let missing: Vec<_> = written.iter().filter(|p| !all.contains(p)).collect();
    assert!(missing.is_empty(), "{missing:?}");
    let log = Client::new(url.clone()).log().expect("the log");
    let positions: Vec<u64> = log
        .iter()
        .filter_map(|event| number(&event["position"]))
        .take(seen.len())
        .collect();
    assert_eq!(seen, positions, "what the pages say");
    assert!(seen.len() as u64 >= EVENTS);
    assert!(*slowest.lock().expect("no panic") < SLOWEST);
    // The stalled client continues without a gap.
    for position in &positions[1..1000] {
        assert_eq!(stalled.next().expect("a message").id, *position);
    }
}

/// The bank's deciders without its reactions, which would be busy with all those events.
fn deciders_of_the_bank(folder: &Path, host: Kind) -> PathBuf {
    let bank = app::bank();
    let manifest = format!(
        "[app]\nname = \"bank\"\n[handlers.open-account]\npath = {:?}\n[handlers.transact]\npath = {:?}\n",
        bank.join("open-account"),
        bank.join("transact"),
    );
    std::fs::write(folder.join("annals.toml"), manifest).expect("written");
    app::compose(folder, host, folder).expect("it composes")
}

/// Reads through several connections, each broken at some event, until all written events are received. Returns the
/// ids in the order of their arrival.
fn read(url: &str, done: &AtomicBool, written: &Mutex<Vec<u64>>) -> Vec<u64> {
    let start = Instant::now();
    let mut seen: Vec<u64> = Vec::new();
    let mut last: Option<String> = None;
    for connection in 1..=RECONNECTS {
        let mut stream = Stream::open(url, "/events", last.as_deref());
        assert_eq!(stream.status, 200);
        // Mostly not at the end of a commit; a commit has 1 to 97 events.
        let until = EVENTS * connection / (RECONNECTS + 1) + connection * 3;
        while (seen.len() as u64) < until {
            seen.push(stream.next().expect("a message").id);
        }
        last = stream.last_id;
    }
    let mut stream = Stream::open(url, "/events", last.as_deref());
    while (seen.len() as u64) < EVENTS + 50 {
        seen.push(stream.next().expect("a message").id);
    }
    let took = start.elapsed();
    println!("{} events in {took:?}", seen.len());
    done.store(true, SeqCst);
    // A writer in progress announces its event before its command is answered.
    std::thread::sleep(Duration::from_secs(1));
    let newest = written.lock().expect("no panic").iter().max().copied();
    while seen.last() < newest.as_ref() {
        seen.push(stream.next().expect("a message").id);
    }
    seen
}

fn write(
    writer: u64,
    url: &str,
    done: &AtomicBool,
    written: &Mutex<Vec<u64>>,
    slowest: &Mutex<Duration>,
) {
    let client = Client::new(url.to_owned());
    let mut count = 0;
    while !done.load(SeqCst) || count < 50 {
        let account = (count * 2 + writer) % STREAMS;
        let body = json!({"account": account.to_string(), "amount": 1}).to_string();
        let start = Instant::now();
        let answer = client
            .post("/commands/Deposit", &[], body.as_bytes())
            .expect("an answer");
        let took = start.elapsed();
        assert_eq!(answer.status, 200, "{}", answer.text);
        let mut slowest = slowest.lock().expect("no panic");
        *slowest = took.max(*slowest);
        drop(slowest);
        let position = answer.body["position"].as_u64().expect("a position");
        written.lock().expect("no panic").push(position);
        count += 1;
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn fill(host: Kind, store: &Path) {
    std::fs::create_dir_all(store).expect("a folder");
    match host {
        Kind::Annals => {
            let store = Embedded::open(store).expect("a store");
            let slots = BucketSlots::new(store, "default");
            append(&slots);
            slots.flush().expect("durable");
        }
        _ => append(&FileSlots::new(store)),
    }
}

/// Appends commits of 1 to 97 events, to many streams in turn.
fn append(slots: &impl Slots) {
    let mut log = EventLog::open(slots, &Settings::default()).expect("settings");
    let mut versions = [0; STREAMS as usize];
    let mut count = 0;
    for commit in 0.. {
        if count >= EVENTS {
            return;
        }
        let account = commit % STREAMS;
        let version = &mut versions[account as usize];
        let events: Vec<NewEvent> = (0..commit % 97 + 1)
            .map(|index| event(account, *version + index))
            .collect();
        let length = events.len() as u64;
        log.append(AppendRequest {
            stream: format!("account-{account}"),
            expected: Precondition::At(*version),
            cursor: Some(commit / STREAMS),
            events,
            close: false,
            metadata: Metadata::default(),
            recorded_at: 1_700_000_000_000 + commit,
            seed: commit,
            claim: None,
        })
        .expect("appended");
        *version += length;
        count += length;
    }
}

fn event(account: u64, version: u64) -> NewEvent {
    let (event_type, payload) = match version {
        0 => (
            "AccountOpened",
            format!("{{\"account\":\"{account}\",\"owner\":\"Ada\",\"deposit\":100}}"),
        ),
        _ => (
            "Deposited",
            format!("{{\"account\":\"{account}\",\"amount\":1}}"),
        ),
    };
    NewEvent {
        event_type: event_type.into(),
        schema_version: 1,
        content_type: "application/json".into(),
        payload: payload.into_bytes(),
        tags: Vec::new(),
    }
}
