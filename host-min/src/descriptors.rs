//! Divides the process's file descriptors between connections, the store and everything else.
//!
//! The store must never run out of descriptors: if it cannot open a table file, the host ends.
//! Connections therefore get only the descriptors that the store and everything else leave over.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Maximum number of open connections, even if the system allows more.
const MAX_CONNECTIONS: u64 = 8_192;
/// Assumed limit where the system sets none.
const UNLIMITED: u64 = 1 << 20;

/// The number of descriptors for each use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shares {
    /// For connections of clients.
    pub connections: usize,
    /// For the store's open tables. The store needs as many again for files that it writes and
    /// merges.
    pub tables: usize,
}

impl Shares {
    /// Raises the process's own limit as far as the system allows, and divides the result.
    pub fn claim() -> Self {
        Self::of(raise())
    }

    /// Divides `limit`: a quarter for the store, an eighth for requests of guests and everything
    /// else, the remainder for connections.
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
    /// For a process that has not read its limit.
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
            tracing::debug!(%error, soft, "the limit of open files could not be raised");
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
