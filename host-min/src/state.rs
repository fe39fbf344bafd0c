//! What one guest instance owns.

use std::sync::Arc;

use wasmtime::component::ResourceTable;
use wasmtime::{ResourceLimiter, StoreLimits, StoreLimitsBuilder};
use wasmtime_wasi::{FsPerms, WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::p2::body::HostOutgoingBody;
use wasmtime_wasi_http::p2::types::{HostOutgoingResponse, HostResponseOutparam};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

use crate::error::HostError;
use crate::keyvalue::KeyvalueView;
use crate::outgoing::Outgoing;
use crate::store::Kv;

/// A directory of the host's under a guest's name, readable and writable.
#[derive(Debug, Clone)]
pub struct SharedDirectory {
    /// On the host.
    pub host: std::path::PathBuf,
    /// As guests see it.
    pub guest: String,
}

/// Handles (of buckets, files and streams) that an instance may keep from one request to the next.
const KEPT: usize = 256;

/// What all guests see beside the buckets.
#[derive(Debug, Clone, Default)]
pub struct Grants {
    /// Their files.
    pub directories: Vec<SharedDirectory>,
    /// Their environment variables.
    pub environment: Vec<(String, String)>,
}

/// Data of one guest instance; gone with it.
pub struct GuestState {
    wasi: WasiCtx,
    http: WasiHttpCtx,
    hooks: Outgoing,
    table: ResourceTable,
    store: Arc<dyn Kv>,
    /// Checked by wasmtime at each growth.
    pub limits: Limiter,
}

impl GuestState {
    /// A guest without arguments and sockets. What it prints goes to the log.
    ///
    /// # Errors
    /// When a shared directory cannot be opened.
    pub fn new(store: Arc<dyn Kv>, grants: &Grants, max_memory: usize) -> Result<Self, HostError> {
        let mut wasi = WasiCtx::builder();
        wasi.stdout(wasmtime_wasi::cli::stderr())
            .stderr(wasmtime_wasi::cli::stderr())
            .envs(&grants.environment);
        for SharedDirectory { host, guest } in &grants.directories {
            wasi.preopened_dir(host, guest, FsPerms::ReadWrite)
                .map_err(|e| HostError::Directory {
                    path: host.clone(),
                    reason: e.to_string(),
                })?;
        }
        Ok(Self {
            wasi: wasi.build(),
            http: WasiHttpCtx::new(),
            hooks: Outgoing {
                store: store.clone(),
            },
            table: ResourceTable::new(),
            store,
            // Growth beyond the limit traps: a guest that was told "no" would abort anyway, with
            // words that say nothing of memory.
            limits: Limiter {
                limits: StoreLimitsBuilder::new()
                    .memory_size(max_memory)
                    .instances(usize::MAX)
                    .memories(usize::MAX)
                    .tables(usize::MAX)
                    .trap_on_grow_failure(true)
                    .build(),
                bytes: 0,
            },
        })
    }

    /// Whether the guest holds nothing of its last request: an answer that it begins and never
    /// ends would be waited for. What it may keep is bounded, too.
    pub fn is_at_rest(&mut self) -> bool {
        let mut kept = 0;
        self.table.iter_mut().all(|entry| {
            kept += 1;
            let answers = entry.is::<HostResponseOutparam>()
                || entry.is::<HostOutgoingResponse>()
                || entry.is::<HostOutgoingBody>();
            !answers && kept <= KEPT
        })
    }

    /// The guest's view of the buckets.
    pub fn keyvalue(&mut self) -> KeyvalueView<'_> {
        KeyvalueView {
            store: &*self.store,
            table: &mut self.table,
        }
    }
}

impl WasiView for GuestState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

impl WasiHttpView for GuestState {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView {
            ctx: &mut self.http,
            table: &mut self.table,
            hooks: &mut self.hooks,
        }
    }
}

/// Bounds each memory, and counts all of them together.
pub struct Limiter {
    limits: StoreLimits,
    bytes: usize,
}

impl Limiter {
    /// Bytes of all linear memories of the instance.
    pub fn bytes(&self) -> usize {
        self.bytes
    }
}

impl ResourceLimiter for Limiter {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let grows = self.limits.memory_growing(current, desired, maximum)?;
        if grows {
            self.bytes += desired.saturating_sub(current);
        }
        Ok(grows)
    }

    fn memory_grow_failed(&mut self, error: wasmtime::Error) -> wasmtime::Result<()> {
        self.limits.memory_grow_failed(error)
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        self.limits.table_growing(current, desired, maximum)
    }

    fn table_grow_failed(&mut self, error: wasmtime::Error) -> wasmtime::Result<()> {
        self.limits.table_grow_failed(error)
    }

    fn instances(&self) -> usize {
        self.limits.instances()
    }

    fn tables(&self) -> usize {
        self.limits.tables()
    }

    fn memories(&self) -> usize {
        self.limits.memories()
    }
}
