//! What the tests of the tools share, beside what those of the event log share.
#![allow(dead_code, unused_imports)]

#[path = "../../../event-log/tests/common/mod.rs"]
mod event_log;

pub mod as_files;
pub mod busy;

pub use event_log::*;
