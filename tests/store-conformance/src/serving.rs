//! The host's process, and the applications that it serves, one for each prefix.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};

use annals_compose::generate::settings::Settings;
use annals_compose::wiring::{self, Part};
use annals_tests::server::{Place, Server};
use anyhow::{Context as _, Result};
use tempfile::TempDir;

/// The host and what it serves. Fields are dropped in order: the server before its data.
pub(crate) struct Serving {
    name: String,
    url: String,
    /// The prefix in service. Every call in progress has a read lock on it.
    prefix: RwLock<String>,
    /// Number of replaced processes: connections to earlier processes are dead.
    lives: AtomicU64,
    /// True if the store recovers from a kill without an operator.
    survives: bool,
    server: Mutex<Server>,
    apps: Mutex<Apps>,
    _folder: TempDir,
}

impl Serving {
    /// Starts the host on the application without a prefix.
    pub fn start(
        name: String,
        mut apps: Apps,
        survives: bool,
        folder: TempDir,
        serve: impl Fn(&Place<'_>) -> Result<Command> + Send + 'static,
    ) -> Result<Self> {
        let prefix = String::new();
        let server = Server::start_by(serve, &apps.of(&prefix)?, folder.path())
            .with_context(|| format!("starting {name}"))?;
        Ok(Self {
            name,
            url: server.url(),
            prefix: RwLock::new(prefix),
            lives: AtomicU64::new(0),
            survives,
            server: Mutex::new(server),
            apps: Mutex::new(apps),
            _folder: folder,
        })
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn partitions(&self) -> u32 {
        lock(&self.apps).partitions
    }

    /// Kills the process and starts it again. Returns `false` if it would not recover without an operator.
    pub fn crash(&self) -> bool {
        if !self.survives {
            return false;
        }
        // Do not take the prefix's lock: the crash must hit calls in progress.
        let restarted = lock(&self.server).restart();
        self.lives.fetch_add(1, Ordering::SeqCst);
        if let Err(error) = restarted {
            panic!("{} did not come back: {error:#}", self.name);
        }
        true
    }

    /// The prefix in service.
    pub fn prefix(&self) -> String {
        let prefix = self.prefix.read().unwrap_or_else(PoisonError::into_inner);
        prefix.clone()
    }

    pub fn pid(&self) -> Option<u32> {
        lock(&self.server).pid()
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn life(&self) -> u64 {
        self.lives.load(Ordering::SeqCst)
    }

    /// Serves the prefix for as long as the caller holds the guard.
    pub fn serve(&self, prefix: &str) -> Result<RwLockReadGuard<'_, String>> {
        loop {
            let served = self.prefix.read().unwrap_or_else(PoisonError::into_inner);
            if *served == prefix {
                return Ok(served);
            }
            drop(served);
            let mut served = self.prefix.write().unwrap_or_else(PoisonError::into_inner);
            if *served != prefix {
                let app = lock(&self.apps).of(prefix)?;
                lock(&self.server).replace(&app)?;
                self.lives.fetch_add(1, Ordering::SeqCst);
                prefix.clone_into(&mut served);
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The applications, one for each prefix. Each is composed when it is first served.
pub(crate) struct Apps {
    adapter: Part,
    partitions: u32,
    probe: Part,
    folder: PathBuf,
    composed: BTreeMap<String, PathBuf>,
}

impl Apps {
    pub fn new(adapter: Part, partitions: u32, probe: Part, folder: &Path) -> Self {
        Self {
            adapter,
            partitions,
            probe,
            folder: folder.to_owned(),
            composed: BTreeMap::new(),
        }
    }

    fn of(&mut self, prefix: &str) -> Result<PathBuf> {
        if let Some(file) = self.composed.get(prefix) {
            return Ok(file.clone());
        }
        let settings = Settings {
            name: "store-conformance".into(),
            version: "0".into(),
            prefix: prefix.to_owned(),
            partitions: self.partitions,
            bucket: "default".into(),
            path: "/data".into(),
            retired: Vec::new(),
            handlers: Vec::new(),
            delivery_budget: 0,
            cors: Vec::new(),
            application: String::new(),
        };
        let parts = [&self.adapter, &self.probe].map(|part| Part {
            name: part.name.clone(),
            bytes: part.bytes.clone(),
            sandbox: None,
        });
        let fused = wiring::fuse(&settings, parts.into())
            .context("composing the adapter with the probe")?;
        let file = self
            .folder
            .join(format!("app-{}.wasm", self.composed.len()));
        std::fs::write(&file, fused.bytes)?;
        self.composed.insert(prefix.to_owned(), file.clone());
        Ok(file)
    }
}
