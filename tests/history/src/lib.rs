//! Is an event store's word true? Clients record what they did and were told, while the store's
//! process is killed at random; then the whole history is checked against a sequential model.
//!
//! # Layout
//!
//! | module | job |
//! |---|---|
//! | [`record`] | what clients did and saw, with times; saved as JSON lines |
//! | [`check`](mod@check) | judges a recorded history; [`check::check`] is the way in |
//! | [`workload`] | clients that produce histories, from a seed; kills |
//! | [`crashing`] | native stores that can be killed, or that are badly connected |
//!
//! `tests/broken` holds stores that are wrong on purpose: the checker must say of each what is wrong.
#![deny(missing_docs)]
#![forbid(unsafe_code)]

pub mod check;
pub mod crashing;
pub mod record;
pub mod workload;
