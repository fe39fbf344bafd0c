//! `[store]` and `[delivery]`.

use super::duration::milliseconds;
use serde::Deserialize;

/// The store's own limit: a reader of the log's end reads one slot of each partition.
pub const MAX_PARTITIONS: u32 = 64;

/// `[store]`
#[derive(Debug, Deserialize)]
#[serde(default)]
pub struct Store {
    /// Prefix of every key.
    pub prefix: String,
    /// Number of logs.
    pub partitions: u32,
    /// Name of the bucket, for keyvalue hosts.
    pub bucket: String,
    /// The directory as the guest sees it, for filesystem hosts.
    pub path: String,
}

impl Default for Store {
    fn default() -> Self {
        Self {
            prefix: String::new(),
            partitions: 1,
            bucket: "default".into(),
            path: "/data".into(),
        }
    }
}

/// `[delivery]`
#[derive(Debug, Default, Deserialize)]
pub struct Delivery {
    /// How long a request delivers to reactions after its response, as text such as `200ms`. The
    /// default depends on the host.
    pub(super) budget: Option<String>,
}

impl Delivery {
    /// The budget in milliseconds, if it is set.
    #[must_use]
    pub fn budget(&self) -> Option<u32> {
        self.budget.as_deref().and_then(milliseconds)
    }
}
