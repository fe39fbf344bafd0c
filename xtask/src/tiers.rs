//! `cargo xtask test`: runs the tests in tiers, cheap ones first. Together the tiers run each test
//! of the workspace once.

use crate::fuzz::{CI_SECONDS, fuzz};
use crate::run::{JOBS, build, cargo, run, run_tests, workspace};
use crate::{setup, tasks};
use anyhow::{Context as _, Result};
use clap::ValueEnum;

/// A tier of the tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Tier {
    /// Formatting, the tests that start no host, the composer's golden cases, lints.
    Fast,
    /// annals-host's own tests; the system tests on one host for each store adapter.
    Hosts,
    /// Every other test: power cuts, jco, other languages, first steps, documentation.
    Rest,
    /// System tests that take minutes each, marked `#[ignore]`.
    Long,
    /// Clients, readers and kills on every store, like `cargo xtask torture`.
    Torture,
    /// The fuzz targets for a short time, like `cargo xtask fuzz`.
    Fuzz,
}

/// The tiers of `cargo xtask test` without `--tier`.
const DEFAULT: [Tier; 3] = [Tier::Fast, Tier::Hosts, Tier::Rest];

/// Test targets that start hosts.
const HOSTS: [&str; 16] = [
    "cas",
    "conditional",
    "delivery",
    "durability",
    "faults",
    "increment",
    "killed",
    "nats",
    "outgoing",
    "pointer",
    "postgres",
    "start",
    "streams",
    "unavailable",
    "warm",
    "wire",
];

/// Test targets of the tier `rest`, except [`SYSTEM`].
const REST: [&str; 2] = ["power", "power_loss"];

/// The test target that is split between the tiers `hosts` and `rest`.
const SYSTEM: &str = "system";

/// System tests whose names contain one of these belong to [`Tier::Hosts`]: over `wasi:keyvalue`
/// with compare-and-set, over files, and on the stand-ins for hosts without compare-and-set.
const ONE_OF_EACH: [&str; 4] = [
    "annals_host",
    "wasmtime_serve",
    "like_spin",
    "like_wasmcloud",
];

/// Runs the tests of some tiers, or those whose names contain a text.
pub fn test(tiers: &[Tier], filter: Option<&str>) -> Result<()> {
    let passed = match filter {
        Some(filter) => filtered(filter)?,
        None => run_tiers(if tiers.is_empty() { &DEFAULT } else { tiers })?,
    };
    println!("{passed} tests passed, 0 failed");
    Ok(())
}

/// `cargo xtask ci`
pub fn ci() -> Result<()> {
    test(&CI, None)
}

/// The tiers that must pass before a change lands, cheap ones first.
const CI: [Tier; 5] = [
    Tier::Fast,
    Tier::Hosts,
    Tier::Fuzz,
    Tier::Torture,
    Tier::Rest,
];

fn run_tiers(tiers: &[Tier]) -> Result<usize> {
    let mut passed = 0;
    for tier in tiers {
        passed += match tier {
            Tier::Fast => fast()?,
            Tier::Hosts => hosts()?,
            Tier::Rest => rest()?,
            Tier::Long => long()?,
            Tier::Torture => tasks::torture(false, None).map(|()| 0)?,
            Tier::Fuzz => fuzz(CI_SECONDS).map(|()| 0)?,
        };
    }
    Ok(passed)
}

/// Runs the tests of every tier whose names contain a text.
fn filtered(filter: &str) -> Result<usize> {
    setup::setup()?;
    build()?;
    let passed = cargo_tests("tests of the workspace", &[], &[filter])?;
    Ok(passed + bank(&[filter])?)
}

fn fast() -> Result<usize> {
    setup::for_fast_tests()?;
    run("formatting", cargo().args(["fmt", "--all", "--check"]))?;
    let targets = targets()?;
    let fast = targets
        .iter()
        .map(String::as_str)
        .filter(|name| *name != SYSTEM && !HOSTS.contains(name) && !REST.contains(name));
    let mut selected = vec!["--lib", "--bins"];
    selected.extend(fast.flat_map(|name| ["--test", name]));
    let mut passed = cargo_tests("tests that start no host", &selected, &[])?;
    passed += atomic_protocol()?;
    passed += bank(&[])?;
    lints()?;
    Ok(passed)
}

