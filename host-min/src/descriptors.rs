//! File descriptors: how many the process may have, and who gets them.
//!
//! The store must never find none: a table that cannot be written ends it. So connections get what
//! is left beside the store's and everybody else's, and no more.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Connections that are open at one time, whatever the system allows.
const MAX_CONNECTIONS: u64 = 8_192;
/// What a process may have where the system sets no limit.
const UNLIMITED: u64 = 1 << 20;

/// Who gets how many descriptors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shares {
    /// Of clients.
    pub connections: usize,
    /// The store's tables that are kept open. As many again are for what it writes and merges.
    pub tables: usize,
}

impl Shares {
    /// Raises the process's own limit as far as the system lets it, and divides what there is.
    pub fn claim() -> Self {
        Self::of(raise())
    }

    /// Divides so many: a quarter for the store, an eighth for requests of guests and all the rest.
    fn of(limit: u64) -> Self {
        let store = (limit / 4).clamp(32, 1_024);
        let others = (limit / 8).clamp(16, 512);
        let connections = limit
            .saturating_sub(store + others)
            .clamp(4, MAX_CONNECTIONS);
        let count = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        Self {
            connections: count(connections),
            tables: count(store / 2),
        }
    }
}

impl Default for Shares {
    /// For a process whose limit nobody has looked at.
    fn default() -> Self {
        Self::of(1_024)
    }
}

fn raise() -> u64 {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let (Some(soft), hard) = (current, maximum.unwrap_or(UNLIMITED)) else {
        return UNLIMITED;
    };
    let wanted = hard.min(UNLIMITED);
    if soft >= wanted {
        return soft;
    }
    let raised = Rlimit {
        current: Some(wanted),
        maximum,
    };
    match setrlimit(Resource::Nofile, raised) {
        Ok(()) => wanted,
        Err(error) => {
            tracing::debug!(%error, soft, "the limit of open files stays as it is");
            soft
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_store_has_its_share_however_few_there_are() {
        for (limit, connections, tables) in [
            (10, 4, 16),
            (128, 80, 16),
            (256, 160, 32),
            (1_024, 640, 128),
            (1 << 20, 8_192, 512),
        ] {
            let shares = Shares {
                connections,
                tables,
            };
            assert_eq!(Shares::of(limit), shares, "{limit}");
        }
    }
}
