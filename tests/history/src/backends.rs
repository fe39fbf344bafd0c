//! The stores that the torture runs on.

use std::sync::Arc;
use std::time::Duration;

use annals_event_log::{MemorySlots, Settings};
use annals_history::crashing::{Crashing, Durability, Flaky, Journal};
use annals_store_conformance::{Backend, Cluster, Hosted, Native, Ours};
use anyhow::Context as _;

/// A store by its name on the command line.
pub struct Choice {
    /// Its name.
    pub name: &'static str,
    /// Starts it. Each run has a store of its own.
    pub start: fn(seed: u64) -> anyhow::Result<Box<dyn Backend>>,
}

/// All stores.
pub fn backends() -> Vec<Choice> {
    vec![
        Choice {
            name: "native",
            start: |_| {
                let slots = Arc::new(MemorySlots::new());
                Ok(Box::new(Native::new("native", slots, impatient())))
            },
        },
        Choice {
            name: "flaky",
            start: |seed| {
                let slots = Flaky::new(Arc::new(MemorySlots::new()), seed);
                Ok(Box::new(Native::new("flaky", slots, impatient())))
            },
        },
        Choice {
            name: "crashing",
            start: |seed| {
                let journal = Journal::new(Durability::Synced, Duration::from_micros(50), seed);
                let starting = Duration::from_millis(1);
                Ok(Box::new(Crashing::new(
                    "crashing",
                    journal,
                    impatient(),
                    starting,
                )))
            },
        },
        // Adapters on their real hosts, killed by SIGKILL.
        Choice {
            name: "annals-host",
            start: |_| Ok(Box::new(Hosted::ours(Ours::Conditional, 1)?)),
        },
        Choice {
            name: "keyvalue",
            start: |_| Ok(Box::new(Hosted::ours(Ours::Keyvalue, 1)?)),
        },
        Choice {
            name: "partitions",
            start: |_| Ok(Box::new(Hosted::ours(Ours::Conditional, 3)?)),
        },
        Choice {
            name: "wasmtime",
            start: |_| Ok(Box::new(Hosted::ours(Ours::Filesystem, 1)?)),
        },
        Choice {
            name: "wasmtime-kept",
            start: |_| Ok(Box::new(Hosted::ours(Ours::FilesystemKept, 1)?)),
        },
        // Several hosts on one store. Kills hit hosts, connections and servers in turn.
        Choice {
            name: "postgres",
            start: |seed| {
                let cluster = Cluster::on_postgres(3, 1, seed as usize % 15)?;
                Ok(Box::new(cluster.context("ANNALS_SKIP_POSTGRES is set")?))
            },
        },
        Choice {
            name: "nats",
            start: |seed| {
                let cluster = Cluster::on_nats(3, 3, 1, seed as usize % 21)?;
                Ok(Box::new(cluster.context("ANNALS_SKIP_NATS is set")?))
            },
        },
        // On stand-ins for the hosts.
        Choice {
            name: "spin-sqlite",
            start: |_| Ok(Box::new(Hosted::ours(Ours::SpinSqlite, 1)?)),
        },
        Choice {
            name: "spin-redis",
            start: |_| Ok(Box::new(Hosted::ours(Ours::SpinRedis, 1)?)),
        },
        // Not killed: a kill can leave slots that only an operator can repair.
        Choice {
            name: "increment",
            start: |_| Ok(Box::new(Hosted::ours(Ours::Increment, 1)?)),
        },
    ]
}

/// Settings with a short grace period: readers soon treat a writer as dead, so many live writers meet a void.
fn impatient() -> Settings {
    Settings {
        grace_ms: 2,
        ..Settings::default()
    }
}
