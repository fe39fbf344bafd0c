//! `[store]` and `[delivery]`.

use super::duration::milliseconds;
use serde::Deserialize;

/// The store's own limit: whoever reads the log's end looks at one slot of each.
pub const MAX_PARTITIONS: u32 = 64;

/// `[store]`
#[derive(Debug, Deserialize)]
#[serde(default)]
pub struct Store {
    /// Goes before every key.
    pub prefix: String,
    /// Number of logs.
    pub partitions: u32,
    /// Keyvalue hosts: the bucket.
    pub bucket: String,
    /// Filesystem hosts: the directory, as the guest sees it.
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
    /// How long a request goes on after its answer, to deliver to reactions, as text such as `200ms`.
    /// What suits the host, if it is left out.
    pub(super) budget: Option<String>,
}

impl Delivery {
    /// The budget in milliseconds, if one is set.
    #[must_use]
    pub fn budget(&self) -> Option<u32> {
        self.budget.as_deref().and_then(milliseconds)
    }
}
