//! `annals`: the command that creates, tests, checks, composes and serves applications.
//!
//! # Layout
//!
//! - [`commands`]: the command line; each subcommand has a file.
//! - [`new`]: creates applications and handlers from templates.
//! - [`cases`]: plays the given/when/then cases of `annals test`.
//! - [`run`]: serves an application during development.
//!
//! The composer itself is the library `annals-compose`, which does not depend on this crate.

mod cases;
mod commands;
mod new;
mod run;

/// A composition allocates many small, short-lived objects. mimalloc handles these faster than the
/// system's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    commands::run()
}
