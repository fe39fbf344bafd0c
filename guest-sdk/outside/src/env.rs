//! Environment variables, for notifiers.

#[cfg(not(target_family = "wasm"))]
use std::{cell::RefCell, collections::BTreeMap};

#[cfg(not(target_family = "wasm"))]
thread_local! {
    /// The variables of the current test. They are set while it runs a notifier.
    pub(crate) static GRANTED: RefCell<BTreeMap<String, String>> = RefCell::default();
}

/// Returns an environment variable of the host, if it is set.
///
/// On wasm this calls `wasi:cli/environment`, which the manifest must grant to the notifier: `allow =
/// ["wasi:cli/environment"]`. In a native build it returns only the variables that the test sets, see `World::env` in
/// the module `test`.
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
