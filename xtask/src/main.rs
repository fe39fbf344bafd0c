//! The project's own tasks: `cargo xtask setup | demo | test | conformance | torture | fuzz | bench | ci`.
//!
//! This crate has only small dependencies, so that a fresh machine shows progress within seconds.

mod demo;
mod fuzz;
mod peers;
mod run;
mod setup;
mod tasks;
mod tiers;

use clap::{Parser, Subcommand};
use std::process::ExitCode;
use tiers::Tier;

/// The project's own tasks. Each provides the tools that it needs and prints its steps.
#[derive(Parser)]
#[command(name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Provides the wasm targets, the wasmtime CLI, cargo-component, jco and componentize-js,
    /// outside of the checkout.
    Setup,
    /// Plays the bank on annals-host and on wasmtime serve, kills them repeatedly, and compares the
    /// result with the oracle.
    Demo,
    /// Runs the tests, cheap ones first: the tiers fast, hosts and rest.
    Test {
        /// Run only these tiers, in this order.
        #[arg(long = "tier", value_enum, conflicts_with = "filter")]
        tiers: Vec<Tier>,
        /// Run only tests whose name contains this text.
        filter: Option<String>,
    },
    /// Runs the conformance suite on every store adapter, on its real host.
    Conformance {
        /// Run only cases whose name contains this text.
        filter: Option<String>,
    },
    /// Runs clients, readers and kills on every store, then checks what every client observed.
    Torture {
        /// Kill 200 times in each run, which takes more than half an hour; the default is a few
        /// kills in a minute.
        #[arg(long)]
        long: bool,
        /// Replay the commands of an earlier run.
        #[arg(long)]
        seed: Option<u64>,
    },
    /// Measures Annals beside other systems and prints ratios with their spread; `bench --help`
    /// lists the options.
    #[command(disable_help_flag = true)]
    Bench {
        /// Options for the suite: `--quick`, `--only PART`, `--rounds N`, `--soak 10m`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        options: Vec<String>,
    },
    /// Fuzzes the event log (records, damaged stores, sequences of operations) and the composer
    /// (manifests, components).
    Fuzz {
        /// Duration for all targets together.
        #[arg(long, default_value_t = 20)]
        seconds: u64,
    },
    /// Runs everything that must pass before a change lands: the tiers fast, hosts, fuzz, torture
    /// and rest.
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
