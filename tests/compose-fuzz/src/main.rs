//! `compose-fuzz`: feeds the composer with manifests and components that are random, truncated, mutated, or built to
//! exhaust resources. The composer must not panic, must stay within limits of time and memory, and must be able to
//! compose every input that it accepts.
//!
//! The seed and its number determine an input. A separate, watched process runs the inputs. An input that kills this
//! process, or makes it slow or large, is a finding, as is a panic.

mod bombs;
mod input;
mod judge;
mod mutate;
mod watch;

use anyhow::{Context as _, Result, bail};
use clap::Parser;
use input::{Input, Seeds};
use judge::Judge;
use std::io::Write as _;
use std::path::PathBuf;

/// Fuzzes the composer.
#[derive(Parser)]
struct Args {
    /// Duration of the run.
    #[arg(long, default_value_t = 20)]
    seconds: u64,
    /// Repeats the inputs of this seed.
    #[arg(long)]
    seed: Option<u64>,
    /// Runs one input of a seed, in this process.
    #[arg(long, requires = "seed")]
    number: Option<u64>,
    /// Runs one bomb, in this process: its sort and its size.
    #[arg(long, num_args = 2)]
    bomb: Option<Vec<usize>>,
    /// Runs inputs from this number on, and prints each number when the input is done.
    #[arg(long, hide = true, requires = "seed")]
    worker: Option<u64>,
    /// The folder for inputs that are findings.
    #[arg(long, default_value = ".")]
    artifacts: PathBuf,
}

fn main() -> Result<()> {
    let args = Args::parse();
    let seed = args.seed.unwrap_or_else(|| fastrand::u64(..));
    if let Some(first) = args.worker {
        return work(seed, first);
    }
    if let Some(number) = args.number {
        let input = Input::new(&Seeds::new()?, seed, number);
        println!("{}", input.name());
        println!("{}", Judge::new()?.judge(&input)?);
        return Ok(());
    }
    if let Some([one, size]) = args.bomb.as_deref() {
        let bytes = bombs::made(annals_fixtures::empty::KINDS[0], u8::try_from(*one)?, *size)?;
        println!("{} bytes", bytes.len());
        println!("{}", Judge::new()?.judge(&Input::Handler(bytes))?);
        return Ok(());
    }
    let watched = watch::watch(seed, args.seconds)?;
    for finding in &watched.findings {
        let input = Input::new(&Seeds::new()?, seed, finding.number);
        let file = args
            .artifacts
            .join(format!("{seed}-{}.{}", finding.number, input.name()));
        std::fs::write(&file, input.bytes()).with_context(|| file.display().to_string())?;
        eprintln!(
            "{}: {}\n  again: compose-fuzz --seed {seed} --number {}",
            file.display(),
            finding.what,
            finding.number
        );
    }
    println!(
        "composer: {} inputs with seed {seed}, {} MB and {:.1} s at most (number {}), {}",
        watched.played,
        watched.memory >> 20,
        watched.longest.0.as_secs_f64(),
        watched.longest.1,
        match watched.findings.len() {
            0 => "nothing found".to_owned(),
            count => format!("{count} findings"),
        }
    );
    for (outcome, count) in &watched.outcomes {
        println!("  {count} {outcome}");
    }
    if !watched.findings.is_empty() {
        bail!(
            "the composer did not withstand {} inputs",
            watched.findings.len()
        );
    }
    Ok(())
}

/// Runs inputs until the reader of the output has gone.
fn work(seed: u64, first: u64) -> Result<()> {
    let (seeds, judge) = (Seeds::new()?, Judge::new()?);
    for number in first.. {
        let outcome = judge.judge(&Input::new(&seeds, seed, number))?;
        let mut out = std::io::stdout().lock();
        if writeln!(out, "{number} {outcome}")
            .and_then(|()| out.flush())
            .is_err()
        {
            break;
        }
    }
    Ok(())
}
