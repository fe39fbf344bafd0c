//! Environment variables, for notifiers.

/// An environment variable of the host, if it is set.
///
/// On wasm it is `wasi:cli/environment`, which the manifest must grant to a notifier:
/// `allow = ["wasi:cli/environment"]`. Natively only the test's own are there, see
/// [`Notify::env`](crate::test::Notify::env).
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
    crate::granted::env(name)
}
