//! The minimal keyvalue-backed WASI 0.2 HTTP host for composed Annals components.
//!
//! # Layout
//!
//! - [`engine`]: how wasmtime is configured; the clock that bounds running guests
//! - [`app`]: a component loaded, checked against what this host offers, ready to instantiate
//! - [`precompiled`]: components that were compiled before
//! - [`state`]: what one guest instance owns, and its limits
//! - [`keyvalue`]: `wasi:keyvalue`, both drafts, over the store
//! - [`store`]: the buckets: in memory, or embedded and durable with group commit
//! - `head`: what a request's head must be like
//! - [`outgoing`]: requests that guests send
//! - [`guest`]: one request through one instance, which it has for itself
//! - [`pool`]: instances that stay warm between requests
//! - [`life`]: how long an instance may go on
//! - [`streams`]: event streams, in places of their own
//! - [`delivery`]: drives deliveries to reactions in the background
//! - [`fault`]: what went wrong in a guest: words for the client, details for the log
//! - [`waits`]: waits for reactions on clients' behalf
//! - [`problem`]: errors as `application/problem+json`
//! - [`connections`]: which are open, and which goes when something runs short
//! - [`buffers`]: memory for bodies, with one budget for all
//! - [`descriptors`]: file descriptors, and who gets them
//! - [`seldom`]: one log line for each cause and period
//! - [`gate`]: bounded concurrency with a bounded queue
//! - [`host`]: what serves an application; [`body`]: bodies of answers
//! - [`server`]: HTTP connections, and how they end
//! - `turns`: guests that compute for long let others go first
//! - [`tools`]: looking after a store while nobody serves it: verify, export, import
//!
//! One rule joins them: a response leaves only when every write that it could have observed is
//! durable ([`store::Kv::barrier`]).

pub mod app;
pub mod body;
pub mod buffers;
pub mod connections;
pub mod delivery;
pub mod descriptors;
pub mod engine;
pub mod error;
pub mod fault;
pub mod gate;
pub mod guest;
mod head;
pub mod host;
pub mod keyvalue;
pub mod life;
pub mod outgoing;
pub mod pool;
pub mod precompiled;
pub mod problem;
pub mod seldom;
pub mod server;
pub mod start;
pub mod state;
pub mod store;
pub mod streams;
pub mod tools;
mod turns;
pub mod waits;
