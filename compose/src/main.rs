//! `annals`: checks and composes applications.

mod cli;

fn main() -> std::process::ExitCode {
    cli::run()
}
