//! The required behaviour of every event store of Annals, as named cases.
//!
//! The caller passes a store as a [`Backend`]. [`run`] runs every case on it, and reports the failures.
//!
//! # Layout
//!
//! | module | job |
//! |---|---|
//! | [`store`](Store) | the store under test: one connection to it |
//! | [`calls`](calls_of_the_library!) | a connection that passes every call on to the library |
//! | [`native`](Native) | the library over any slots, without WebAssembly |
//! | [`case`](Case) | named cases, and their verdicts |
//! | [`suite`](run) | all cases, and running them |
//! | `panics` | catches failed assertions |
//! | `scene` | the tools of a case: unique names, requests, connections |
//! | `reading` | reads page by page, and checks the rules of paging |
//! | `sourcer` | a minimal sourcer, over the store alone |
//! | `cases` | the cases, a file for each subject |
//! | [`hosted`](Hosted) | a store adapter on a real host, behind the probe component (feature `hosts`) |
//! | `serving` | the host's process and its applications |
//! | `remote` | a connection to it |
//! | `probe` | builds the probe component |
#![deny(missing_docs)]

mod calls;
mod case;
mod cases;
#[cfg(feature = "hosts")]
mod cluster;
#[cfg(feature = "hosts")]
mod database;
#[cfg(feature = "hosts")]
mod hosted;
mod native;
mod panics;
#[cfg(feature = "hosts")]
mod probe;
mod reading;
#[cfg(feature = "hosts")]
mod remote;
mod scene;
#[cfg(feature = "hosts")]
mod serving;
mod sourcer;
mod store;
mod suite;

pub use case::{Case, Ran, Report, Verdict};
#[cfg(feature = "hosts")]
pub use cluster::Cluster;
#[cfg(feature = "hosts")]
pub use hosted::{Hosted, Ours};
pub use native::Native;
pub use store::{Backend, Store};
pub use suite::{all, run, run_observed};
