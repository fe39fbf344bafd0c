//! Everything that serves one application: its instances, and the resources that clients share.

use std::sync::Arc;

use tokio::sync::watch;

use crate::app::App;
use crate::buffers::{self, Buffers};
use crate::connections::Connections;
use crate::descriptors::Shares;
use crate::gate::Gate;
use crate::pool::{Pool, Recycling};
use crate::streams::Streams;
use crate::turns::Turns;
use crate::waits::Waits;

/// Maximum number of health requests that run at one time. Health requests have places of their
/// own.
const HEALTH: u32 = 2;
const HEALTH_QUEUE: usize = 64;
/// Instances in addition to those of the gate, of streams and of deliveries: for health requests,
/// and for the task that checks the progress of reactions for all waiting clients.
pub const ASIDE: u32 = HEALTH + 1;
/// Shared by all requests.
pub struct Host {
    /// The application.
    pub app: Arc<App>,
    /// The instances of the application.
    pub pool: Pool,
    /// Places for requests.
    pub gate: Gate,
    /// Places for event streams.
    pub streams: Streams,
    /// Clients that wait for reactions.
    pub waits: Waits,
    /// Memory for bodies.
    pub buffers: Buffers,
    /// Limits how many long-computing guests run at one time.
    pub(crate) turns: Turns,
    pub(crate) connections: Arc<Connections>,
    pub(crate) health: Gate,
    pub(crate) stopping: watch::Sender<bool>,
    /// Incremented by everything that may have made work for reactions.
    work: watch::Sender<u64>,
}

/// The resources that all clients together may use.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Maximum number of open connections.
    pub connections: usize,
    /// Maximum number of bytes for bodies.
    pub buffered: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            connections: Shares::default().connections,
            buffered: buffers::BUDGET,
        }
    }
}

impl Host {
    /// Serves an application within the default bounds.
    pub fn new(app: App, recycling: Recycling, gate: Gate, streams: Streams) -> Arc<Self> {
        Self::bounded(app, recycling, gate, streams, Bounds::default())
    }

    /// Like [`Host::new`], within the given bounds.
    pub fn bounded(
        app: App,
        recycling: Recycling,
        gate: Gate,
        streams: Streams,
        bounds: Bounds,
    ) -> Arc<Self> {
        let app = Arc::new(app);
        let connections = Connections::new(bounds.connections);
        Arc::new(Self {
            pool: Pool::new(app.clone(), recycling),
            app,
            gate,
            streams,
            waits: Waits::default(),
            buffers: Buffers::new(bounds.buffered, connections.clone()),
            turns: Turns::default(),
            connections,
            health: Gate::new(HEALTH, HEALTH_QUEUE),
            stopping: watch::Sender::new(false),
            work: watch::Sender::new(0),
        })
    }

    /// A handle that is notified when the host stops.
    pub fn stopped(&self) -> Stopped {
        Stopped(self.stopping.subscribe())
    }

    /// Announces that there may be new work for reactions.
    pub fn announce_work(&self) {
        self.work
            .send_modify(|count| *count = count.wrapping_add(1));
    }

    /// A handle that is notified when there may be new work for reactions.
    pub fn work(&self) -> watch::Receiver<u64> {
        self.work.subscribe()
    }
}

/// Notifies when the host stops.
#[derive(Debug, Clone)]
pub struct Stopped(watch::Receiver<bool>);

impl Stopped {
    /// Waits until the host stops.
    pub async fn wait(&mut self) {
        // An error means that the host has been dropped.
        let _ = self.0.wait_for(|stopping| *stopping).await;
    }

    /// True if the host is stopping.
    pub fn now(&self) -> bool {
        *self.0.borrow()
    }
}
