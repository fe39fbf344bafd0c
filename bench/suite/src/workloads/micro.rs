//! Measures cqrs-es over sqlite-es in one process, without HTTP: the cost of the library itself.

use std::collections::BTreeMap;
use std::process::Command;

use anyhow::{Result, ensure};
use serde_json::Value;

use crate::bench::Bench;
use crate::peers;
use crate::report::{Metric, Sample};

/// `micro`
pub fn run(bench: &mut Bench) -> Result<()> {
    for round in 0..bench.rounds {
        let folder = bench.folder("micro")?;
        let mut command = Command::new(peers::cqrs()?);
        command
            .arg("--store")
            .arg(folder.path())
            .args(["micro", "--seconds"])
            .arg((bench.time.as_secs_f64() / 2.0).to_string());
        let out = command.output()?;
        ensure!(
            out.status.success(),
            "{}",
            String::from_utf8_lossy(&out.stderr)
        );
        let results: Vec<Value> = serde_json::from_slice(&out.stdout)?;
        for result in results {
            bench.report.add(Sample {
                part: "micro",
                case: result["what"].as_str().unwrap_or_default().into(),
                x: None,
                peer: "cqrs-es".into(),
                round,
                values: BTreeMap::from([(
                    Metric::Rate,
                    result["rate"].as_f64().unwrap_or(f64::NAN),
                )]),
            });
        }
    }
    Ok(())
}
