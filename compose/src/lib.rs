//! Composes handlers and the framework's components into one deployable component.
//!
//! # Layout
//!
//! The steps of a composition, each a module with one job, in the order in which they run:
//!
//! - [`manifest`]: reads `annals.toml`; reports an unknown key with the nearest known key.
//! - [`source`]: locates each handler's component, and builds it with its own tool if the manifest
//!   names a crate.
//! - [`read`]: accepts components and modules that can be made components, and identifies any other
//!   file.
//! - [`probe`]: instantiates a [`handler`] under [`limits`], and calls `describe` for its
//!   [`descriptors`].
//! - [`check`]: checks all handlers together, and collects every problem before it fails. [`grant`]
//!   defines what an entry of `allow` covers.
//! - [`generate`]: generates the switchboards, the sandboxes, the settings and the types as
//!   components. [`sandbox`] defines the answers of WASI for handlers without grants.
//! - [`wire`]: composes the application; [`wiring`] connects parts in a composition graph by their
//!   imports.
//! - [`verify`]: validates the result, and checks that the host offers the remaining imports.
//! - [`report`]: describes the composition for machines; [`graph`] draws it for people.
//!
//! The checks pass an [`application`] to the later steps. [`cache`] stores results of earlier runs:
//! the descriptions of handlers, and code that wasmtime compiled. [`output`] writes files
//! atomically. The command `annals` is in the crate `annals-cli`.
//!
//! [`former`] adapts handlers of former contracts to the current one. [`framework`] contains the
//! framework's own components, and [`part`] names them. [`kind`] names the kinds of handlers, and
//! [`host`] describes the hosts. [`problem`] reports errors of the user, and [`pipeline`] runs the
//! steps.

pub mod application;
pub mod cache;
pub mod check;
pub mod descriptors;
mod digest;
pub mod former;
pub mod framework;
pub mod generate;
pub mod grant;
pub mod graph;
pub mod handler;
pub mod host;
pub mod kind;
pub mod limits;
pub mod manifest;
mod names;
pub mod output;
pub mod part;
pub mod pipeline;
pub mod probe;
pub mod problem;
pub mod read;
pub mod report;
pub mod sandbox;
pub mod source;
pub mod verify;
pub mod wire;
pub mod wiring;

/// The contract version of this composer: the version of the WIT package `annals:es`.
pub const CONTRACT_VERSION: &str = "0.2.0";

/// The name of a contract interface in imports and exports.
#[must_use]
pub fn contract(interface: &str) -> String {
    format!("annals:es/{interface}@{CONTRACT_VERSION}")
}

/// The name of an interface between parts of the framework in imports and exports.
#[must_use]
pub fn framework_interface(interface: &str) -> String {
    format!("annals:framework/{interface}@{CONTRACT_VERSION}")
}

/// True if this is an interface of the contract, or one between parts of the framework.
#[must_use]
pub fn is_own_interface(name: &str) -> bool {
    name.starts_with("annals:es/") || name.starts_with("annals:framework/")
}
