//! The decider that uses what is allowed, built for wasm32-wasip1 by cargo-component.

use domain::Modest;

annals::export! { deciders: [Modest] }
