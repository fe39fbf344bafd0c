//! Provides what a fresh machine lacks. Idempotent, and fast when nothing is missing.

use crate::run::{self, cargo};
use anyhow::{Context as _, Result};
use std::process::Command;
use xtask::tools::{CARGO_COMPONENT, Tool, WASMTIME};

const TARGETS: &[&str] = &["wasm32-unknown-unknown", "wasm32-wasip1", "wasm32-wasip2"];

/// Provides everything.
pub fn setup() -> Result<()> {
    targets()?;
    for tool in [&WASMTIME, &CARGO_COMPONENT] {
        provide(tool)?;
    }
    strace();
    python()
}

fn targets() -> Result<()> {
    let installed = Command::new("rustup")
        .args(["target", "list", "--installed"])
        .current_dir(run::workspace())
        .output()
        .context("starting rustup; Annals is set up with Rust from rustup.rs")?;
    let installed = String::from_utf8_lossy(&installed.stdout).into_owned();
    let missing: Vec<&str> = TARGETS
        .iter()
        .filter(|target| !installed.lines().any(|line| line == **target))
        .copied()
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    run::run(
        &format!("adding the wasm targets {}", missing.join(", ")),
        Command::new("rustup").args(["target", "add"]).args(&missing).current_dir(run::workspace()),
    )
    .context("the wasm targets are missing and rustup could not get them; docs/guide.md tells how to build them from the rust-src component")
}

fn provide(tool: &Tool) -> Result<()> {
    let root = tool.root()?;
    if tool.file()?.exists() {
        return Ok(());
    }
    let jobs = std::thread::available_parallelism().map_or(1, |n| n.get().min(2));
    let mut install = cargo();
    // Outside of the checkout: its configuration is not meant for other people's packages.
    install
        .current_dir(std::env::temp_dir())
        .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", tool.opt_level)
        .args(["install", "--locked", "--jobs", &jobs.to_string(), "--root"])
        .arg(&root)
        .arg(format!("{}@{}", tool.package, tool.version));
    if let Some(features) = tool.features {
        install.args(["--no-default-features", "--features", features]);
    }
    run::run(
        &format!(
            "building {} {} from the registry (some minutes, once)",
            tool.package, tool.version
        ),
        &mut install,
    )
    .with_context(|| {
        format!(
            "{} {} could not be built; if the registry cannot be reached, put its binary into {}",
            tool.package,
            tool.version,
            root.join("bin").display()
        )
    })
}

/// The tests of power cuts record system calls with it, and are skipped without it.
fn strace() {
    let works = |program: &str, args: &[&str]| {
        let output = Command::new(program).args(args).output();
        output.is_ok_and(|output| output.status.success())
    };
    let install = || works("apt-get", &["install", "-y", "-qq", "strace"]);
    if works("strace", &["-V"]) || install() || (works("apt-get", &["update", "-qq"]) && install())
    {
        return;
    }
    eprintln!(
        "note: strace is missing and could not be installed: tests of power cuts on whole hosts will be skipped"
    );
}

/// The oracle is a Python script.
fn python() -> Result<()> {
    Command::new("python3").arg("--version").output().context(
        "python3 is missing: the oracle that judges the demo needs Python 3.11 or later",
    )?;
    Ok(())
}
