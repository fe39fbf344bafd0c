//! Runs commands, and prints their names and durations.

use anyhow::{Context as _, Result, bail};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

/// Cargo builds two crates at a time at most, because wasmtime needs much memory.
pub const JOBS: &str = "--jobs=2";

/// The root of the checkout.
pub fn workspace() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

/// The cargo that runs this task.
pub fn cargo() -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(workspace());
    // `cargo run` sets variables for this task that must not affect other builds.
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST") {
            cargo.env_remove(&name);
        }
    }
    cargo
}

/// Runs a command to its end. A failing command is an error.
pub fn run(what: &str, command: &mut Command) -> Result<()> {
    eprintln!("==> {what}");
    let start = Instant::now();
    let status = command
        .status()
        .with_context(|| format!("{what}: starting {}", command.get_program().display()))?;
    if !status.success() {
        bail!("{what}: failed ({status})");
    }
    eprintln!("    {what}: done in {:.1} s", start.elapsed().as_secs_f64());
    Ok(())
}

/// Runs tests, passes on their output, and returns the number of passed tests.
pub fn run_tests(what: &str, command: &mut Command) -> Result<usize> {
    eprintln!("==> {what}");
    let start = Instant::now();
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("{what}: starting {}", command.get_program().display()))?;
    let mut passed = 0;
    if let Some(output) = child.stdout.take() {
        for line in BufReader::new(output).lines() {
            let line = line?;
            println!("{line}");
            passed += passed_in(&line).unwrap_or(0);
        }
    }
    let status = child.wait()?;
    if !status.success() {
        bail!("{what}: failed ({status})");
    }
    eprintln!(
        "    {what}: {passed} passed in {:.1} s",
        start.elapsed().as_secs_f64()
    );
    Ok(passed)
}

/// The number in a line such as `test result: ok. 7 passed; 0 failed; ..`.
fn passed_in(line: &str) -> Option<usize> {
    let counts = line.strip_prefix("test result: ")?.split_once(". ")?.1;
    counts.split_once(" passed")?.0.parse().ok()
}

/// Builds everything that tests run. It always selects all tests of the workspace: a part of it
/// would have other features, and cargo would build wasmtime again.
pub fn build() -> Result<()> {
    run(
        "building everything (wasmtime takes some minutes, once)",
        cargo().args(["test", JOBS, "--workspace", "--no-run"]),
    )
}

#[cfg(test)]
mod tests {
    use super::passed_in;

    #[test]
    fn counts_come_from_result_lines_only() {
        let line = "test result: ok. 7 passed; 0 failed; 1 ignored; 0 measured";
        assert_eq!(passed_in(line), Some(7));
        assert_eq!(passed_in("7 passed"), None);
    }
}
