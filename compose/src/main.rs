//! `annals`: checks and composes applications.

mod cli;

/// Composing makes many small structures and forgets them again.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    cli::run()
}
