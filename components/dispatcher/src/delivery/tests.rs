//! Deliveries over a world in memory that crashes, pauses and fails at every point.
#![allow(clippy::unwrap_used, reason = "a test that unwraps in vain fails")]

mod changing;
mod crashes;
mod failures;
mod rebuilding;
mod subscriptions;
mod turns;
mod waiting;
pub mod world;
