//! A component loaded, checked against what this host offers, and ready to instantiate.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use wasmtime::component::{Component, Linker};
use wasmtime::{Engine, Store, UpdateDeadline};
use wasmtime_wasi_http::p2::bindings::{LinkOptions, ProxyPre};
use wasmtime_wasi_http::{WasiHttp, WasiHttpView};

use crate::engine;
use crate::error::HostError;
use crate::keyvalue;
use crate::life::Life;
use crate::precompiled::CompileCache;
use crate::state::{Grants, GuestState};
use crate::store::Kv;

/// What one request may use.
#[derive(Debug, Clone)]
pub struct Limits {
    /// From the request's arrival at the guest to the end of the guest's work.
    pub timeout: Duration,
    /// Bytes of one linear memory.
    pub max_memory: usize,
    /// Bytes of a request's body.
    pub max_body: usize,
}

/// A component that can serve requests.
pub struct App {
    engine: Engine,
    proxy: ProxyPre<GuestState>,
    grants: Grants,
    /// Memories or tables that one instance takes, whichever are more.
    slots: u32,
    /// What one request may use.
    pub limits: Limits,
    /// The buckets of all requests.
    pub store: Arc<dyn Kv>,
}

impl App {
    /// Compiles the component in `path` (or takes it from the cache) and links it.
    ///
    /// # Errors
    /// The component is at fault, or a shared directory cannot be opened.
    pub fn load(
        engine: &Engine,
        path: &Path,
        cache: &CompileCache,
        store: Arc<dyn Kv>,
        grants: Grants,
        limits: Limits,
    ) -> Result<Self, HostError> {
        let component = compile(engine, path, cache)?;
        let unfit = |e: wasmtime::Error| HostError::Unfit {
            path: PathBuf::from(path),
            reason: one_line(&e),
        };
        let linker = linker(engine).map_err(|e| HostError::Engine(one_line(&e)))?;
        let proxy = linker
            .instantiate_pre(&component)
            .and_then(ProxyPre::new)
            .map_err(unfit)?;
        let app = Self {
            engine: engine.clone(),
            proxy,
            grants,
            slots: slots(&component),
            limits,
            store,
        };
        // A directory that cannot be shared is found now, not with the first request.
        app.new_state()?;
        Ok(app)
    }

    fn new_state(&self) -> Result<GuestState, HostError> {
        GuestState::new(self.store.clone(), &self.grants, self.limits.max_memory)
    }

    /// A store for one instance.
    ///
    /// # Errors
    /// When a shared directory is gone.
    pub fn new_store(&self) -> Result<Store<GuestState>, HostError> {
        let mut store = Store::new(&self.engine, self.new_state()?);
        store.limiter(|state| &mut state.limits);
        // Only an engine that counts instructions has fuel, and nobody is stopped for want of it.
        let _ = store.set_fuel(u64::MAX);
        Ok(store)
    }

    /// Before each request: its guest is stopped when this life is spent, and until then lets
    /// others run at each tick of the clock.
    pub fn begin(store: &mut Store<GuestState>, life: Arc<Life>) {
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(move |_| {
            Ok(match life.is_spent() {
                true => UpdateDeadline::Interrupt,
                false => {
                    life.interrupt();
                    UpdateDeadline::Yield(1)
                }
            })
        });
    }

    /// How many instances have room at one time.
    pub fn room(&self) -> u32 {
        engine::POOL_SLOTS / self.slots
    }

    /// The linked component.
    pub fn proxy(&self) -> &ProxyPre<GuestState> {
        &self.proxy
    }
}

fn compile(engine: &Engine, path: &Path, cache: &CompileCache) -> Result<Component, HostError> {
    let bytes = std::fs::read(path).map_err(|source| HostError::Read {
        path: path.to_owned(),
        source,
    })?;
    // The second half of the version field is the layer: 0 core, 1 component.
    if bytes.starts_with(b"\0asm\x01\0\0\0") {
        return Err(HostError::CoreModule(path.to_owned()));
    }
    cache.load(engine, &bytes).map_err(|e| HostError::Compile {
        path: path.to_owned(),
        reason: one_line(&e),
    })
}

fn slots(component: &Component) -> u32 {
    let required = component.resources_required();
    required.map_or(1, |r| r.num_memories.max(r.num_tables).max(1))
}

/// All of WASI 0.2; without a grant the filesystem, the environment and the sockets are empty. What may
/// ask others over HTTP is for the composer to say: a component that does not import it cannot.
fn linker(engine: &Engine) -> wasmtime::Result<Linker<GuestState>> {
    use wasmtime_wasi_http::p2::bindings::http::{outgoing_handler, types};

    let mut linker = Linker::new(engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    let options = LinkOptions::default();
    types::add_to_linker::<_, WasiHttp>(&mut linker, &(&options).into(), GuestState::http)?;
    outgoing_handler::add_to_linker::<_, WasiHttp>(&mut linker, GuestState::http)?;
    keyvalue::add_to_linker(&mut linker, GuestState::keyvalue)?;
    Ok(linker)
}

fn one_line(error: &wasmtime::Error) -> String {
    format!("{error:#}")
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}
