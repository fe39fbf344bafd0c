//! Instances that stay warm between requests.
//!
//! One request has an instance for itself, and the next one may have the same: what the guest
//! keeps in its memory is there again. The one that was used last is taken first, so a few
//! instances do most of the work and know most of what there is to know.
//!
//! An instance comes back only if its guest returned in good order, and nothing of the request is
//! left in its hands. It is made anew after so many requests, after so long, or when its memory
//! has grown.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use wasmtime::Store;
use wasmtime_wasi_http::p2::bindings::Proxy;

use crate::app::App;
use crate::error::HostError;
use crate::life::Life;
use crate::state::GuestState;

/// When an instance is made anew.
#[derive(Debug, Clone)]
pub struct Recycling {
    /// Instances that may rest at one time; 0: each request has a fresh one.
    pub warm: usize,
    /// Requests that one instance serves.
    pub requests: u32,
    /// From its making on.
    pub age: Duration,
    /// Without a request.
    pub rest: Duration,
    /// Bytes by which all its linear memories together may have grown.
    pub growth: usize,
}

impl Default for Recycling {
    fn default() -> Self {
        Self {
            warm: 64,
            requests: 100_000,
            age: Duration::from_secs(600),
            rest: Duration::from_secs(60),
            growth: 64 << 20,
        }
    }
}

/// A guest for one request at a time.
pub struct Instance {
    /// With its state.
    pub store: Store<GuestState>,
    /// None: not instantiated yet, which is part of its first request's time.
    proxy: Option<Proxy>,
    made: Instant,
    used: Instant,
    served: u32,
    /// Bytes of its memories when it was instantiated.
    initial: usize,
}

/// The instances that rest.
pub struct Pool {
    app: Arc<App>,
    recycling: Recycling,
    /// The one that was used last comes last.
    resting: Mutex<Vec<Instance>>,
}

impl Pool {
    /// A pool with nobody in it.
    #[must_use]
    pub fn new(app: Arc<App>, recycling: Recycling) -> Self {
        Self {
            app,
            recycling,
            resting: Mutex::default(),
        }
    }

    /// An instance for a request: a warm one, or one that is not instantiated yet.
    ///
    /// # Errors
    /// When a shared directory is gone.
    pub fn take(&self, life: &Arc<Life>) -> Result<Instance, HostError> {
        let resting = self.lock().pop();
        let mut instance = match resting {
            Some(instance) => instance,
            None => Instance::new(self.app.new_store()?),
        };
        App::begin(&mut instance.store, life.clone());
        instance.served += 1;
        Ok(instance)
    }

    /// Takes an instance back whose guest returned from its request.
    pub fn give(&self, mut instance: Instance) {
        instance.used = Instant::now();
        if !instance.is_fit(&self.recycling) {
            return;
        }
        let mut resting = self.lock();
        if resting.len() < self.recycling.warm {
            resting.push(instance);
        }
    }

    /// Lets go of those that have rested for long, or are old.
    pub fn sweep(&self) {
        let now = Instant::now();
        let Recycling { rest, age, .. } = self.recycling;
        let gone: Vec<Instance> = self
            .lock()
            .extract_if(.., |instance| {
                now.duration_since(instance.used) >= rest
                    || now.duration_since(instance.made) >= age
            })
            .collect();
        // Outside of the lock: it takes a while.
        drop(gone);
    }

    /// How many rest.
    #[must_use]
    pub fn resting(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Instance>> {
        self.resting.lock().unwrap_or_else(PoisonError::into_inner)
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

    /// The guest's exports, and the store to call them with.
    ///
    /// # Errors
    /// When it cannot be instantiated.
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
            && growth <= recycling.growth
            && self.store.data_mut().is_at_rest()
    }
}
