//! Kills a process that writes through the embedded store at random moments: everything that the
//! process reported as durable is in the store afterwards.
//!
//! The process is this test itself, started again with `ANNALS_KILLED_STORE`.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use annals_host::store::{Embedded, Kv, Swap};

const STORE: &str = "ANNALS_KILLED_STORE";
const ROUND: &str = "ANNALS_KILLED_ROUND";
const WRITERS: usize = 4;
const ROUNDS: usize = 50;

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
        acknowledged.extend(kill_after(directory.path(), round, wait));
    }
    assert!(acknowledged.len() > ROUNDS, "only {}", acknowledged.len());
    eprintln!("{} acknowledgements in {ROUNDS} rounds", acknowledged.len());
    let store = Embedded::open(directory.path()).expect("opens");
    for key in &acknowledged {
        let value = store.get("b", key).expect("readable");
        assert_eq!(value.as_deref(), Some(key.as_bytes()), "{key} is lost");
    }
}

/// Lets a process write, and returns the keys that it reported as durable.
fn kill_after(directory: &Path, round: usize, wait: Duration) -> Vec<String> {
    let mut child = Command::new(std::env::current_exe().expect("this test"))
        .args(["--exact", "--nocapture"])
        .arg("all_that_a_killed_process_said_to_be_durable_is_there")
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
    child.wait().expect("gone");
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

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime")
        .block_on(future)
}
