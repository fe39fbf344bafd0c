//! Measures the whole bank in service: 16 clients with commands, reads and transfers, and a reader of the live
//! stream.

use std::collections::BTreeMap;
use std::time::Duration;

use annals_tests::mixed::{self, Outcome, Plan};
use annals_tests::server::{Kind, Place, Server};
use anyhow::{Context as _, Result};

use crate::apps::App;
use crate::bench::Bench;
use crate::report::{Metric, Sample};

/// A host and its flags.
struct Peer {
    name: &'static str,
    host: Kind,
    flags: &'static [&'static str],
}

/// The peers, in the order of tables.
const PEERS: [Peer; 4] = [
    Peer {
        name: "wasmtime serve",
        host: Kind::Wasmtime,
        flags: &mixed::WASMTIME_UNDER_LOAD,
    },
    Peer {
        name: "wasmtime serve, -W timeout=10s",
        host: Kind::Wasmtime,
        flags: &mixed::WASMTIME_TIMED,
    },
    Peer {
        name: "jco",
        host: Kind::Jco,
        flags: &[],
    },
    Peer {
        name: "annals-host",
        host: Kind::Annals,
        flags: &[],
    },
];

/// `mixed`
pub fn run(bench: &mut Bench) -> Result<()> {
    let (operations, seconds) = if bench.quick { (600, 20) } else { (3_000, 60) };
    for round in 0..bench.rounds {
        for peer in &PEERS {
            let app = bench.apps.get(App::Bank, peer.host)?;
            let data = bench.folder("mixed-")?;
            let (host, flags) = (peer.host, peer.flags.iter().map(ToString::to_string));
            let flags: Vec<String> = flags.collect();
            let serve = move |place: &Place<'_>| {
                let mut command = host.serve(place, &flags)?;
                let (name, value) = mixed::WASMTIME_THREADS;
                command.env(name, value);
                Ok(command)
            };
            let server = Server::start_by(serve, &app, data.path())?;
            let plan = Plan {
                clients: 16,
                operations,
                time: Duration::from_secs(seconds),
                seed: round as u64,
            };
            let outcome = mixed::play(&server, plan).with_context(|| peer.name.to_owned())?;
            for line in outcome.failures.iter().chain(&outcome.wrong) {
                println!("{}: {line}", peer.name);
            }
            bench.report.add(Sample {
                part: "mixed",
                case: "16 clients and a live reader".into(),
                x: None,
                peer: format!("{}{}", peer.name, App::Bank.suffix()),
                round,
                values: values(&outcome),
            });
        }
    }
    Ok(())
}

#[allow(clippy::cast_precision_loss, reason = "counts are small")]
fn values(outcome: &Outcome) -> BTreeMap<Metric, f64> {
    let [p50, p99] = outcome.percentiles;
    BTreeMap::from([
        (Metric::Rate, outcome.rate()),
        (Metric::P50, p50),
        (Metric::P99, p99),
        (
            Metric::Conflicts,
            outcome.conflicts as f64 / outcome.answered.max(1) as f64,
        ),
        (
            Metric::Failures,
            (outcome.plain_500 + outcome.failed) as f64,
        ),
        (Metric::TimedOut, outcome.timed_out as f64),
        (Metric::Behind, outcome.behind * 1e3),
    ])
}
