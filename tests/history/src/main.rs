//! Tortures event stores with clients, readers and kills; then checks the recorded history.

mod backends;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use annals_history::check::check;
use annals_history::record::{History, load, save};
use annals_history::workload::{Options, Workload, run};
use anyhow::{Context, bail};
use clap::{Parser, ValueEnum};

use backends::{Choice, backends};

/// Tortures event stores and checks the recorded history. Exit status 1: a store broke a guarantee.
#[derive(Parser)]
#[command(name = "annals-history", version)]
struct Arguments {
    /// The name of a store, or `all`.
    #[arg(long, default_value = "native")]
    backend: String,
    /// Repeats the commands of an earlier run; the default is a random seed.
    #[arg(long)]
    seed: Option<u64>,
    /// Number of kills of the store.
    #[arg(long, default_value_t = 0)]
    kills: u32,
    /// Number of plans of all clients together. Each plan takes one to some ten calls.
    #[arg(long, default_value_t = 5000)]
    operations: u32,
    /// Clients start no operation after this time.
    #[arg(long, default_value_t = 60)]
    seconds: u32,
    /// Number of clients that write.
    #[arg(long, default_value_t = 8)]
    clients: u16,
    /// Distribution of the commands over streams.
    #[arg(long, value_enum, default_value_t = Choose::All)]
    workload: Choose,
    /// The file for the history (of the last run, or of the first with a violation).
    #[arg(long)]
    save: Option<PathBuf>,
    /// Checks a saved history instead of a run.
    #[arg(long, conflicts_with_all = ["backend", "save"])]
    check: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Choose {
    /// All clients on one stream.
    Hot,
    /// 100 streams, all alike.
    Spread,
    /// 100 streams, few of them popular; some are closed.
    Mixed,
    /// One after the other.
    All,
}

impl Choose {
    fn workloads(self) -> Vec<Workload> {
        match self {
            Self::Hot => vec![Workload::Hot],
            Self::Spread => vec![Workload::Spread],
            Self::Mixed => vec![Workload::Mixed],
            Self::All => vec![Workload::Hot, Workload::Spread, Workload::Mixed],
        }
    }
}

fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    let sound = match &arguments.check {
        Some(path) => judge(&load(path).with_context(|| path.display().to_string())?),
        None => torture(&arguments)?,
    };
    Ok(if sound {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Runs the workloads on the stores until all have run, or one violates its guarantees.
fn torture(arguments: &Arguments) -> anyhow::Result<bool> {
    let all = backends();
    let chosen: Vec<&Choice> = all
        .iter()
        .filter(|choice| arguments.backend == "all" || arguments.backend == choice.name)
        .collect();
    if chosen.is_empty() {
        let names: Vec<&str> = all.iter().map(|choice| choice.name).collect();
        bail!(
            "--backend {}: there are {} and all",
            arguments.backend,
            names.join(", ")
        );
    }
    let seed = arguments.seed.unwrap_or_else(|| fastrand::u64(..));
    for choice in chosen {
        for workload in arguments.workload.workloads() {
            let backend = (choice.start)(seed)?;
            let options = Options {
                seed,
                workload,
                clients: arguments.clients,
                operations: arguments.operations,
                kills: arguments.kills,
                seconds: arguments.seconds,
                prefix: format!("torture-{workload}-{seed}-{}", since_epoch()),
                ..Options::default()
            };
            println!("{} {workload}: seed {seed}", backend.name());
            let history = run(&*backend, &options);
            let sound = judge(&history);
            if let Some(path) = &arguments.save {
                write(&history, path)?;
            } else if !sound {
                let file = format!("annals-history-{workload}-{seed}.jsonl");
                write(&history, &std::env::temp_dir().join(file))?;
            }
            if !sound {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

fn since_epoch() -> u128 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_millis())
}

fn write(history: &History, path: &Path) -> anyhow::Result<()> {
    save(history, path).with_context(|| path.display().to_string())?;
    println!("  history: {}", path.display());
    Ok(())
}

fn judge(history: &History) -> bool {
    let began = Instant::now();
    let report = check(history);
    let took = began.elapsed();
    let (counts, run) = (report.counts, &history.run);
    let rate = counts.operations as u64 * 1000 / run.milliseconds.max(1);
    println!(
        "  {} {}: {} operations ({} acknowledged, {} in doubt, {} refused, {} unavailable), {} kills survived",
        run.backend,
        run.workload,
        counts.operations,
        counts.acknowledged,
        counts.in_doubt,
        counts.refused,
        counts.unavailable,
        run.kills
    );
    println!(
        "  {} events, {} seen in pages; {rate} operations/s in {} ms, checked in {} ms; {} violations",
        counts.events,
        counts.seen,
        run.milliseconds,
        took.as_millis(),
        report.kinds.values().sum::<usize>()
    );
    for (kind, count) in &report.kinds {
        println!("  {kind:?}: {count}");
    }
    for violation in &report.violations {
        println!("  {}", violation.explain(history));
    }
    report.violations.is_empty()
}
