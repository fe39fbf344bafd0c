//! Measures how long a store takes to open after its process was killed. A child process writes until it is killed.

use crate::{CANDIDATES, Options, size_of, write};
use anyhow::{Context as _, Result};
use std::path::Path;
use std::process::Command;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

/// Writers of the child process.
const WRITERS: usize = 64;

/// Writes into a candidate's store until this process is killed.
pub fn fill(options: &Options, candidate: usize) -> Result<()> {
    let store = CANDIDATES[candidate].1(&options.dir)?;
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let (store, stop) = (&store, &stop);
            scope.spawn(move || write(&**store, writer, options.value, stop));
        }
    });
    Ok(())
}

/// Prints how long each candidate's store takes to open.
pub fn measure(options: &Options, megabytes: u64) -> Result<()> {
    println!(
        "{:20} {:>10} {:>12} {:>20}",
        "store", "MB", "open ms", "min..max"
    );
    for (candidate, (name, open)) in CANDIDATES.iter().enumerate().take(2) {
        let mut times = Vec::new();
        let mut size = 0;
        for _ in 0..options.rounds {
            let dir = tempfile::tempdir_in(&options.dir)?;
            kill_at(options, candidate, dir.path(), megabytes << 20)?;
            size = size_of(dir.path())?;
            let start = Instant::now();
            let store = open(dir.path())?;
            let created = store.create_durable(b"after", b"the kill")?;
            times.push(start.elapsed());
            anyhow::ensure!(created, "the key was there already");
        }
        times.sort_unstable();
        let ms = |time: Duration| time.as_secs_f64() * 1000.0;
        let spread = format!("{:.0}..{:.0}", ms(times[0]), ms(times[times.len() - 1]));
        let median = ms(times[times.len() / 2]);
        println!("{name:20} {:>10} {median:>12.1} {spread:>20}", size >> 20);
    }
    Ok(())
}

/// Starts a child process that writes into the store, and kills the child when the store has this many bytes.
fn kill_at(options: &Options, candidate: usize, dir: &Path, bytes: u64) -> Result<()> {
    let mut child = Command::new(std::env::current_exe()?)
        .args(["--fill", &candidate.to_string()])
        .args(["--value", &options.value.to_string()])
        .arg("--dir")
        .arg(dir)
        .spawn()?;
    let filled = loop {
        std::thread::sleep(Duration::from_millis(20));
        match (child.try_wait()?, size_of(dir)) {
            (Some(status), _) => {
                break Err(anyhow::anyhow!("the writer ended by itself: {status}"));
            }
            // The store creates and deletes files during the listing, so the listing may fail.
            (None, Ok(size)) if size >= bytes => break Ok(()),
            _ => {}
        }
    };
    let killed = child.kill().context("killing the writer");
    child.wait()?;
    filled.and(killed)
}
