//! Native stores with failures: the library over slots that are killed, or unreliably connected.
//!
//! | module | job |
//! |---|---|
//! | `slots` | a journal that is synced, and what a crash leaves of it |
//! | `flaky` | slots with lost answers and late writes |
//! | `backend` | connections that die with the process, and whose calls then have no answer |

mod backend;
mod flaky;
mod slots;

pub use backend::Crashing;
pub use flaky::Flaky;
pub use slots::{Durability, Journal, Process};
