//! The state of one guest instance.

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
use crate::store::Buckets;

/// A directory of the host that guests see under another name, readable and writable.
#[derive(Debug, Clone)]
pub struct SharedDirectory {
    /// Path on the host.
    pub host: std::path::PathBuf,
    /// Path as guests see it.
    pub guest: String,
}

/// Maximum number of handles (of buckets, files and streams) that an instance may keep from one
/// request to the next.
const KEPT: usize = 256;

/// The resources that all guests may access in addition to the buckets.
#[derive(Debug, Clone, Default)]
pub struct Grants {
    /// The shared directories.
    pub directories: Vec<SharedDirectory>,
    /// The environment variables.
    pub environment: Vec<(String, String)>,
}

/// The data of one guest instance, dropped with it.
pub struct GuestState {
    wasi: WasiCtx,
    http: WasiHttpCtx,
    hooks: Outgoing,
    table: ResourceTable,
    store: Arc<dyn Buckets>,
    /// wasmtime checks these limits at each memory growth.
    pub limits: Limiter,
}

impl GuestState {
    /// Makes the state of a guest without arguments and sockets. The guest's output goes to the
    /// log.
    ///
    /// # Errors
    /// If a shared directory cannot be opened.
    pub fn new(
        store: Arc<dyn Buckets>,
        grants: &Grants,
        max_memory: usize,
    ) -> Result<Self, HostError> {
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
            // Trap on growth beyond the limit. If the growth merely failed, the guest would abort
            // with a message that does not mention memory.
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

    /// True if the guest holds nothing of its last request, and at most `KEPT` handles. A
    /// response body that the guest began and never ends would keep its client waiting.
    pub fn is_idle(&mut self) -> bool {
        let mut kept = 0;
        self.table.iter_mut().all(|entry| {
            kept += 1;
            let answers = entry.is::<HostResponseOutparam>()
                || entry.is::<HostOutgoingResponse>()
                || entry.is::<HostOutgoingBody>();
            !answers && kept <= KEPT
        })
    }

    /// The buckets as the guest sees them.
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

/// Bounds each linear memory, and counts the bytes of all of them.
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
