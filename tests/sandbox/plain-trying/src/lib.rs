//! The decider with forbidden calls, built for wasm32-wasip2.

use domain::Trying;

annals::export! { deciders: [Trying] }
