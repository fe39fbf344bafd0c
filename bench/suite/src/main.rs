//! `cargo xtask bench`: measures Annals and other systems on the same machine in the same run.
//!
//! # Layout
//!
//! - [`peers`]: the servers to measure; [`apps`]: the components that they serve; [`stores`]: the initial contents of
//!   their stores
//! - [`database`]: the PostgreSQL server of comparisons; [`installed`]: peers in other languages, and UmaDB
//! - [`load`]: the load generator; [`sources`]: its requests; [`process`]: the resources that a server uses
//! - [`bench`]: peers under load, in interleaved rounds
//! - [`workloads`]: the parts of the suite; [`soak`] is one by itself
//! - [`report`]: the samples; [`stats`]: their spreads; [`budget`]: the design's budgets and whether they are met
//! - [`markdown`], [`plot`]: the output; [`machine`]: the description of the machine

mod apps;
mod bench;
mod budget;
mod database;
mod installed;
mod load;
mod machine;
mod markdown;
mod peers;
mod plot;
mod process;
mod report;
mod soak;
mod sources;
mod stats;
mod stores;
mod workloads;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use annals_tests::tools;
use anyhow::{Context as _, Result};
use bench::Bench;
use clap::Parser;
use report::Report;
use workloads::PARTS;

/// Measures Annals and other systems, and writes samples, plots and tables.
#[derive(Parser)]
struct Cli {
    /// Runs for a minute or so, to try the suite out. The numbers have no significance.
    #[arg(long)]
    quick: bool,
    /// Runs only this part; may be repeated.
    #[arg(long, value_parser = clap::builder::PossibleValuesParser::new(PARTS.iter().map(|p| p.name)))]
    only: Vec<String>,
    /// Runs only cases whose name contains this, such as `64 clients`.
    #[arg(long, value_name = "TEXT")]
    case: Option<String>,
    /// Number of rounds of every measurement.
    #[arg(long, value_parser = clap::value_parser!(u8).range(1..=50))]
    rounds: Option<u8>,
    /// Runs only the soak, for this long: `90s`, `10m`, `1h`.
    #[arg(long, value_parser = duration, conflicts_with = "only")]
    soak: Option<Duration>,
    /// The folder for the output [default: docs/benchmarks, or target/bench for a part or a quick run].
    #[arg(long)]
    output: Option<PathBuf>,
}

fn duration(text: &str) -> Result<Duration, String> {
    let units = [("s", 1), ("m", 60), ("h", 3600)];
    units
        .iter()
        .find_map(|(unit, seconds)| {
            let number: u64 = text.strip_suffix(unit)?.parse().ok()?;
            Some(Duration::from_secs(number.checked_mul(*seconds)?))
        })
        .filter(|time| *time >= Duration::from_secs(10))
        .ok_or_else(|| "give at least ten seconds, such as 90s, 10m or 1h".into())
}

fn main() -> Result<()> {
    let cli = Cli::parse();
    let start = Instant::now();
    let target = tools::target_folder()?;
    // Avoid the system's folder for temporary files, which may be in memory.
    let folder = tempfile::Builder::new()
        .prefix("bench-data-")
        .tempdir_in(&target)?;
    let machine = machine::describe(folder.path())?;
    for (what, value) in &machine {
        println!("{what}: {value}");
    }
    let whole = cli.only.is_empty() && cli.case.is_none() && !cli.quick;
    let output = cli.output.clone().unwrap_or_else(|| match whole {
        true => tools::workspace().join("docs").join("benchmarks"),
        false => target.join("bench"),
    });
    std::fs::create_dir_all(&output)?;
    let rounds = usize::from(cli.rounds.unwrap_or(if cli.quick { 2 } else { 3 }));
    let mut bench = Bench::new(
        folder.path(),
        Report::new(machine, cli.quick),
        rounds,
        cli.quick,
    );
    bench.only_case.clone_from(&cli.case);
    if let Some(time) = cli.soak {
        return soak::run(&mut bench, time, &output);
    }
    for part in PARTS {
        if cli.only.is_empty() || cli.only.iter().any(|name| name == part.name) {
            println!("== {}: {}", part.name, part.title);
            (part.run)(&mut bench).with_context(|| format!("the part `{}`", part.name))?;
        }
    }
    let budgets = budget::all(&bench.report);
    budget::write(&bench.report, &budgets, &output.join("results.json"))?;
    let plots = plot::all(&bench.report, &output)?;
    std::fs::write(
        output.join("results.md"),
        markdown::page(&bench.report, &budgets, &plots),
    )?;
    println!("{}", markdown::all_ratios(&bench.report));
    println!("{}", budget::table(&budgets));
    println!(
        "{} samples in {:.0} s, written to {}",
        bench.report.samples.len(),
        start.elapsed().as_secs_f64(),
        output.display()
    );
    Ok(())
}
