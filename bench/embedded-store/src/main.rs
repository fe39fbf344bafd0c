//! Durable compare-and-set throughput of the candidate embedded stores, side by side.
//!
//! Each writer creates new keys (compare with "absent", set 200 bytes) and counts a commit only when it is durable.
//! Both stores commit in groups: one flush covers every write that was waiting when the flush started. The rounds of
//! the stores are interleaved, so that other load on the machine affects both stores alike. Compare the medians.
//!
//! `--recovery` measures how long a store takes to open after its process was killed in the middle of its writes.

mod group;
mod recovery;
mod stores;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use clap::Parser;
use stores::{Durable, Fjall, FjallQueue, Redb, RedbQueue};

/// Measures fjall and redb as the host's embedded store.
#[derive(Parser)]
struct Options {
    /// Concurrent writers, one run for each.
    #[arg(long, value_delimiter = ',', default_value = "1,8,64")]
    writers: Vec<usize>,
    /// Rounds of each (store, writers) pair. The rounds are interleaved.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Length of one run.
    #[arg(long, default_value_t = 2000)]
    millis: u64,
    /// Bytes of each value.
    #[arg(long, default_value_t = 200)]
    value: usize,
    /// The folder for the stores. It must be on the disk to measure.
    #[arg(long, default_value = "target")]
    dir: std::path::PathBuf,
    /// Measures how long a store takes to open after its process was killed. The store holds this many MB of values.
    #[arg(long, value_name = "MB")]
    recovery: Option<u64>,
    /// For `--recovery`: the child process writes into the candidate with this index until it is killed.
    #[arg(long, hide = true)]
    fill: Option<usize>,
}

/// One run's outcome.
#[derive(Clone, Copy)]
struct Outcome {
    per_second: f64,
    /// The 99th percentile of the writers' waits for their commits.
    p99: Duration,
    /// Bytes that the process wrote to the disk for each byte of key and value.
    written: f64,
    /// Bytes on disk for each byte of key and value.
    amplification: f64,
}

type Open = fn(&std::path::Path) -> Result<Arc<dyn Durable>>;

const CANDIDATES: [(&str, Open); 4] = [
    ("fjall, shared flush", |dir| Ok(Arc::new(Fjall::open(dir)?))),
    ("redb,  shared flush", |dir| Ok(Arc::new(Redb::open(dir)?))),
    ("fjall, queue", |dir| Ok(Arc::new(FjallQueue::open(dir)?))),
    ("redb,  queue", |dir| Ok(Arc::new(RedbQueue::open(dir)?))),
];

fn main() -> Result<()> {
    let options = Options::parse();
    if let Some(candidate) = options.fill {
        return recovery::fill(&options, candidate);
    }
    if let Some(megabytes) = options.recovery {
        return recovery::measure(&options, megabytes);
    }
    println!(
        "{:20} {:>7} {:>12} {:>20} {:>9} {:>13} {:>10}",
        "store", "writers", "commits/s", "min..max", "p99 ms", "written/data", "disk/data"
    );
    for &writers in &options.writers {
        let mut outcomes = vec![Vec::new(); CANDIDATES.len()];
        for _ in 0..options.rounds {
            for ((_, open), outcomes) in CANDIDATES.iter().zip(&mut outcomes) {
                outcomes.push(run(&options, writers, open)?);
            }
        }
        for ((name, _), outcomes) in CANDIDATES.iter().zip(outcomes) {
            report(name, writers, outcomes);
        }
    }
    Ok(())
}

fn run(options: &Options, writers: usize, open: &Open) -> Result<Outcome> {
    let dir = tempfile::tempdir_in(&options.dir)?;
    let store = open(dir.path())?;
    let stop = AtomicBool::new(false);
    let before = given_to_disk()?;
    let start = Instant::now();
    let mut waits = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..writers)
            .map(|writer| {
                let (store, stop) = (&store, &stop);
                scope.spawn(move || write(&**store, writer, options.value, stop))
            })
            .collect();
        std::thread::sleep(Duration::from_millis(options.millis));
        stop.store(true, Ordering::Relaxed);
        let waits = writers.into_iter().map(|writer| writer.join());
        waits
            .flat_map(|waits| waits.expect("no writer panics"))
            .collect::<Vec<Duration>>()
    });
    let seconds = start.elapsed().as_secs_f64();
    let commits = waits.len() as f64;
    drop(store);
    let data = commits * (KEY + options.value) as f64;
    waits.sort_unstable();
    Ok(Outcome {
        per_second: commits / seconds,
        p99: waits[waits.len() * 99 / 100],
        written: (given_to_disk()? - before) as f64 / data,
        amplification: size_of(dir.path())? as f64 / data,
    })
}

/// Bytes of each key.
const KEY: usize = 21;

/// Creates keys until `stop` is set. Returns the duration of each commit.
fn write(store: &dyn Durable, writer: usize, value: usize, stop: &AtomicBool) -> Vec<Duration> {
    let value = vec![b'v'; value];
    let mut waits = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let key = format!("stream-{writer:03}-{:010}", waits.len());
        let start = Instant::now();
        match store.create_durable(key.as_bytes(), &value) {
            Ok(true) => waits.push(start.elapsed()),
            other => panic!("a fresh key was not created: {other:?}"),
        }
    }
    waits
}

/// Bytes that this process has written to the disk so far, as Linux counts them.
fn given_to_disk() -> Result<u64> {
    let io = std::fs::read_to_string("/proc/self/io").context("this needs Linux")?;
    let count = io
        .lines()
        .find_map(|line| line.strip_prefix("write_bytes: "));
    Ok(count.context("no write_bytes")?.parse()?)
}

fn report(name: &str, writers: usize, mut outcomes: Vec<Outcome>) {
    outcomes.sort_by(|a, b| a.per_second.total_cmp(&b.per_second));
    let median = outcomes[outcomes.len() / 2];
    let (low, high) = (
        outcomes[0].per_second,
        outcomes[outcomes.len() - 1].per_second,
    );
    let spread = format!("{low:.0}..{high:.0}");
    println!(
        "{name:20} {writers:>7} {:>12.0} {spread:>20} {:>9.2} {:>13.2} {:>10.2}",
        median.per_second,
        median.p99.as_secs_f64() * 1000.0,
        median.written,
        median.amplification
    );
}

/// Bytes that the files below `dir` occupy on the disk. Preallocated files are sparse, so their lengths would count
/// too much.
fn size_of(dir: &std::path::Path) -> Result<u64> {
    use std::os::unix::fs::MetadataExt;
    let mut total = 0;
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        total += if metadata.is_dir() {
            size_of(&entry.path())?
        } else {
            metadata.blocks() * 512
        };
    }
    Ok(total)
}
