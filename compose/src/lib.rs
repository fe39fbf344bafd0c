//! Composes handlers and the framework's components into one deployable component.
//!
//! # Layout
//!
//! The steps of a composition, each a module with one job, in the order in which they run:
//!
//! - [`manifest`]: reads `annals.toml`; unknown keys are errors with the nearest known key.
//! - [`source`]: finds each handler's component, building it with its own tool where the manifest
//!   names a crate.
//! - [`read`]: recognizes components and what can be made one, and says what else a file is.
//! - [`probe`]: instantiates a [`handler`] under [`limits`], and asks it for its [`descriptors`].
//! - [`check`]: judges all handlers together; collects every problem before it gives up.
//!   [`grant`] knows what an entry of `allow` covers.
//! - [`generate`]: makes the switchboards, the sandboxes, the settings and the types as components.
//!   [`sandbox`] knows what WASI answers to handlers that are granted none of it.
//! - [`wire`]: composes the application; [`wiring`] connects parts in a composition graph, driven by imports.
//! - [`verify`]: validates the result again; what is left to import must be what the host offers.
//! - [`report`]: what was composed, for machines; [`graph`] draws it for people.
//!
//! [`application`] is what passes from the checks to the steps after them. [`cache`] keeps results of earlier runs: what handlers
//! describe, and what wasmtime compiled. [`output`] writes files atomically. The command `annals` is the crate `annals-cli`.
//!
//! [`former`] makes handlers of former contracts such of today. [`framework`] holds the framework's own components and [`part`] names them, [`kind`] names the kinds of handlers, [`host`]
//! describes the hosts, [`problem`] is how user errors are told, and [`pipeline`] runs the steps.

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

/// The contract's version that this composer speaks: the version of the WIT package `annals:es`.
pub const CONTRACT_VERSION: &str = "0.2.0";

/// Name of one of the contract's interfaces, as components import and export it.
#[must_use]
pub fn contract(interface: &str) -> String {
    format!("annals:es/{interface}@{CONTRACT_VERSION}")
}

/// Name of an interface that only parts of the framework use, as components import and export it.
#[must_use]
pub fn framework_interface(interface: &str) -> String {
    format!("annals:framework/{interface}@{CONTRACT_VERSION}")
}

/// Is this an interface of the contract, or one that only parts of the framework use?
#[must_use]
pub fn is_own_interface(name: &str) -> bool {
    name.starts_with("annals:es/") || name.starts_with("annals:framework/")
}
