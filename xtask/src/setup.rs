//! Provides what a fresh machine lacks. Idempotent, and fast when nothing is missing.

use crate::run::{self, cargo};
use anyhow::{Context as _, Result, bail};
use std::fs;
use std::process::Command;
use xtask::tools::{CARGO_COMPONENT, NODE, Tool, WASMTIME};

const TARGETS: &[&str] = &["wasm32-unknown-unknown", "wasm32-wasip1", "wasm32-wasip2"];

/// Provides everything.
pub fn setup() -> Result<()> {
    targets()?;
    for tool in [&WASMTIME, &CARGO_COMPONENT] {
        provide(tool)?;
    }
    node()?;
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

/// The first version of Node.js that runs jco.
const NODE_JS: u32 = 20;

/// jco and componentize-js, by npm. In a folder beside its own until it is whole, so that the end of
/// this task in the middle leaves nothing that looks provided.
fn node() -> Result<()> {
    let root = NODE.root()?;
    if NODE.jco()?.exists() && NODE.componentize_js()?.exists() {
        return Ok(());
    }
    node_js()?;
    let half = root.with_extension(std::process::id().to_string());
    fs::create_dir_all(&half).with_context(|| format!("making {}", half.display()))?;
    for (name, text) in NODE.files() {
        fs::write(half.join(name), text)?;
    }
    let installed = run::run(
        "installing jco and componentize-js by npm (half a minute, once)",
        Command::new("npm")
            // No package's own scripts: what is installed is what the lock file's digests say.
            .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
            .args(["--omit-lockfile-registry-resolved=true", "--loglevel=error"])
            .current_dir(&half),
    );
    let moved = installed.and_then(|()| {
        if root.exists() {
            fs::remove_dir_all(&root)?;
        }
        Ok(fs::rename(&half, &root)?)
    });
    if moved.is_err() {
        let _ = fs::remove_dir_all(&half);
    }
    moved.with_context(|| {
        format!(
            "jco and componentize-js could not be installed; if the registry cannot be reached, put xtask/npm with its node_modules into {}",
            root.display()
        )
    })
}

fn node_js() -> Result<()> {
    let version = Command::new("node").arg("--version").output();
    let version =
        version.context("node is missing: jco and componentize-js need Node.js 20 or later")?;
    let version = String::from_utf8_lossy(&version.stdout).trim().to_owned();
    let major = version
        .strip_prefix('v')
        .and_then(|v| v.split('.').next()?.parse::<u32>().ok());
    match major {
        Some(major) if major >= NODE_JS => Ok(()),
        _ => bail!("Node.js is {version}, and jco and componentize-js need {NODE_JS} or later"),
    }
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
