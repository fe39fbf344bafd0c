//! Configures wasmtime.

use std::num::NonZeroUsize;
use std::time::Duration;

use wasmtime::{
    Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, ProfilingStrategy,
};

use crate::error::HostError;

/// Interval at which running guests check the clock. It is the precision of a timeout, and the
/// longest time for which a computing guest keeps a thread from others.
pub const TICK: Duration = Duration::from_millis(3);

/// Maximum number of core instances, memories or tables in one composition. 250 handlers need about
/// 800.
const PER_COMPONENT: u32 = 4_000;
/// Slots in the pool, for all instances together. Each slot reserves 4 GiB of address space, which
/// makes bounds checks free. A process has 128 TiB.
pub(crate) const POOL_SLOTS: u32 = 20_000;
const TABLE_ELEMENTS: usize = 65_536;
const MAX_INSTANCE_SIZE: usize = 16 << 20;
/// Bytes of each memory and table that stay resident when a slot is reused. Resetting a small
/// instance then needs no system call.
const KEEP_RESIDENT: usize = 128 << 10;

/// The options that decide the size of the engine's pool.
#[derive(Debug, Clone)]
pub struct EngineOptions {
    /// Maximum number of instances at one time.
    pub instances: u32,
    /// Maximum size of one linear memory, in bytes.
    pub max_memory: usize,
    /// Write the names of the guests' functions to `/tmp/perf-PID.map` for `perf`.
    pub perf_map: bool,
}

/// Makes an engine that can hold many large compositions at one time, and starts the clock that
/// interrupts its guests.
///
/// # Errors
/// If the system does not grant the address space.
pub fn start(options: &EngineOptions) -> Result<Engine, HostError> {
    let engine_error = |e: wasmtime::Error| HostError::Engine(format!("{e:#}"));
    let mut config = Config::new();
    config
        .wasm_component_model(true)
        // Composed components call each other synchronously. Without concurrency support such a
        // call has no extra cost.
        .concurrency_support(false)
        .epoch_interruption(true)
        // The frame with the handler's name is the outermost one. Allow more frames than a wasm
        // stack (512 KiB) can hold.
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
        // Two stacks for each instance: one for the running call, one while the pool still resets
        // the previous stack.
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

/// Starts the clock thread, which ends when the last handle of the engine is dropped.
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
