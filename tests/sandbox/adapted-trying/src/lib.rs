//! The decider with forbidden calls, built for wasm32-wasip1 by cargo-component.

use domain::Trying;

annals::export! { deciders: [Trying] }
