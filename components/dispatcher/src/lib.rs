//! The dispatcher delivers events to reactions, answers queries of their views from the store, and decides whether the
//! application may run on its store. Commands do not pass through it: an ingress calls the sourcer.
//!
//! # Layout
//!
//! - [`app`]: the application's description, and the start on its store
//! - [`reacting`]: the delivery interface, and the reactions of this instance
//! - [`views`]: queries of the views that projectors derive
//! - [`administration`]: the state of reactions, and operators' requests
//! - [`delivery`]: the delivery of events
//! - [`catalogue`]: the reactions of the application and their settings
//! - [`application`]: the store's record of the application, and the decision whether the application may run
//! - [`begun`]: the same decision for an application with reactions, which get their keys there
//! - [`ports`]: the functions that deliveries call; [`outside`]: these functions as imports of the component
//!
//! The crate is built a second time without the feature `reactions`, for applications that have none. In that
//! build `plain` answers in place of all modules but [`app`].
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
