//! The decider that tries what is forbidden, built for wasm32-wasip2.

use domain::Trying;

annals::export! { deciders: [Trying] }
