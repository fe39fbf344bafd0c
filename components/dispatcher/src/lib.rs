//! The dispatcher: the application behind one interface. It takes commands to the sourcer, delivers
//! events to reactions, and answers queries from the store.
//!
//! # Layout
//!
//! - [`app`]: commands and queries, passed on
//! - [`reacting`]: the application's reactions, and when events are delivered to them
//! - [`views`]: what projectors derived, for those who ask
//! - [`administration`]: the state of reactions, and what operators do about it
//! - [`delivery`]: the deliveries themselves
//! - [`catalogue`]: which reactions there are
//! - [`application`]: what the store knows of the application, and whether it may run
//! - [`begun`]: the same for one with reactions, which get their keys there
//! - [`ports`]: what deliveries need of the world; [`outside`]: the same, as imports
//!
//! It is built a second time, without the feature `reactions`, for applications that have none: then `plain`
//! answers in place of all but [`app`].
#![allow(missing_docs, reason = "generated bindings")]

use annals_allocator as _;

#[cfg(feature = "reactions")]
mod administration;
mod app;
mod application;
#[cfg(feature = "reactions")]
mod begun;
#[cfg(feature = "reactions")]
mod catalogue;
mod clock;
#[cfg(feature = "reactions")]
mod delivery;
mod describe;
mod encoding;
#[cfg(feature = "reactions")]
mod outside;
#[cfg(not(feature = "reactions"))]
mod plain;
#[cfg(feature = "reactions")]
mod ports;
#[cfg(feature = "reactions")]
mod reacting;
#[cfg(feature = "reactions")]
mod views;

wit_bindgen::generate!({
    path: ["../../wit", "../../wit/framework"],
    world: "annals:framework/dispatcher",
    generate_all,
});

#[cfg(not(feature = "reactions"))]
use plain::{begin, open as start};
#[cfg(feature = "reactions")]
use reacting::{begin, names, reactions, start};

struct Dispatcher;

export!(Dispatcher);
