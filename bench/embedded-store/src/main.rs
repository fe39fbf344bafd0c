//! Durable compare-and-set throughput of the candidate embedded stores, side by side.
//!
//! Each writer creates keys that nobody has (compare with "absent", set 200 bytes) and counts a
//! commit only once it is on the disk. Both stores commit in groups: one flush answers for every
//! write that was waiting when it started. Rounds are interleaved, so that a noisy neighbour
//! meets both stores alike; the medians are what counts.

mod group;
mod stores;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::Result;
use clap::Parser;
use stores::{Durable, Fjall, FjallQueue, Redb, RedbQueue};

/// Measures fjall and redb as the host's embedded store.
#[derive(Parser)]
struct Options {
    /// Concurrent writers, one run for each.
    #[arg(long, value_delimiter = ',', default_value = "1,8,64")]
    writers: Vec<usize>,
    /// Rounds of each (store, writers) pair; interleaved.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Length of one run.
    #[arg(long, default_value_t = 2000)]
    millis: u64,
    /// Bytes of each value.
    #[arg(long, default_value_t = 200)]
    value: usize,
    /// Where to put the stores: the disk that is measured.
    #[arg(long, default_value = "target")]
    dir: std::path::PathBuf,
}

/// One run's outcome.
#[derive(Clone, Copy)]
struct Outcome {
    per_second: f64,
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
    println!(
        "{:20} {:>7} {:>12} {:>24} {:>12}",
        "store", "writers", "commits/s", "min..max", "disk/data"
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
    let commits = AtomicU64::new(0);
    let start = Instant::now();
    std::thread::scope(|scope| {
        for writer in 0..writers {
            let (store, stop, commits) = (&store, &stop, &commits);
            scope.spawn(move || {
                let value = vec![b'v'; options.value];
                let mut n = 0_u64;
                while !stop.load(Ordering::Relaxed) {
                    let key = format!("stream-{writer:03}-{n:010}");
                    match store.create_durable(key.as_bytes(), &value) {
                        Ok(true) => commits.fetch_add(1, Ordering::Relaxed),
                        other => panic!("a fresh key was not created: {other:?}"),
                    };
                    n += 1;
                }
            });
        }
        std::thread::sleep(Duration::from_millis(options.millis));
        stop.store(true, Ordering::Relaxed);
    });
    let seconds = start.elapsed().as_secs_f64();
    let commits = commits.into_inner() as f64;
    drop(store);
    let data = commits * (21 + options.value) as f64;
    Ok(Outcome {
        per_second: commits / seconds,
        amplification: size_of(dir.path())? as f64 / data,
    })
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
        "{name:20} {writers:>7} {:>12.0} {spread:>24} {:>12.2}",
        median.per_second, median.amplification
    );
}

/// Bytes that are really allocated below `dir` (preallocated files are sparse).
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
