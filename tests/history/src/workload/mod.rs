//! Clients that produce histories.
//!
//! | module | job |
//! |---|---|
//! | `options` | the options of a run |
//! | `plan` | the commands of each client, from the seed alone |
//! | `client` | carries out plans, whatever the store answers |
//! | `reader` | readers of the log and of streams |
//! | `killer` | crashes the store at random moments |
//! | `audit` | the final contents of the store |
//! | `run` | runs all of them together |

mod audit;
mod client;
mod killer;
mod options;
mod plan;
mod reader;
mod run;

use std::time::{SystemTime, UNIX_EPOCH};

pub use options::{Options, Workload};
pub use plan::{Guard, Plan, Plans, Work};
pub use run::run;

/// Milliseconds since the epoch.
fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_millis() as u64)
}
