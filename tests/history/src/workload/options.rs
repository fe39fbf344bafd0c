//! The options of a run.

use std::fmt;
use std::time::Duration;

/// How commands are spread over streams.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Workload {
    /// All clients on one stream.
    Hot,
    /// Many streams, all alike.
    Spread,
    /// Many streams, few of them popular; some are closed.
    #[default]
    Mixed,
}

impl fmt::Display for Workload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Hot => "hot",
            Self::Spread => "spread",
            Self::Mixed => "mixed",
        })
    }
}

/// A run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The same seed gives the same commands of each client. The results depend on timing.
    pub seed: u64,
    /// How commands are spread.
    pub workload: Workload,
    /// Clients that write.
    pub clients: u16,
    /// Streams, except for [`Workload::Hot`].
    pub streams: u32,
    /// Plans of all clients together. A plan takes one to some ten calls of the store.
    pub operations: u32,
    /// How often the store is killed, at random moments between the first plan and the last one.
    pub kills: u32,
    /// Clients start no operation after this time.
    pub seconds: u32,
    /// Readers that follow the log. One in three has a filter by category.
    pub log_readers: u16,
    /// Readers of streams, forward and backward.
    pub stream_readers: u16,
    /// The prefix that separates the run's events from others in the store.
    pub prefix: String,
    /// Maximum time until the store answers again after a kill, and maximum time that a pending writer may delay
    /// readers of the log.
    pub patience: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            seed: 1,
            workload: Workload::Mixed,
            clients: 8,
            streams: 100,
            operations: 5000,
            kills: 0,
            seconds: 60,
            log_readers: 2,
            stream_readers: 2,
            prefix: String::new(),
            patience: Duration::from_secs(20),
        }
    }
}

impl Options {
    /// The names of the streams.
    #[must_use]
    pub fn stream_names(&self) -> Vec<String> {
        match self.workload {
            Workload::Hot => vec!["hot-1".to_owned()],
            Workload::Spread | Workload::Mixed => (0..self.streams.max(1))
                .map(|index| format!("{}-{index}", ["a", "b", "c"][index as usize % 3]))
                .collect(),
        }
    }
}
