//! A native store that can be killed: the library over slots with a journal in memory.
//!
//! | module | job |
//! |---|---|
//! | `slots` | a journal that is synced, and what a crash leaves of it |
//! | `backend` | connections that die with the process, and whose calls then have no answer |

mod backend;
mod slots;

pub use backend::Crashing;
pub use slots::{Durability, Journal, Process};