fn hosts() -> Result<usize> {
    setup::for_hosts()?;
    build()?;
    let selected: Vec<&str> = HOSTS.iter().flat_map(|name| ["--test", name]).collect();
    let mut passed = cargo_tests("annals-host and the stand-ins", &selected, &[])?;
    passed += cargo_tests(
        "the whole system on one host for each store adapter",
        &["--test", SYSTEM],
        &ONE_OF_EACH,
    )?;
    Ok(passed)
}

fn rest() -> Result<usize> {
    setup::setup()?;
    build()?;
    let others: Vec<&str> = ONE_OF_EACH
        .iter()
        .flat_map(|name| ["--skip", name])
        .collect();
    let mut passed = cargo_tests(
        "the whole system on every other host",
        &["--test", SYSTEM],
        &others,
    )?;
    let selected: Vec<&str> = REST.iter().flat_map(|name| ["--test", name]).collect();
    passed += cargo_tests("power cuts", &selected, &[])?;
    passed += cargo_tests("examples in the documentation", &["--doc"], &[])?;
    Ok(passed)
}

fn long() -> Result<usize> {
    setup::setup()?;
    build()?;
    cargo_tests(
        "tests that take minutes",
        &["--test", SYSTEM],
        &["--ignored"],
    )
}

/// Runs some of the workspace's test targets.
fn cargo_tests(what: &str, targets: &[&str], arguments: &[&str]) -> Result<usize> {
    run_tests(
        what,
        cargo()
            .args(["test", JOBS, "--workspace"])
            .args(targets)
            .arg("--")
            .args(arguments),
    )
}

/// Runs the event log's tests once more, over a store with steps on several keys.
fn atomic_protocol() -> Result<usize> {
    run_tests(
        "the event log by the atomic protocol",
        cargo()
            .args(["test", JOBS, "--package=annals-event-log", "--tests"])
            .env("ANNALS_ATOMIC", "1"),
    )
}

/// Runs the example's tests natively, in the example's own workspace.
fn bank(filter: &[&str]) -> Result<usize> {
    run_tests(
        "the bank's own tests",
        cargo()
            .args(["test", JOBS])
            .args(filter)
            .current_dir(workspace().join("examples").join("bank")),
    )
}

fn lints() -> Result<()> {
    run(
        "lints",
        cargo()
            .args(["clippy", JOBS, "--workspace", "--all-targets"])
            .args(["--", "-D", "warnings"]),
    )
}

/// The names of the workspace's test targets, each once.
fn targets() -> Result<Vec<String>> {
    let output = cargo()
        .args(["metadata", "--no-deps", "--format-version=1"])
        .output()
        .context("starting cargo metadata")?;
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout)
        .context("cargo metadata printed an unknown format")?;
    let packages = metadata["packages"].as_array().into_iter().flatten();
    let targets = packages.flat_map(|package| package["targets"].as_array().into_iter().flatten());
    let mut names: Vec<String> = targets
        .filter(|target| target["kind"][0] == "test")
        .filter_map(|target| target["name"].as_str().map(String::from))
        .collect();
    names.sort();
    names.dedup();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::{HOSTS, REST, SYSTEM, targets};
    use crate::demo::PACKAGES;
    use crate::run::cargo;
    use std::collections::BTreeSet;

    #[test]
    fn every_target_that_a_tier_names_exists() {
        let there = targets().expect("cargo answers");
        for name in HOSTS.iter().chain(&REST).chain(&[SYSTEM]) {
            assert!(there.iter().any(|target| target == name), "{name}");
        }
    }

    /// The dependencies with their features, as cargo would build them.
    fn features(selection: &[&str]) -> BTreeSet<String> {
        let mut command = cargo();
        command.args(["tree", "--offline", "--prefix=none", "--format={p} {f}"]);
        let output = command.args(selection).output().expect("cargo runs");
        assert!(output.status.success(), "{output:?}");
        let text = String::from_utf8(output.stdout).expect("text");
        let lines = text.lines().map(|line| line.trim_end_matches(" (*)"));
        lines.map(String::from).collect()
    }

    /// If the features differed, cargo would compile wasmtime for the demo, and again for the
    /// tests.
    #[test]
    fn the_demo_builds_dependencies_as_the_tests_do() {
        let mut demo = PACKAGES.to_vec();
        demo.push("--edges=normal,build");
        let all = features(&["--workspace", "--edges=all"]);
        let other: Vec<String> = features(&demo).difference(&all).cloned().collect();
        assert!(other.is_empty(), "with other features: {other:?}");
    }
}
