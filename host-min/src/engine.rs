//! How wasmtime is configured.

use std::num::NonZeroUsize;
use std::time::Duration;

use wasmtime::{
    Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, ProfilingStrategy,
};

use crate::error::HostError;

/// How often running guests look at the clock: the precision of a timeout, and the longest that
/// a busy guest keeps a thread from others.
pub const TICK: Duration = Duration::from_millis(3);

/// The most core instances, memories or tables in one composition. 250 handlers need some 800.
const PER_COMPONENT: u32 = 4_000;
/// Slots in the pool for all instances together. Each reserves 4 GiB of address space (so that
/// bounds checks cost nothing), and a process has 128 TiB.
pub(crate) const POOL_SLOTS: u32 = 20_000;
const TABLE_ELEMENTS: usize = 65_536;
const MAX_INSTANCE_SIZE: usize = 16 << 20;
/// Bytes of each memory and table that a slot keeps for its next user: small instances then
/// need no system call to be reset.
const KEEP_RESIDENT: usize = 128 << 10;

/// What decides the size of the engine's pool.
#[derive(Debug, Clone)]
pub struct EngineOptions {
    /// Instances that live at one time.
    pub instances: u32,
    /// Bytes of one linear memory.
    pub max_memory: usize,
    /// Tell `perf` the names of the guests' functions, in `/tmp/perf-PID.map`.
    pub perf_map: bool,
}

/// An engine for many big compositions at a time, and the clock that interrupts its guests.
///
/// # Errors
/// When the address space cannot be had.
pub fn start(options: &EngineOptions) -> Result<Engine, HostError> {
    let engine_error = |e: wasmtime::Error| HostError::Engine(format!("{e:#}"));
    let mut config = Config::new();
    config
        .wasm_component_model(true)
        // Composed components call each other synchronously; without this support such a call
        // costs nothing extra.
        .concurrency_support(false)
        .epoch_interruption(true)
        // The handler's name stands at the far end of a stack: more frames than a wasm stack (512 KiB) holds.
        .wasm_backtrace_max_frames(NonZeroUsize::new(1 << 16))
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool(options)));
    if options.perf_map {
        config.profiler(ProfilingStrategy::PerfMap);
    }
    let engine = Engine::new(&config).map_err(engine_error)?;
    start_clock(&engine)?;
    Ok(engine)
}

fn pool(options: &EngineOptions) -> PoolingAllocationConfig {
    let slots = POOL_SLOTS.min(options.instances.saturating_mul(PER_COMPONENT));
    let mut pool = PoolingAllocationConfig::default();
    pool.total_component_instances(options.instances)
        .total_core_instances(options.instances.saturating_mul(PER_COMPONENT))
        .total_memories(slots)
        .total_tables(slots)
        // One for the guest's call, one to spare while an old one is being returned.
        .total_stacks(options.instances.saturating_mul(2))
        .max_core_instances_per_component(PER_COMPONENT)
        .max_memories_per_component(PER_COMPONENT)
        .max_tables_per_component(PER_COMPONENT)
        .max_memories_per_module(100)
        .max_tables_per_module(100)
        .max_component_instance_size(MAX_INSTANCE_SIZE)
        .max_core_instance_size(MAX_INSTANCE_SIZE)
        .max_memory_size(options.max_memory)
        .table_elements(TABLE_ELEMENTS)
        .linear_memory_keep_resident(KEEP_RESIDENT)
        .table_keep_resident(KEEP_RESIDENT);
    pool
}

/// The clock stops with the last handle of the engine.
fn start_clock(engine: &Engine) -> Result<(), HostError> {
    let engine = engine.weak();
    std::thread::Builder::new()
        .name("annals-clock".into())
        .spawn(move || {
            while let Some(engine) = engine.upgrade() {
                engine.increment_epoch();
                drop(engine);
                std::thread::sleep(TICK);
            }
        })?;
    Ok(())
}
