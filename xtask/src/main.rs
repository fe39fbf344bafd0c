//! The project's own tasks: `cargo xtask setup | demo | test | conformance | torture | fuzz | bench | ci`.
//!
//! This crate depends on nothing heavy, so that a fresh machine sees progress within seconds.

mod demo;
mod fuzz;
mod run;
mod setup;
mod tasks;
mod tiers;

use clap::{Parser, Subcommand};
use std::process::ExitCode;
use tiers::Tier;

/// The project's own tasks. Each provides what it needs and says what it is doing.
#[derive(Parser)]
#[command(name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Provides the wasm targets, the wasmtime CLI, cargo-component, jco and componentize-js, outside of
    /// the checkout.
    Setup,
    /// Plays the bank on annals-host and on wasmtime serve, kills them in the middle, and compares with the oracle.
    Demo,
    /// Runs the tests, cheap ones first: the tiers fast, hosts and rest.
    Test {
        /// Only these tiers, in this order.
        #[arg(long = "tier", value_enum, conflicts_with = "filter")]
        tiers: Vec<Tier>,
        /// Only tests whose name contains this.
        filter: Option<String>,
    },
    /// Plays the conformance suite on every store adapter, on its real host.
    Conformance {
        /// Only cases whose name contains this.
        filter: Option<String>,
    },
    /// Clients, readers and kills on every store; then checks what everybody saw.
    Torture {
        /// 200 kills in each run, which takes more than half an hour; otherwise a few, for a minute.
        #[arg(long)]
        long: bool,
        /// Gives the same commands again.
        #[arg(long)]
        seed: Option<u64>,
    },
    /// Measures Annals beside others, and prints ratios with their spread: `bench --help` has the options.
    #[command(disable_help_flag = true)]
    Bench {
        /// Passed on to the suite: `--quick`, `--only PART`, `--rounds N`, `--soak 10m`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        options: Vec<String>,
    },
    /// Fuzzes the event log (records, damaged stores, sequences of operations) and the composer (manifests, components).
    Fuzz {
        /// For all targets together.
        #[arg(long, default_value_t = 20)]
        seconds: u64,
    },
    /// What must pass before a change lands: the tiers fast, hosts, fuzz, torture and rest.
    Ci,
}

fn main() -> ExitCode {
    let done = match Cli::parse().task {
        Task::Setup => setup::setup(),
        Task::Demo => demo::demo(),
        Task::Test { tiers, filter } => tiers::test(&tiers, filter.as_deref()),
        Task::Conformance { filter } => tasks::conformance(filter.as_deref()),
        Task::Torture { long, seed } => tasks::torture(long, seed),
        Task::Bench { options } => tasks::bench(&options),
        Task::Fuzz { seconds } => fuzz::fuzz(seconds),
        Task::Ci => tiers::ci(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}
