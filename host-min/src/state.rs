//! What one guest instance owns.

use std::sync::Arc;

use wasmtime::component::ResourceTable;
use wasmtime::{StoreLimits, StoreLimitsBuilder};
use wasmtime_wasi::{FsPerms, WasiCtx, WasiCtxView, WasiView};
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
    pub limits: StoreLimits,
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
            limits: StoreLimitsBuilder::new()
                .memory_size(max_memory)
                .instances(usize::MAX)
                .memories(usize::MAX)
                .tables(usize::MAX)
                .trap_on_grow_failure(true)
                .build(),
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
