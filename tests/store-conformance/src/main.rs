//! `store-conformance`: runs the cases on the project's stores, or on any other store.

use std::path::PathBuf;
use std::process::ExitCode;

use annals_event_log::Settings;
use annals_store_conformance::{
    Backend, Cluster, Hosted, Native, Ours, Verdict, all, run_observed,
};
use anyhow::{Context as _, Result};
use clap::{Parser, ValueEnum};

/// Checks the required behaviour of every event store of Annals, case by case.
///
/// Exit status: 0 all cases passed, 1 some failed, 2 usage, 3 a store could not be started.
#[derive(Parser)]
#[command(name = "store-conformance")]
struct Cli {
    /// Which of the project's stores.
    #[arg(long, value_enum, default_value = "all")]
    adapter: Adapter,
    /// A store adapter of your own: a component that exports annals:es/event-store and reaction-store.
    #[arg(long, requires = "serve", conflicts_with = "adapter")]
    component: Option<PathBuf>,
    /// Serves your adapter, such as `wasmtime serve -S cli --dir {data}::/data --addr 127.0.0.1:{port} {app}`.
    #[arg(long, requires = "component", value_name = "COMMAND")]
    serve: Option<String>,
    /// Runs only cases whose name contains this text.
    #[arg(long, default_value = "", hide_default_value = true)]
    filter: String,
    /// Prints the cases and runs none.
    #[arg(long)]
    list: bool,
    /// Also prints the cases that pass, with their durations.
    #[arg(long, short)]
    verbose: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Adapter {
    /// The library in memory, without WebAssembly.
    Native,
    /// The same, with a log of three partitions.
    Partitions,
    /// store-keyvalue-conditional on annals-host.
    AnnalsHost,
    /// store-keyvalue on annals-host.
    Keyvalue,
    /// store-keyvalue-increment on annals-host.
    Increment,
    /// store-filesystem on wasmtime serve.
    Wasmtime,
    /// store-filesystem on jco in Node.js.
    Jco,
    /// store-keyvalue-pointer on a stand-in for Spin with SQLite.
    SpinSqlite,
    /// store-keyvalue-pointer on a stand-in for Spin with Redis.
    SpinRedis,
    /// store-keyvalue-increment on a stand-in for wasmCloud.
    #[value(name = "wasmcloud")]
    WasmCloud,
    /// annals-host on a PostgreSQL server of the suite's own.
    Postgres,
    /// Two hosts that share such a server.
    PostgresShared,
    /// annals-host on a cluster of three NATS servers of the suite's own.
    Nats,
    /// Two hosts that share such a cluster.
    NatsShared,
    All,
}

/// Starts a store.
type Start = Box<dyn FnOnce() -> Result<Box<dyn Backend>>>;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let wanted: Vec<_> = all()
        .filter(|case| case.name.contains(&cli.filter))
        .collect();
    if wanted.is_empty() {
        eprintln!(
            "store-conformance: no case's name contains `{}`",
            cli.filter
        );
        return ExitCode::from(2);
    }
    if cli.list {
        for case in wanted {
            println!("{}: {}", case.name, case.about);
        }
        return ExitCode::SUCCESS;
    }
    match play(&cli) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("store-conformance: {error:#}");
            ExitCode::from(3)
        }
    }
}

/// Runs the cases on one store after the other. Returns whether all cases passed.
fn play(cli: &Cli) -> Result<bool> {
    let mut passed = true;
    let mut sums = Vec::new();
    for start in stores(cli) {
        let backend = start()?;
        let report = run_observed(&*backend, &cli.filter, |ran| {
            if cli.verbose || ran.verdict != Verdict::Passed {
                println!("{ran}");
            }
        });
        passed &= report.failed().is_empty();
        println!("{}", report.sum());
        sums.push(report.sum());
    }
    if sums.len() > 1 {
        println!("\n{}", sums.join("\n"));
    }
    Ok(passed)
}

fn stores(cli: &Cli) -> Vec<Start> {
    if let (Some(component), Some(serve)) = (cli.component.clone(), cli.serve.clone()) {
        return vec![Box::new(move || {
            Ok(Box::new(Hosted::foreign(&component, &serve)?))
        })];
    }
    let native = |partitions| -> Start {
        Box::new(move || {
            let settings = Settings {
                partitions,
                ..Settings::default()
            };
            Ok(Box::new(Native::in_memory(settings)))
        })
    };
    let hosted = |ours| -> Start { Box::new(move || Ok(Box::new(Hosted::ours(ours, 1)?))) };
    let postgres = |hosts| -> Start {
        Box::new(move || {
            let cluster = Cluster::on_postgres(hosts, 1, 0)?;
            Ok(Box::new(cluster.context("ANNALS_SKIP_POSTGRES is set")?))
        })
    };
    let nats = |hosts| -> Start {
        Box::new(move || {
            let cluster = Cluster::on_nats(3, hosts, 1, 0)?;
            Ok(Box::new(cluster.context("ANNALS_SKIP_NATS is set")?))
        })
    };
    let ours: [(Adapter, Start); 14] = [
        (Adapter::Native, native(1)),
        (Adapter::Partitions, native(3)),
        (Adapter::AnnalsHost, hosted(Ours::Conditional)),
        (Adapter::Keyvalue, hosted(Ours::Keyvalue)),
        (Adapter::Increment, hosted(Ours::Increment)),
        (Adapter::Wasmtime, hosted(Ours::Filesystem)),
        (Adapter::Jco, hosted(Ours::Jco)),
        (Adapter::SpinSqlite, hosted(Ours::SpinSqlite)),
        (Adapter::SpinRedis, hosted(Ours::SpinRedis)),
        (Adapter::WasmCloud, hosted(Ours::WasmCloud)),
        (Adapter::Postgres, postgres(1)),
        (Adapter::PostgresShared, postgres(2)),
        (Adapter::Nats, nats(1)),
        (Adapter::NatsShared, nats(2)),
    ];
    let wanted = |adapter| cli.adapter == Adapter::All || cli.adapter == adapter;
    ours.into_iter()
        .filter(|(adapter, _)| wanted(*adapter))
        .map(|(_, start)| start)
        .collect()
}
