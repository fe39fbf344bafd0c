//! Keyvalue hosts with the defects of real ones, to run the store adapters on.
//!
//! The adapters are the real components. A [`Double`] provides their imports: a bucket in memory with the requested
//! [`Defects`]. Any number of adapters share one double. Each adapter has a thread of its own, but only one of them
//! runs at a time: at every host call, a seeded generator decides which one continues. So every run with the same
//! seed is the same run.
//!
//! # Layout
//!
//! | module | job |
//! |---|---|
//! | [`bucket`] | the host's bucket, and its defects |
//! | [`turns`] | the order of the threads |
//! | [`host`] | one adapter's host: clocks, randomness, settings; crashes |
//! | `draft2`, `draft` | the two versions of `wasi:keyvalue` over the bucket |
//! | [`adapter`] | an adapter on a double, from the view of its callers |
//! | [`bindings`] | generated from the contract |
//! | [`stand_in`] | a store like another host's, durable, for whole applications: the binary `stand-in` serves them |
//! | [`workload`] | appends by several adapters at once, and the rules that must hold afterwards |
#![deny(missing_docs)]

pub mod adapter;
pub mod bindings;
pub mod bucket;
mod draft;
mod draft2;
pub mod host;
pub mod stand_in;
pub mod turns;
pub mod workload;

pub use adapter::{Adapter, Kind};
pub use bucket::{Defects, Double};
