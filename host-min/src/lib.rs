//! The minimal keyvalue-backed WASI 0.2 HTTP host for composed Annals components.
//!
//! # Layout
//!
//! - [`engine`]: wasmtime's configuration, and the clock that bounds running guests
//! - [`app`]: loads a component, checks it and makes it ready to instantiate
//! - [`precompiled`]: the cache of compiled components
//! - [`state`]: what one guest instance owns, and its limits
//! - [`keyvalue`]: `wasi:keyvalue`, both drafts, over the store
//! - [`store`]: the buckets, in memory or embedded and durable with group commit
//! - `head`: checks the head of a request
//! - [`outgoing`]: requests that guests send
//! - [`guest`]: runs one request in one instance
//! - [`pool`]: instances that stay warm between requests
//! - [`deadline`]: how long an instance may run
//! - [`streams`]: event streams, with places of their own
//! - [`delivery`]: drives deliveries to reactions in the background
//! - [`fault`]: failures of guests: a short problem for the client, details for the log
//! - [`waits`]: waits for reactions on behalf of clients
//! - [`problem`]: errors as `application/problem+json`
//! - [`connections`]: the open connections, and which of them the host cuts
//! - [`buffers`]: one memory budget for all bodies
//! - [`descriptors`]: divides the process's file descriptors
//! - [`seldom`]: limits a log message to one for each cause and period
//! - [`gate`]: bounded concurrency with a bounded queue
//! - [`host`]: everything that serves one application; [`body`]: bodies of responses
//! - [`server`]: accepts HTTP connections, serves them and closes them
//! - `turns`: long-computing guests yield to short ones
//! - [`tools`]: maintenance of a store that no host serves: verify, export, import
//!
//! One rule joins the modules: the host sends a response only when every write that the response
//! could have observed is durable ([`store::Buckets::barrier`]).

pub mod app;
pub mod body;
pub mod buffers;
pub mod connections;
pub mod deadline;
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
