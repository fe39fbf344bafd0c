//! The decider that uses what is allowed, built for wasm32-unknown-unknown, where nothing of WASI is imported.

use domain::Modest;

annals::export! { deciders: [Modest] }
