//! Measures the same command in applications of 1 to 200 handlers.

use anyhow::Result;

use crate::apps::App;
use crate::bench::{Bench, Case};
use crate::peers::Peer;
use crate::sources;

/// Numbers of handlers.
const COUNTS: [usize; 4] = [1, 20, 64, 200];

/// `handlers`
pub fn run(bench: &mut Bench) -> Result<()> {
    let counts: &[usize] = if bench.quick { &[1, 20] } else { &COUNTS };
    for &count in counts {
        #[allow(clippy::cast_precision_loss, reason = "small")]
        let x = count as f64;
        bench.compare(&Case {
            part: "handlers",
            name: format!("{count} handlers, 8 clients"),
            x: Some(x),
            peers: &[Peer::Annals(App::Toys(count))],
            streams: &[],
            clients: 8,
            source: &|| sources::toys("Command0"),
            ready: None,
            prime: None,
        })?;
    }
    Ok(())
}
