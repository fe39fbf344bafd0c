//! Instances that stay warm between requests.
//!
//! An instance serves one request at a time. The next request may get the same instance, with the
//! contents of the guest's memory. The pool hands out the instance that was used last. A few
//! instances therefore do most of the work, and their caches hold most of the useful data.
//!
//! The pool takes an instance back only if its guest returned without a failure and holds nothing
//! of the request. The host replaces an instance after a number of requests, at an age, or when its
//! memory has grown.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use wasmtime::Store;
use wasmtime_wasi_http::p2::bindings::Proxy;

use crate::app::App;
use crate::deadline::Deadline;
use crate::error::HostError;
use crate::state::GuestState;

/// When the host replaces an instance.
#[derive(Debug, Clone)]
pub struct Recycling {
    /// Maximum number of idle instances; with 0 each request gets a fresh instance.
    pub warm: usize,
    /// Maximum number of requests for one instance.
    pub requests: u32,
    /// Maximum age of an instance.
    pub age: Duration,
    /// Maximum time that an instance may be idle.
    pub max_idle: Duration,
    /// Maximum growth of all linear memories of an instance together, in bytes.
    pub max_memory_growth: usize,
}

impl Default for Recycling {
    fn default() -> Self {
        Self {
            warm: 64,
            requests: 100_000,
            age: Duration::from_secs(600),
            max_idle: Duration::from_secs(60),
            max_memory_growth: 64 << 20,
        }
    }
}

/// A guest instance, for one request at a time.
pub struct Instance {
    /// The wasmtime store with the guest's state.
    pub store: Store<GuestState>,
    /// `None` before instantiation, which counts towards the first request's time.
    proxy: Option<Proxy>,
    made: Instant,
    used: Instant,
    served: u32,
    /// Bytes of its memories right after instantiation.
    initial: usize,
}

/// The idle instances.
pub struct Pool {
    app: Arc<App>,
    recycling: Recycling,
    /// Ordered by last use; the most recently used instance is last.
    idle: Mutex<Vec<Instance>>,
}

impl Pool {
    /// Makes an empty pool.
    #[must_use]
    pub fn new(app: Arc<App>, recycling: Recycling) -> Self {
        Self {
            app,
            recycling,
            idle: Mutex::default(),
        }
    }

    /// Returns a warm instance, or a new one that is not instantiated yet.
    ///
    /// # Errors
    /// If a shared directory no longer exists.
    pub fn take(&self, deadline: &Arc<Deadline>) -> Result<Instance, HostError> {
        let idle = self.lock().pop();
        let mut instance = match idle {
            Some(instance) => instance,
            None => Instance::new(self.app.new_store()?),
        };
        App::begin(&mut instance.store, deadline.clone());
        instance.served += 1;
        Ok(instance)
    }

    /// Takes back an instance whose guest has returned from its request.
    pub fn give(&self, mut instance: Instance) {
        instance.used = Instant::now();
        if !instance.is_fit(&self.recycling) {
            return;
        }
        let mut idle = self.lock();
        if idle.len() < self.recycling.warm {
            idle.push(instance);
        }
    }

    /// Drops instances that were idle for too long or are too old.
    pub fn sweep(&self) {
        let now = Instant::now();
        let Recycling { max_idle, age, .. } = self.recycling;
        let gone: Vec<Instance> = self
            .lock()
            .extract_if(.., |instance| {
                now.duration_since(instance.used) >= max_idle
                    || now.duration_since(instance.made) >= age
            })
            .collect();
        // Drop the instances outside of the lock, because that takes time.
        drop(gone);
    }

    /// The number of idle instances.
    #[must_use]
    pub fn idle(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Instance>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Instance {
    fn new(store: Store<GuestState>) -> Self {
        let now = Instant::now();
        Self {
            store,
            proxy: None,
            made: now,
            used: now,
            served: 0,
            initial: 0,
        }
    }

    /// Returns the guest's exports and the store to call them with.
    ///
    /// # Errors
    /// If the guest cannot be instantiated.
    pub async fn proxy(&mut self, app: &App) -> wasmtime::Result<(&Proxy, &mut Store<GuestState>)> {
        let proxy = match self.proxy.take() {
            Some(proxy) => proxy,
            None => {
                let proxy = app.proxy().instantiate_async(&mut self.store).await?;
                self.initial = self.store.data().limits.bytes();
                proxy
            }
        };
        Ok((self.proxy.insert(proxy), &mut self.store))
    }

    fn is_fit(&mut self, recycling: &Recycling) -> bool {
        let growth = self
            .store
            .data()
            .limits
            .bytes()
            .saturating_sub(self.initial);
        self.proxy.is_some()
            && self.served < recycling.requests
            && self.made.elapsed() < recycling.age
            && growth <= recycling.max_memory_growth
            && self.store.data_mut().is_idle()
    }
}
