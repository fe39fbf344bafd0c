//! Measures composition, instantiation, start times and component sizes.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use annals_tests::app;
use annals_tests::server::Kind;
use anyhow::{Context as _, Result, anyhow, ensure};
use serde_json::Value;
use wasmtime::component::{Component, Linker};
use wasmtime::{Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, Store};

use crate::apps::App;
use crate::bench::Bench;
use crate::peers::{ANNALS, NATIVE, Peer, WASMTIME};
use crate::report::{Metric, Sample};
use crate::stats::Spread;

/// The case that the composition budget applies to.
pub const COMPOSE: &str = "compose 20 handlers";
/// The case that the size budget applies to.
pub const FRAMEWORK: &str = "the framework's share of the bank";
/// The case that the start budget applies to.
pub const FIRST_ANSWER: &str = "process start to first answer";
/// Compositions in each round, of which the suite takes the median.
const COMPOSITIONS: usize = 9;
/// Starts in each round, of which the suite takes the median.
const STARTS: usize = 10;
/// Number of instantiations.
const INSTANCES: usize = 200;

/// The name of a case of instantiation.
#[must_use]
pub fn instantiate(handlers: usize) -> String {
    format!("instantiate {handlers} handlers")
}

/// `composition`
pub fn run(bench: &mut Bench) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let toys = folder.path().join("toys");
    std::fs::create_dir_all(&toys)?;
    annals_fixtures::application(&toys, 20)?;
    // The composer caches the descriptions of handlers. Compose once before the measurement to fill the cache.
    app::compose(&toys, Kind::Annals, &toys)?;
    for round in 0..bench.rounds {
        let mut times = Vec::new();
        for _ in 0..COMPOSITIONS {
            let start = Instant::now();
            app::compose(&toys, Kind::Annals, &toys)?;
            times.push(start.elapsed().as_secs_f64() * 1e3);
        }
        let median = Spread::of(&times).median;
        add(bench, COMPOSE.into(), "annals", round, Metric::Time, median);
        for peer in [ANNALS, NATIVE, WASMTIME] {
            first_answer(bench, peer, round)?;
        }
    }
    size(bench, folder.path())?;
    let counts: &[usize] = if bench.quick { &[2, 20] } else { &[2, 20, 200] };
    for &handlers in counts {
        let file = bench.apps.get(App::Toys(handlers), Kind::Annals)?;
        let parts = core_instances(&file, handlers)?;
        for round in 0..bench.rounds {
            let micros = instantiation(&file)?;
            add(
                bench,
                instantiate(handlers),
                "wasmtime",
                round,
                Metric::Micros,
                micros,
            );
            let each = micros / parts;
            let case = format!("{}, for each component in it", instantiate(handlers));
            add(bench, case, "wasmtime", round, Metric::Micros, each);
        }
    }
    Ok(())
}

fn add(bench: &mut Bench, case: String, peer: &str, round: usize, metric: Metric, value: f64) {
    bench.report.add(Sample {
        part: "composition",
        case,
        x: None,
        peer: peer.into(),
        round,
        values: BTreeMap::from([(metric, value)]),
    });
}

/// Measures the first answer. The component was compiled before, and the store has a stream.
fn first_answer(bench: &mut Bench, peer: Peer, round: usize) -> Result<()> {
    let mut run = bench.start(peer, &[("1".into(), 1)])?;
    run.running.server.kill()?;
    let mut times = Vec::new();
    for _ in 0..STARTS {
        times.push(run.first_answer("/streams/account-1")?.as_secs_f64() * 1e3);
    }
    let median = Spread::of(&times).median;
    add(
        bench,
        FIRST_ANSWER.into(),
        &peer.name(),
        round,
        Metric::Time,
        median,
    );
    Ok(())
}

fn size(bench: &mut Bench, folder: &Path) -> Result<()> {
    for host in Kind::ALL {
        let report = folder.join("report.json");
        let out = app::annals(
            &app::bank(),
            &[
                "compose",
                "--host",
                host.name(),
                "-o",
                &folder.join("bank.wasm").to_string_lossy(),
                "--report",
                &report.to_string_lossy(),
            ],
        )?;
        ensure!(
            out.status.success(),
            "{}",
            String::from_utf8_lossy(&out.stderr)
        );
        let report: Value = serde_json::from_slice(&std::fs::read(report)?)?;
        for (case, field) in [
            (FRAMEWORK, "framework_size"),
            ("the bank, all of it", "size"),
        ] {
            let bytes = report[field]
                .as_f64()
                .with_context(|| format!("no {field}"))?;
            add(
                bench,
                case.into(),
                host.name(),
                0,
                Metric::Size,
                bytes / 1e3,
            );
        }
    }
    Ok(())
}

/// Number of core instances of an application: its handlers, the switchboards and the framework.
fn core_instances(file: &Path, handlers: usize) -> Result<f64> {
    let report = file.with_extension("parts.json");
    let folder = file.parent().context("a file lies in a folder")?;
    let out = app::annals(
        folder,
        &[
            "compose",
            "--host",
            "annals",
            "-o",
            &file.to_string_lossy(),
            "--report",
            &report.to_string_lossy(),
        ],
    )?;
    ensure!(
        out.status.success(),
        "{}",
        String::from_utf8_lossy(&out.stderr)
    );
    let report: Value = serde_json::from_slice(&std::fs::read(report)?)?;
    let parts = report["parts"].as_array().map_or(handlers, Vec::len);
    #[allow(clippy::cast_precision_loss, reason = "small")]
    Ok(parts as f64)
}

/// Microseconds to instantiate from the pool, without calling anything.
fn instantiation(file: &Path) -> Result<f64> {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_core_instances(4000)
        .total_memories(2000)
        .total_tables(4000)
        .max_core_instances_per_component(4000)
        .max_memories_per_component(2000)
        .max_tables_per_component(4000)
        .max_component_instance_size(16 << 20);
    let mut config = Config::new();
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    let lift = |error: wasmtime::Error| anyhow!("{error:#}");
    let engine = Engine::new(&config).map_err(lift)?;
    let component = Component::from_file(&engine, file).map_err(lift)?;
    let mut linker: Linker<()> = Linker::new(&engine);
    // No function is called, so stubs suffice for the host's functions.
    linker
        .define_unknown_imports_as_traps(&component)
        .map_err(lift)?;
    let ready = linker.instantiate_pre(&component).map_err(lift)?;
    let mut times = Vec::new();
    for _ in 0..INSTANCES {
        let mut store = Store::new(&engine, ());
        let start = Instant::now();
        ready.instantiate(&mut store).map_err(lift)?;
        times.push(start.elapsed().as_secs_f64() * 1e6);
    }
    Ok(Spread::of(&times).median)
}
