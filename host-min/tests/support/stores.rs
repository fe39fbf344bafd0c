//! What every store that several hosts share must do.
#![allow(dead_code, reason = "each test uses its part")]

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use annals_host::store::{Created, Kv, KvError};

use super::{Host, Workspace};

/// Number of keys in a group.
const MEMBERS: usize = 3;

/// Two hosts draw numbers and create groups of keys that overlap. Every number is drawn once, and of
/// groups that share a key one wins.
pub fn share(hosts: &[impl Kv]) {
    let wins = Mutex::new(BTreeMap::new());
    let numbers = Mutex::new(Vec::new());
    let highest = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for (host, store) in hosts.iter().enumerate() {
            for thread in 0..8 {
                let (wins, numbers, highest) = (&wins, &numbers, &highest);
                scope.spawn(move || {
                    for round in 0..60 {
                        let before = highest.load(Ordering::SeqCst);
                        let drawn = store.draw("b", "n", 0).expect("works");
                        assert!(drawn > before, "{drawn} after {before}");
                        highest.fetch_max(drawn, Ordering::SeqCst);
                        numbers.lock().expect("no panic").push(drawn);
                        // Each key is wanted by three of four groups, in no fixed order.
                        let keys = [2, 0, 1].map(|step| format!("{round}-{}", (thread + step) % 4));
                        let value = format!("{host}-{thread}").into_bytes();
                        let entries = keys.iter().map(|key| (key.clone(), value.clone()));
                        let created = store.create_all("b", entries.collect()).expect("works");
                        let found = store.get_many("b", &keys).expect("works");
                        let own = found.iter().filter(|v| v.as_ref() == Some(&value)).count();
                        match created {
                            Created::All => assert_eq!(own, MEMBERS, "{round} {found:?}"),
                            Created::Exists(at) => {
                                assert_eq!(own, 0, "{round} {found:?}");
                                assert!(found[at].is_some(), "{round} {found:?}");
                            }
                        }
                        if created == Created::All {
                            *wins.lock().expect("no panic").entry(round).or_insert(0) += 1;
                        }
                    }
                });
            }
        }
    });
    let wins = wins.into_inner().expect("no panic");
    // Any two of the groups share a key.
    assert!(
        (0..60).all(|round| wins.get(&round) == Some(&1)),
        "{wins:?}"
    );
    let mut numbers = numbers.into_inner().expect("no panic");
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), 2 * 8 * 60);
}

/// What writers know while the server is killed under them.
#[derive(Default)]
struct Known {
    /// Numbers of groups whose creation was answered.
    acknowledged: Mutex<Vec<u64>>,
    failures: AtomicU64,
    stop: AtomicBool,
}

/// Tells the writers to stop when it is dropped.
struct Stop<'a>(&'a Known);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.stop.store(true, Ordering::SeqCst);
    }
}

/// Writes groups with the numbers that were drawn for them.
fn write(store: &dyn Kv, known: &Known) {
    while !known.stop.load(Ordering::SeqCst) {
        let Ok(number) = store.draw("b", "counter", 0) else {
            known.failures.fetch_add(1, Ordering::SeqCst);
            std::thread::sleep(Duration::from_millis(5));
            continue;
        };
        let entries = (0..MEMBERS).map(|n| (format!("g{number}-{n}"), vec![7; 100]));
        match store.create_all("b", entries.collect()) {
            Ok(Created::All) => known.acknowledged.lock().expect("no panic").push(number),
            Ok(exists) => panic!("the number {number} was drawn again: {exists:?}"),
            Err(KvError::Unavailable(_)) => {
                known.failures.fetch_add(1, Ordering::SeqCst);
            }
            Err(other) => panic!("{other}"),
        }
    }
}

/// Lets eight threads write while `disturb` runs. Afterwards everything acknowledged is there, and
/// every group completely or not at all. Returns the numbers of groups and of failures.
pub fn survives(store: &impl Kv, log: &dyn Fn() -> String, disturb: impl FnOnce()) -> (usize, u64) {
    let known = Known::default();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| write(store, &known));
        }
        // Without it, the writers would go on for ever after a failure.
        let _stop = Stop(&known);
        disturb();
        // The writers go on without a restart of the host.
        let before = known.acknowledged.lock().expect("no panic").len();
        let deadline = Instant::now() + Duration::from_secs(40);
        while known.acknowledged.lock().expect("no panic").len() < before + 20 {
            assert!(Instant::now() < deadline, "no service: {}", log());
            std::thread::sleep(Duration::from_millis(10));
        }
    });
    let mut groups: BTreeMap<u64, usize> = BTreeMap::new();
    for key in store
        .list_keys("b", Some("g"), usize::MAX >> 1)
        .expect("lists")
    {
        let (number, _) = key[1..].split_once('-').expect("a group's key");
        *groups.entry(number.parse().expect("a number")).or_default() += 1;
    }
    let split: Vec<_> = groups
        .iter()
        .filter(|(_, count)| **count != MEMBERS)
        .collect();
    assert!(split.is_empty(), "groups are split: {split:?}");
    let acknowledged = known.acknowledged.into_inner().expect("no panic");
    let lost: Vec<_> = acknowledged
        .iter()
        .filter(|n| !groups.contains_key(n))
        .collect();
    assert!(lost.is_empty(), "lost: {lost:?}");
    let failures = known.failures.into_inner();
    eprintln!(
        "{} acknowledged, {} groups, {failures} failures",
        acknowledged.len(),
        groups.len()
    );
    (acknowledged.len(), failures)
}

pub fn start(workspace: &Workspace, url: &str, options: &[&str]) -> Host {
    let mut command = workspace.command(options);
    command.args(["--store", url]);
    Host::start(command)
}

/// Runs the host until it ends, and returns its status and what it said.
pub fn fails(workspace: &Workspace, arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = workspace.command(arguments);
    let output = command.output().expect("it starts");
    let said = String::from_utf8(output.stderr).expect("text");
    (output.status.code(), said)
}

/// Asserts that a host whose server is not there ends with one line that has these parts, and that it tries for as long as
/// it is told to.
pub fn an_absent_server_is_one_line(url: &str, parts: &[&str]) {
    let workspace = Workspace::new();
    let (status, said) = fails(&workspace, &["--store", url]);
    assert_eq!(status, Some(3), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    for part in parts.iter().chain(&["refused", "--wait-for-store"]) {
        assert!(said.contains(part), "{part}: {said}");
    }
    let started = Instant::now();
    let (status, _) = fails(&workspace, &["--store", url, "--wait-for-store=2"]);
    assert_eq!(status, Some(3));
    assert!(started.elapsed() > Duration::from_secs(1));
}
