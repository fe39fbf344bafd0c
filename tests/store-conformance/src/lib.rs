//! What every event store of Annals must do, as named cases.
//!
//! A store is given as a [`Backend`]; [`run`] plays every case on it and reports what it lacks.
//!
//! # Layout
//!
//! | module | job |
//! |---|---|
//! | [`store`](Store) | the store under test: one connection to it |
//! | [`calls`](calls_of_the_library!) | a connection that passes everything on to the library |
//! | [`native`](Native) | the library over any slots, without WebAssembly |
//! | [`case`](Case) | named cases, and how they end |
//! | [`suite`](run) | all cases, and running them |
//! | `panics` | catches failed assertions |
//! | `scene` | what a case plays with: names of its own, requests, connections |
//! | `reading` | reads everything page by page, and holds pages to their rules |
//! | `sourcer` | a sourcer in small, over the store alone |
//! | `cases` | the cases, a file for each subject |
//! | [`hosted`](Hosted) | a store adapter on a real host, behind the probe component (feature `hosts`) |
//! | `serving` | the host's process and what it serves |
//! | `remote` | a connection to it |
//! | `probe` | builds the probe component |
#![deny(missing_docs)]

mod calls;
mod case;
mod cases;
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
pub use hosted::{Hosted, Ours};
pub use native::Native;
pub use store::{Backend, Store};
pub use suite::{all, run, run_observed};
