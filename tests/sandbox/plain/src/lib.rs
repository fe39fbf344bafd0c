//! The decider that uses what is allowed, built for wasm32-wasip2.

use domain::Modest;

annals::export! { deciders: [Modest] }
