//! Loads a component, checks it against the imports that this host offers, and makes it ready to
//! instantiate.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use wasmtime::component::{Component, Linker};
use wasmtime::{Engine, Store, UpdateDeadline};
use wasmtime_wasi_http::p2::bindings::{LinkOptions, ProxyPre};
use wasmtime_wasi_http::{WasiHttp, WasiHttpView};

use crate::deadline::Deadline;
use crate::engine;
use crate::error::HostError;
use crate::keyvalue;
use crate::precompiled::CompileCache;
use crate::state::{Grants, GuestState};
use crate::store::Buckets;

/// The limits of one request.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Time from the request's arrival at the guest to the end of the guest's work.
    pub timeout: Duration,
    /// Maximum size of one linear memory, in bytes.
    pub max_memory: usize,
    /// Maximum size of a request's body, in bytes.
    pub max_body: usize,
}

/// A component that can serve requests.
pub struct App {
    engine: Engine,
    proxy: ProxyPre<GuestState>,
    grants: Grants,
    /// The larger of two numbers: memories of one instance, tables of one instance.
    slots: u32,
    /// The limits of one request.
    pub limits: Limits,
    /// The buckets, shared by all requests.
    pub store: Arc<dyn Buckets>,
}

impl App {
    /// Reads the component in `path` from the cache, or compiles it, and links it.
    ///
    /// # Errors
    /// If the component does not compile or does not fit this host, or if a shared directory cannot
    /// be opened.
    pub fn load(
        engine: &Engine,
        path: &Path,
        cache: &CompileCache,
        store: Arc<dyn Buckets>,
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
        // Open the shared directories once, so that a missing one fails the start and not the first
        // request.
        app.new_state()?;
        Ok(app)
    }

    fn new_state(&self) -> Result<GuestState, HostError> {
        GuestState::new(self.store.clone(), &self.grants, self.limits.max_memory)
    }

    /// Makes the wasmtime store of one instance.
    ///
    /// # Errors
    /// If a shared directory no longer exists.
    pub fn new_store(&self) -> Result<Store<GuestState>, HostError> {
        let mut store = Store::new(&self.engine, self.new_state()?);
        store.limiter(|state| &mut state.limits);
        // `set_fuel` fails on an engine without fuel. Ignore that: no guest is limited by fuel.
        let _ = store.set_fuel(u64::MAX);
        Ok(store)
    }

    /// Prepares an instance for one request. At each tick of the engine's clock the guest traps if
    /// its deadline has passed, and otherwise yields to other tasks.
    pub fn begin(store: &mut Store<GuestState>, deadline: Arc<Deadline>) {
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(move |_| {
            Ok(match deadline.has_passed() {
                true => UpdateDeadline::Interrupt,
                false => {
                    deadline.interrupt();
                    UpdateDeadline::Yield(1)
                }
            })
        });
    }

    /// The number of instances that the engine's pool can hold at one time.
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
    // The upper half of the version field is the layer: 0 is a core module, 1 is a component.
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

/// Links all of WASI 0.2. Without a grant the guest has no files, no environment variables and no
/// sockets. The composer decides which handlers may send HTTP requests: a component that does not
/// import `wasi:http/outgoing-handler` cannot.
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
