//! Checks whether an event store keeps its guarantees. Clients record their operations and the answers, while the
//! store's process is killed at random. Then the whole history is checked against a sequential model.
//!
//! # Layout
//!
//! | module | job |
//! |---|---|
//! | [`record`] | operations and answers of clients, with times; saved as JSON lines |
//! | [`check`](mod@check) | checks a recorded history; [`check::check`] is the entry point |
//! | [`workload`] | clients that produce histories, from a seed; kills |
//! | [`crashing`] | native stores that can be killed, or that have unreliable connections |
//!
//! `tests/broken` has stores with deliberate defects. The checker must report the defect of each.
#![deny(missing_docs)]
#![forbid(unsafe_code)]

pub mod check;
pub mod crashing;
pub mod record;
pub mod workload;
