//! What every event store of Annals must do, as named cases.
//!
//! # Layout
//!
//! | module | job |
//! |---|---|
//! | [`store`](Store) | the store under test: one connection to it |
//! | [`native`](Native) | the library over any slots, without WebAssembly |
#![deny(missing_docs)]

mod native;
mod store;

pub use native::Native;
pub use store::{Backend, Store};
