//! Provides what a fresh machine lacks. Idempotent, and fast when nothing is missing.

use crate::run::{self, cargo};
use anyhow::{Context as _, Result};
use std::path::PathBuf;
use std::process::Command;

const TARGETS: &[&str] = &["wasm32-unknown-unknown", "wasm32-wasip1", "wasm32-wasip2"];

/// A binary that is built from the package registry, into a folder of its own version.
struct Tool {
    package: &'static str,
    folder: &'static str,
    version: &'static str,
    binary: &'static str,
    /// Leaves out what Annals does not use and what takes long to build.
    features: Option<&'static str>,
}

const TOOLS: &[Tool] = &[
    Tool {
        package: "wasmtime-cli",
        folder: "wasmtime",
        version: "48.0.8",
        binary: "wasmtime",
        features: Some(
            "run,compile,serve,component-model,component-model-async,cranelift,wasi-http,wasi-keyvalue,\
             wasi-config,pooling-allocator,parallel-compilation,cache,config,backtrace,logging,demangle,\
             addr2line,threads,clap/default",
        ),
    },
    Tool {
        package: "cargo-component",
        folder: "cargo-component",
        version: "0.21.1",
        binary: "cargo-component",
        features: None,
    },
];

/// Provides everything.
pub fn setup() -> Result<()> {
    targets()?;
    for tool in TOOLS {
        provide(tool)?;
    }
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

/// Where tools are kept: `ANNALS_TOOLS`, or the user's cache.
fn cache() -> Result<PathBuf> {
    if let Some(folder) = std::env::var_os("ANNALS_TOOLS") {
        return Ok(folder.into());
    }
    let cache = match std::env::var_os("XDG_CACHE_HOME") {
        Some(cache) => PathBuf::from(cache),
        None => PathBuf::from(
            std::env::var_os("HOME")
                .context("HOME is not set; set ANNALS_TOOLS to a folder for tools")?,
        )
        .join(".cache"),
    };
    Ok(cache.join("annals").join("tools"))
}

fn provide(tool: &Tool) -> Result<()> {
    let root = cache()?.join(format!("{}-{}", tool.folder, tool.version));
    if root.join("bin").join(tool.binary).exists() {
        return Ok(());
    }
    let jobs = std::thread::available_parallelism().map_or(1, |n| n.get().min(2));
    let mut install = cargo();
    // Outside of the checkout: its configuration is not meant for other people's packages.
    install
        .current_dir(std::env::temp_dir())
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
            "{} {} could not be built; if the registry cannot be reached, put its binary at {}",
            tool.package,
            tool.version,
            root.join("bin").join(tool.binary).display()
        )
    })
}

/// The oracle is a Python script.
fn python() -> Result<()> {
    Command::new("python3").arg("--version").output().context(
        "python3 is missing: the oracle that judges the demo needs Python 3.11 or later",
    )?;
    Ok(())
}
