//! What measurements share: rates over several clients, spreads, and a component that does
//! nothing, as the ceiling of a host.

use annals_tests::client::Client;
use annals_tests::server::Kind;
use annals_tests::{app, tools, toy};
use anyhow::{Context as _, Result, anyhow, ensure};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;
use wasmtime::component::{Component, Linker};
use wasmtime::{Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, Store};

/// Minimum, median and maximum of several measurements.
#[derive(Debug, Clone, Copy)]
pub struct Spread {
    /// The smallest.
    pub min: f64,
    /// The middle one.
    pub median: f64,
    /// The largest.
    pub max: f64,
}

impl Spread {
    /// Of at least one value.
    #[must_use]
    pub fn of(values: &[f64]) -> Self {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let at = |index: usize| sorted.get(index).copied().unwrap_or(f64::NAN);
        Self {
            min: at(0),
            median: at(sorted.len() / 2),
            max: at(sorted.len().saturating_sub(1)),
        }
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:10.2} (min {:.2}, max {:.2})",
            self.median, self.min, self.max
        )
    }
}

/// Requests a second: `total` of them by so many clients, each of which must say that its answer
/// was right.
///
/// # Errors
///
/// If an answer is missing or wrong.
pub fn rate(
    clients: usize,
    total: usize,
    request: impl Fn(&Client, usize) -> Result<bool> + Sync,
    url: &str,
) -> Result<f64> {
    let next = AtomicUsize::new(0);
    let start = Instant::now();
    std::thread::scope(|scope| -> Result<()> {
        let workers: Vec<_> = (0..clients)
            .map(|_| {
                scope.spawn(|| -> Result<()> {
                    let client = Client::new(url.to_string());
                    loop {
                        let n = next.fetch_add(1, Ordering::Relaxed);
                        if n >= total {
                            return Ok(());
                        }
                        ensure!(request(&client, n)?, "request {n} had a wrong answer");
                    }
                })
            })
            .collect();
        for worker in workers {
            worker.join().map_err(|_| anyhow!("a client panicked"))??;
        }
        Ok(())
    })?;
    #[allow(clippy::cast_precision_loss, reason = "counts are small")]
    Ok(total as f64 / start.elapsed().as_secs_f64())
}

/// Microseconds to instantiate a composition of toys from the pool, without calling it.
///
/// # Errors
///
/// If it does not compose or run.
pub fn instantiation(folder: &Path, handlers: usize) -> Result<Spread> {
    let folder = folder.join(format!("toys-{handlers}"));
    std::fs::create_dir_all(&folder)?;
    toy::application(&folder, handlers)?;
    let file = app::compose(&folder, Kind::Annals, &folder)?;
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
    // Nothing is called, so the host's side may be empty.
    linker
        .define_unknown_imports_as_traps(&component)
        .map_err(lift)?;
    let ready = linker.instantiate_pre(&component).map_err(lift)?;
    let mut times = Vec::new();
    for _ in 0..200 {
        let mut store = Store::new(&engine, ());
        let start = Instant::now();
        ready.instantiate(&mut store).map_err(lift)?;
        times.push(start.elapsed().as_secs_f64() * 1e6);
    }
    Ok(Spread::of(&times))
}

/// A component that answers every request with 200 and nothing else; `cargo xtask bench` built its
/// core module.
///
/// # Errors
///
/// If it was not built, or the folder cannot be written.
pub fn hello_component(folder: &Path) -> Result<PathBuf> {
    let module = tools::workspace().join("target/wasm32-unknown-unknown/wasm/hello_component.wasm");
    let module = std::fs::read(&module).with_context(|| format!("reading {}", module.display()))?;
    let file = folder.join("hello.wasm");
    std::fs::write(&file, annals_compose::probe::read("hello", module)?.bytes)?;
    Ok(file)
}
