//! Measures conditional appends to UmaDB beside commands to a whole application on the embedded store.
//!
//! The two do different things. UmaDB checks a condition and appends an event that its client has made. `annals-host`
//! parses JSON over HTTP, calls a decider in WebAssembly, and appends with the check of a version, a place in the log
//! and a commit id. Both answer when the disk has synced.

use std::collections::BTreeMap;

use anyhow::Result;

use crate::bench::{Bench, Case};
use crate::installed::Umadb;
use crate::peers::ANNALS;
use crate::report::{Metric, Sample};
use crate::sources;
use crate::workloads::streams::{CLIENTS, by};

/// The part.
pub const PART: &str = "umadb";
/// The peer.
pub const PEER: &str = "UmaDB, conditional appends";

/// `umadb`
pub fn run(bench: &mut Bench) -> Result<()> {
    let case = by(CLIENTS);
    let Some(umadb) = Umadb::find()? else {
        return Ok(());
    };
    for round in 0..bench.rounds {
        bench.compare_in(
            round,
            &Case {
                part: PART,
                name: case.clone(),
                x: None,
                peers: &[ANNALS],
                streams: &[],
                clients: CLIENTS,
                source: &|| sources::fresh(0),
                ready: None,
                prime: None,
            },
        )?;
        if !bench.wants(&case) {
            continue;
        }
        let folder = bench.folder("umadb")?;
        let appended = umadb.append(folder.path(), CLIENTS, [bench.warm_up, bench.time])?;
        bench.report.add(Sample {
            part: PART,
            case: case.clone(),
            x: None,
            peer: PEER.into(),
            round,
            values: BTreeMap::from([
                (Metric::Rate, appended.measured / appended.seconds),
                (Metric::P50, appended.p50_ms),
                (Metric::P99, appended.p99_ms),
                (Metric::Peak, appended.peak_mib),
            ]),
        });
    }
    Ok(())
}
