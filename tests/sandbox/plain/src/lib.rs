//! The decider within the sandbox's limits, built for wasm32-wasip2.

use domain::Modest;

annals::export! { deciders: [Modest] }
