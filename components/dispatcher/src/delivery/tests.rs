//! Deliveries over a world in memory that crashes, pauses and fails at every point.

mod crashes;
mod failures;
mod rebuilding;
mod subscriptions;
mod world;
