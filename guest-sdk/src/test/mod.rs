//! Given, when, then: tests of handlers, run natively.
//!
//! Everything goes through the codecs and the same tables that the component exports, so what
//! passes here passes there. Beside what a test says, each one checks that commands, events, rows
//! and states survive encoding and decoding, and that
//!
//! - a snapshot of a decider's state, taken after any of the given events, leads to the same answer,
//!   and the decider can fold the events that it emits ([`given`]);
//! - a projector and a process manager do the same thing when they are asked the same thing twice
//!   ([`project`], [`process`]).
//!
//! Reactions are given events of several streams, each [`on`] its own. What notifiers are granted has doubles in
//! the crate `annals-outside`.

mod decide;
mod encoding;
mod log;
mod notify;
mod process;
mod project;

pub use decide::{ExpectedRejection, Given, Outcome, given};
pub use log::{On, on};
pub use notify::{Notified, Notify, notify};
pub use process::{GivenRefusal, Processes, process};
pub use project::{Projection, project};
