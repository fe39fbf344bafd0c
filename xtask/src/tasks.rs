//! The tasks themselves.

use crate::peers;
use crate::run::{JOBS, build, cargo, run, workspace};
use crate::setup::setup;
use anyhow::Result;
use std::process::Command;

/// `cargo xtask conformance`
pub fn conformance(filter: Option<&str>) -> Result<()> {
    setup()?;
    build()?;
    // Cargo puts the suite beside this binary.
    let mut suite = Command::new(std::env::current_exe()?.with_file_name("store-conformance"));
    suite.args(filter.iter().flat_map(|filter| ["--filter", filter]));
    run("the conformance suite, on every store adapter", &mut suite)
}

/// `cargo xtask torture`
pub fn torture(long: bool, seed: Option<u64>) -> Result<()> {
    setup()?;
    build()?;
    let (kills, operations, seconds) = match long {
        true => ("200", "12000", "600"),
        false => ("3", "800", "30"),
    };
    let mut torture = Command::new(std::env::current_exe()?.with_file_name("annals-history"));
    torture
        .args(["--backend", "all", "--workload", "all"])
        .args([
            "--kills",
            kills,
            "--operations",
            operations,
            "--seconds",
            seconds,
        ])
        .args(seed.iter().map(|seed| format!("--seed={seed}")));
    run(
        "torturing every store and checking what clients saw",
        &mut torture,
    )
}

/// `cargo xtask bench`: builds the programs to measure, and passes its options to the suite.
pub fn bench(options: &[String]) -> Result<()> {
    setup()?;
    // Always build the whole workspace: a part of it would have other features, and cargo would
    // build wasmtime again.
    run(
        "building with optimisations (wasmtime takes some minutes, once)",
        cargo().args(["build", "--release", JOBS, "--workspace", "--bins"]),
    )?;
    run(
        "building a hello-world component",
        cargo()
            .args(["build", "--profile=wasm", "--target=wasm32-unknown-unknown"])
            .args(["-p", "hello-component", JOBS]),
    )?;
    peers::provide()?;
    let suite = workspace().join("target/release/annals-bench");
    run("measuring", Command::new(suite).args(options))
}
