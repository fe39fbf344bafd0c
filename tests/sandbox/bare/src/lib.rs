//! The decider within the sandbox's limits, built for wasm32-unknown-unknown, so that it imports nothing of WASI.

use domain::Modest;

annals::export! { deciders: [Modest] }
