//! The tasks themselves.

use crate::run::{cargo, run, run_tests, workspace};
use crate::setup::setup;
use anyhow::Result;

/// Builds at most two things at a time: wasmtime is large.
const JOBS: &str = "--jobs=2";

/// Builds the tools that tests and the demo run.
fn build() -> Result<()> {
    run(
        "building annals and annals-host",
        cargo().args([
            "build",
            JOBS,
            "-p",
            "annals-compose",
            "-p",
            "annals-host",
            "-p",
            "annals-tests",
            "--bins",
        ]),
    )
}

/// `cargo xtask demo`
pub fn demo() -> Result<()> {
    setup()?;
    build()?;
    run(
        "the bank on real hosts",
        cargo().args([
            "run",
            "--quiet",
            JOBS,
            "-p",
            "annals-tests",
            "--bin",
            "demo",
        ]),
    )
}

/// `cargo xtask test`
pub fn test(filter: Option<&str>) -> Result<()> {
    setup()?;
    build()?;
    let filter: Vec<&str> = filter.into_iter().collect();
    let mut passed = run_tests(
        "unit and component tests",
        cargo()
            .args(["test", JOBS, "--workspace", "--exclude=annals-tests"])
            .args(&filter),
    )?;
    passed += run_tests(
        "the bank's own tests",
        cargo()
            .args(["test", JOBS])
            .args(&filter)
            .current_dir(workspace().join("examples").join("bank")),
    )?;
    // One at a time: each runs servers of its own and reads their histories.
    passed += run_tests(
        "whole-system tests on real hosts",
        cargo()
            .args(["test", JOBS, "-p", "annals-tests"])
            .args(&filter)
            .args(["--", "--test-threads=1"]),
    )?;
    println!("{passed} tests passed, 0 failed");
    Ok(())
}

/// `cargo xtask bench`
pub fn bench() -> Result<()> {
    setup()?;
    let tools = ["annals-compose", "annals-host", "first-figures"];
    let mut build = cargo();
    build.args(["build", "--release", JOBS]);
    run(
        "building with optimisations",
        build.args(tools.iter().flat_map(|package| ["-p", package])),
    )?;
    run(
        "building a hello-world component",
        cargo()
            .args(["build", "--profile=wasm", "--target=wasm32-unknown-unknown"])
            .args(["-p", "hello-component", JOBS]),
    )?;
    run(
        "measuring",
        cargo().args(["run", "--release", "--quiet", JOBS, "-p", "first-figures"]),
    )
}

/// `cargo xtask ci`
pub fn ci() -> Result<()> {
    run("formatting", cargo().args(["fmt", "--all", "--check"]))?;
    test(None)?;
    run(
        "lints",
        cargo().args([
            "clippy",
            JOBS,
            "--workspace",
            "--all-targets",
            "--",
            "-D",
            "warnings",
        ]),
    )
}
