//! Environment variables, for notifiers.

#[cfg(not(target_family = "wasm"))]
use std::{cell::RefCell, collections::BTreeMap};

#[cfg(not(target_family = "wasm"))]
thread_local! {
    /// Set while a test runs a notifier.
    pub(crate) static GRANTED: RefCell<BTreeMap<String, String>> = RefCell::default();
}

/// An environment variable of the host, if it is set.
///
/// On wasm it is `wasi:cli/environment`, which the manifest must grant to a notifier:
/// `allow = ["wasi:cli/environment"]`. Natively only the test's own are there, see
/// `World::env` in the module `test`.
#[must_use]
pub fn env(name: &str) -> Option<String> {
    #[cfg(target_family = "wasm")]
    {
        let all = wasip2::cli::environment::get_environment();
        all.into_iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value)
    }
    #[cfg(not(target_family = "wasm"))]
    GRANTED.with_borrow(|granted| granted.get(name).cloned())
}
