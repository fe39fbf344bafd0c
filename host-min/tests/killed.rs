//! Kills a process that writes through the embedded store at random moments: everything that the
//! process reported as durable is in the store afterwards, and every group of keys completely or
//! not at all.
//!
//! The process is this test itself, started again with `ANNALS_KILLED_STORE`.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use annals_host::store::{Created, Embedded, Kv, Swap};

const STORE: &str = "ANNALS_KILLED_STORE";
const ROUND: &str = "ANNALS_KILLED_ROUND";
const WRITERS: usize = 4;
const ROUNDS: usize = 50;
/// Number of keys in a group.
const MEMBERS: usize = 4;

#[test]
fn all_that_a_killed_process_said_to_be_durable_is_there() {
    if let Ok(store) = std::env::var(STORE) {
        let round = std::env::var(ROUND).expect("a round");
        write_until_killed(Path::new(&store), &round);
    }
    let directory = tempfile::tempdir().expect("a directory");
    let mut acknowledged = Vec::new();
    let mut random = fastrand::Rng::with_seed(7);
    for round in 0..ROUNDS {
        // The kill comes at any time from before the store is open to some hundred writes later.
        let wait = Duration::from_micros(random.u64(..120_000));
        let test = "all_that_a_killed_process_said_to_be_durable_is_there";
        acknowledged.extend(kill_after(test, directory.path(), round, wait));
    }
    assert!(acknowledged.len() > ROUNDS, "only {}", acknowledged.len());
    eprintln!("{} acknowledgements in {ROUNDS} rounds", acknowledged.len());
    let store = Embedded::open(directory.path()).expect("opens");
    for key in &acknowledged {
        let value = store.get("b", key).expect("readable");
        assert_eq!(value.as_deref(), Some(key.as_bytes()), "{key} is lost");
    }
}

#[test]
fn a_group_that_a_killed_process_wrote_is_there_completely_or_not_at_all() {
    if let Ok(store) = std::env::var(STORE) {
        write_groups_until_killed(Path::new(&store));
    }
    let directory = tempfile::tempdir().expect("a directory");
    let mut random = fastrand::Rng::with_seed(8);
    let (mut acknowledged, mut count) = (0, 0);
    for round in 0..ROUNDS {
        let wait = Duration::from_micros(random.u64(..120_000));
        let test = "a_group_that_a_killed_process_wrote_is_there_completely_or_not_at_all";
        let durable = kill_after(test, directory.path(), round, wait);
        let store = Embedded::open(directory.path()).expect("opens");
        let keys = store
            .list_keys("b", Some("g"), usize::MAX)
            .expect("readable");
        let mut groups = BTreeMap::new();
        for key in &keys {
            let (number, _) = key[1..].split_once('-').expect("a member of a group");
            *groups.entry(number.to_owned()).or_insert(0) += 1;
        }
        for (number, members) in &groups {
            assert_eq!(*members, MEMBERS, "of group {number}");
        }
        for number in &durable {
            assert!(groups.contains_key(number), "group {number} is lost");
        }
        acknowledged += durable.len();
        count = groups.len();
    }
    eprintln!("{count} groups, {acknowledged} acknowledgements in {ROUNDS} rounds");
    assert!(acknowledged > ROUNDS && count > acknowledged);
}

/// Lets a process write, and returns the keys that it reported as durable.
fn kill_after(test: &str, directory: &Path, round: usize, wait: Duration) -> Vec<String> {
    let mut child = Command::new(std::env::current_exe().expect("this test"))
        .args(["--exact", "--nocapture"])
        .arg(test)
        .env(STORE, directory)
        .env(ROUND, round.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .expect("starts");
    let output = BufReader::new(child.stdout.take().expect("a pipe"));
    let reader = std::thread::spawn(move || {
        // The process wrote the pipe's content before the kill. A line that is cut short does not
        // count.
        let lines = output.split(b'\n').map_while(Result::ok);
        lines
            .filter_map(|line| {
                let line = String::from_utf8(line).ok()?;
                let key = line.strip_prefix("durable ")?.strip_suffix(" .")?;
                Some(key.to_owned())
            })
            .collect()
    });
    std::thread::sleep(wait);
    child.kill().expect("killed");
    let status = child.wait().expect("gone");
    assert_eq!(status.code(), None, "it ended before it was killed");
    reader.join().expect("no panic")
}

fn write_until_killed(directory: &Path, round: &str) -> ! {
    let store = Embedded::open(directory).expect("opens after a kill");
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let store = &store;
            scope.spawn(move || {
                for n in 0.. {
                    let key = format!("{round}-{writer}-{n}");
                    let swap = store.compare_and_set("b", &key, None, key.as_bytes());
                    assert_eq!(swap, Ok(Swap::Done));
                    block_on(store.barrier().wait()).expect("durable");
                    let line = format!("\ndurable {key} .\n");
                    // Write the line with one call, so that lines of several threads do not mix.
                    std::io::stdout()
                        .lock()
                        .write_all(line.as_bytes())
                        .expect("said");
                }
            });
        }
    });
    unreachable!("writers never end")
}

/// Writes groups on several threads. Each group has the number that its writer drew before.
fn write_groups_until_killed(directory: &Path) -> ! {
    let store = Embedded::open(directory).expect("opens after a kill");
    let write = || {
        let number = store.draw("b", "counter", 0).expect("a number");
        let entries = (0..MEMBERS).map(|n| (format!("g{number}-{n}"), vec![0; 20]));
        let created = store.create_all("b", entries.collect());
        if created != Ok(Created::All) {
            // A number was drawn again after a group was written with it.
            eprintln!("group {number}: {created:?}");
            std::process::exit(9);
        }
        number
    };
    std::thread::scope(|scope| {
        for _ in 1..WRITERS {
            scope.spawn(|| {
                loop {
                    // Let the store grow slowly: the test reads all of it after each kill.
                    (0..10).for_each(|_| _ = write());
                    std::thread::sleep(Duration::from_millis(1));
                }
            });
        }
        loop {
            let number = write();
            block_on(store.barrier().wait()).expect("durable");
            let line = format!("\ndurable {number} .\n");
            let said = std::io::stdout().lock().write_all(line.as_bytes());
            said.expect("said");
        }
    })
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime")
        .block_on(future)
}
