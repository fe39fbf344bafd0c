//! Given/when/then tests of handlers, run natively.
//!
//! Every test uses the codecs and the tables that the component exports, so a handler behaves in a test as it does in
//! the component. In addition to its own expectations, each test checks that commands, events, rows and states
//! survive encoding and decoding, and that
//!
//! - a snapshot of a decider's state, taken after any number of the given events, leads to the same answer, and the
//!   decider can fold the events that it emits ([`given`]);
//! - a projector and a process manager return the same result for the same input twice ([`project`], [`process`]).
//!
//! A test of a reaction gives it events of several streams, each made by [`on`]. The crate `annals-outside` has fakes
//! for the imports that notifiers are granted.

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
