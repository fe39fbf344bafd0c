//! Where the binaries are that tests run.

use anyhow::{Context as _, Result, bail};
use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The version of the wasmtime CLI that tests run.
pub const WASMTIME: &str = "48.0.8";
/// The version of cargo-component that builds the bank.
pub const CARGO_COMPONENT: &str = "0.21.1";

/// The checkout.
#[must_use]
pub fn workspace() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().unwrap_or(tests).to_path_buf()
}

/// Where provisioned tools are kept: `ANNALS_TOOLS`, or a folder in the user's cache, outside of
/// any checkout.
///
/// # Errors
///
/// If there is neither that nor a home folder.
pub fn cache() -> Result<PathBuf> {
    if let Some(folder) = env::var_os("ANNALS_TOOLS") {
        return Ok(folder.into());
    }
    let base = match env::var_os("XDG_CACHE_HOME") {
        Some(cache) => PathBuf::from(cache),
        None => PathBuf::from(
            env::var_os("HOME")
                .context("HOME is not set; set ANNALS_TOOLS to a folder for tools")?,
        )
        .join(".cache"),
    };
    Ok(base.join("annals").join("tools"))
}

/// A tool's binary in the cache; each version has a folder of its own.
///
/// # Errors
///
/// If there is no cache folder.
pub fn cached(package: &str, version: &str, binary: &str) -> Result<PathBuf> {
    Ok(cache()?
        .join(format!("{package}-{version}"))
        .join("bin")
        .join(binary))
}

/// The real wasmtime.
///
/// # Errors
///
/// If it is not there.
pub fn wasmtime() -> Result<PathBuf> {
    present(cached("wasmtime", WASMTIME, "wasmtime")?)
}

/// A binary of this workspace, beside the one that runs.
///
/// # Errors
///
/// If it is not built.
pub fn built(name: &str) -> Result<PathBuf> {
    let me = env::current_exe()?;
    let folder = me
        .ancestors()
        .skip(1)
        .find(|folder| folder.file_name().is_some_and(|name| name != "deps"))
        .context("this binary is in no folder")?;
    present(folder.join(name))
}

/// A cargo command that finds the provisioned tools.
///
/// # Errors
///
/// If there is no cache folder.
pub fn with_tools(mut command: Command) -> Result<Command> {
    let ours = cached("cargo-component", CARGO_COMPONENT, "cargo-component")?;
    let mut path = vec![ours.parent().unwrap_or(&ours).to_path_buf()];
    path.extend(env::split_paths(&env::var_os("PATH").unwrap_or_default()));
    command.env("PATH", env::join_paths(path)?);
    Ok(command)
}

fn present(file: PathBuf) -> Result<PathBuf> {
    if !file.exists() {
        bail!(
            "{} is not there; run `cargo xtask test`, which provides it",
            file.display()
        );
    }
    Ok(file)
}
