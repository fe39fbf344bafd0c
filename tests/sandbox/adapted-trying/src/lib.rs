//! The decider that tries what is forbidden, built for wasm32-wasip1 by cargo-component.

use domain::Trying;

annals::export! { deciders: [Trying] }
