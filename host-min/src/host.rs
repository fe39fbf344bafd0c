//! What serves an application: its instances, and what clients share of the machine.

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

/// Looks at the application's health at one time. They wait for each other alone.
const HEALTH: u32 = 2;
const HEALTH_QUEUE: usize = 64;
/// Instances beside those that the gate, streams and deliveries have: for health, and for the one who
/// looks for all that wait.
pub const ASIDE: u32 = HEALTH + 1;
/// What serves requests, shared by all of them.
pub struct Host {
    /// The application.
    pub app: Arc<App>,
    /// Its instances.
    pub pool: Pool,
    /// Places of requests.
    pub gate: Gate,
    /// Places of event streams.
    pub streams: Streams,
    /// Clients that wait for reactions.
    pub waits: Waits,
    /// Memory for bodies.
    pub buffers: Buffers,
    /// Turns of guests that compute for long.
    pub(crate) turns: Turns,
    pub(crate) connections: Arc<Connections>,
    pub(crate) health: Gate,
    pub(crate) stopping: watch::Sender<bool>,
    /// Counts what may have made new work for reactions.
    work: watch::Sender<u64>,
}

/// What all clients together may take.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Connections that are open at one time.
    pub connections: usize,
    /// Bytes of bodies that are held for them.
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
    /// Serves an application.
    pub fn new(app: App, recycling: Recycling, gate: Gate, streams: Streams) -> Arc<Self> {
        Self::bounded(app, recycling, gate, streams, Bounds::default())
    }

    /// The same, within other bounds.
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

    /// Tells when the host stops.
    pub fn stopped(&self) -> Stopped {
        Stopped(self.stopping.subscribe())
    }

    /// There may be new work for reactions.
    pub fn announce_work(&self) {
        self.work
            .send_modify(|count| *count = count.wrapping_add(1));
    }

    /// Tells when there may be new work for reactions.
    pub fn work(&self) -> watch::Receiver<u64> {
        self.work.subscribe()
    }
}

/// Tells when the host stops.
#[derive(Debug, Clone)]
pub struct Stopped(watch::Receiver<bool>);

impl Stopped {
    /// Returns once it does.
    pub async fn wait(&mut self) {
        // An error: the host is gone altogether.
        let _ = self.0.wait_for(|stopping| *stopping).await;
    }

    /// Does it?
    pub fn now(&self) -> bool {
        *self.0.borrow()
    }
}
