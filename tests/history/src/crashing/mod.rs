//! Native stores with bad luck: the library over slots that are killed, or badly connected.
//!
//! | module | job |
//! |---|---|
//! | `slots` | a journal that is synced, and what a crash leaves of it |
//! | `flaky` | slots whose answers get lost, and whose writes come late |
//! | `backend` | connections that die with the process, and whose calls then have no answer |

mod backend;
mod flaky;
mod slots;

pub use backend::Crashing;
pub use flaky::Flaky;
pub use slots::{Durability, Journal, Process};
