//! The decider within the sandbox's limits, built for wasm32-wasip1 by cargo-component.

use domain::Modest;

annals::export! { deciders: [Modest] }
