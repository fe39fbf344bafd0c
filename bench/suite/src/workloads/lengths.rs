//! Measures the cost of a command by the length of its stream. Cold: the process has just started and has read
//! nothing of the stream. Warm: the previous command was on the same stream.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use annals_tests::client::Client;
use anyhow::{Result, ensure};

use crate::bench::Bench;
use crate::peers::{ANNALS_REPLAY, BANKS, Peer, Store};
use crate::report::{Metric, Sample};
use crate::stats::Spread;
use crate::stores::Stream;

/// Lengths of the streams, in events.
pub const LENGTHS: [u64; 5] = [10, 100, 1_000, 10_000, 100_000];
/// The maximum length in files. Each event is a separate, synced file, so longer streams take too long to prepare.
const LONGEST_IN_FILES: u64 = 10_000;
/// Maximum number and time of the warm commands, of which the suite takes the median.
const WARM: usize = 100;
const WARM_TIME: Duration = Duration::from_secs(3);
/// The account of the commands that warm up the process.
const OTHER: &str = "other";

/// The name of a case.
#[must_use]
pub fn case(length: u64) -> String {
    format!("{length} events")
}

fn lengths(bench: &Bench, peer: Peer) -> Vec<u64> {
    let longest = match (bench.quick, peer.store()) {
        (true, Store::Files) => 100,
        (true, _) => 10_000,
        (false, Store::Files) => LONGEST_IN_FILES,
        (false, _) => u64::MAX,
    };
    LENGTHS.into_iter().filter(|n| *n <= longest).collect()
}

/// `lengths`
pub fn run(bench: &mut Bench) -> Result<()> {
    for round in 0..bench.rounds {
        for peer in BANKS.into_iter().chain([ANNALS_REPLAY]) {
            measure(bench, peer, round)?;
        }
    }
    Ok(())
}

fn measure(bench: &mut Bench, peer: Peer, round: usize) -> Result<()> {
    let lengths = lengths(bench, peer);
    // Prepare one event less, so that the first command takes a snapshot on every peer with a snapshot every 100
    // events.
    let mut streams: Vec<Stream> = lengths.iter().map(|n| (n.to_string(), n - 1)).collect();
    streams.push((OTHER.into(), 1));
    let mut run = bench.start(peer, &streams)?;
    let client = run.client();
    for length in &lengths {
        deposit(&client, &length.to_string())?;
    }
    // Now the store has the snapshots. A process that has just started has read nothing else.
    run.running.server.restart()?;
    let client = run.client();
    let empty = settle(&client)?;
    for length in lengths {
        let account = length.to_string();
        let cold = deposit(&client, &account)?;
        add(bench, "cold", length, peer, round, cold);
        let mut warm = Vec::new();
        let start = Instant::now();
        while warm.len() < WARM && start.elapsed() < WARM_TIME {
            warm.push(deposit(&client, &account)?);
        }
        add(bench, "warm", length, peer, round, Spread::of(&warm).median);
        if length == *LENGTHS.last().unwrap_or(&0) && peer == ANNALS_REPLAY {
            #[allow(clippy::cast_precision_loss, reason = "small")]
            let rate = length as f64 / ((cold - empty) / 1e3);
            bench.report.add(Sample {
                part: "boundary",
                case: "rehydrating 100,000 events, the whole way".into(),
                x: None,
                peer: peer.name(),
                round,
                values: BTreeMap::from([(Metric::Events, rate)]),
            });
        }
    }
    Ok(())
}

/// Sends commands on another stream until their cost is stable. Returns that cost in milliseconds.
fn settle(client: &Client) -> Result<f64> {
    let mut times = Vec::new();
    for _ in 0..60 {
        times.push(deposit(client, OTHER)?);
    }
    Ok(Spread::of(&times[40..]).median)
}

fn add(bench: &mut Bench, part: &'static str, length: u64, peer: Peer, round: usize, millis: f64) {
    #[allow(clippy::cast_precision_loss, reason = "small")]
    let x = length as f64;
    bench.report.add(Sample {
        part,
        case: case(length),
        x: Some(x),
        peer: peer.name(),
        round,
        values: BTreeMap::from([(Metric::Time, millis)]),
    });
}

/// The duration of a deposit, in milliseconds.
fn deposit(client: &Client, account: &str) -> Result<f64> {
    let body = format!("{{\"account\":\"{account}\",\"amount\":1}}");
    let start = Instant::now();
    let answer = client.post(
        "/commands/Deposit",
        &[("content-type", "application/json")],
        body.as_bytes(),
    )?;
    ensure!(answer.status == 200, "{} {}", answer.status, answer.text);
    Ok(start.elapsed().as_secs_f64() * 1e3)
}
