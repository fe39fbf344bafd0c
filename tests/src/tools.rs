//! Finds the binaries that tests run.

use anyhow::{Context as _, Result, bail};
use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use xtask::tools::{CARGO_COMPONENT, COMPONENTIZE_JS, COMPONENTIZE_PY, NODE, WASMTIME};

/// The root of the checkout.
#[must_use]
pub fn workspace() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().unwrap_or(tests).to_path_buf()
}

/// The provisioned wasmtime.
///
/// # Errors
///
/// If wasmtime is not installed.
pub fn wasmtime() -> Result<PathBuf> {
    match WASMTIME.find()? {
        Some(wasmtime) => Ok(wasmtime),
        None => present(WASMTIME.file()?),
    }
}

/// Makes jco available to Node.js in a folder, as `npm install` there would.
///
/// # Errors
///
/// If jco is not installed.
pub fn provide_jco(folder: &Path) -> Result<()> {
    present(NODE.jco()?)?;
    let link = folder.join("node_modules");
    if !link.exists() {
        std::os::unix::fs::symlink(NODE.modules()?, link)?;
    }
    Ok(())
}

/// The path of a binary of this workspace, in the folder of the running binary's profile.
///
/// # Errors
///
/// If the binary is not built.
pub fn built(name: &str) -> Result<PathBuf> {
    present(profile_folder()?.join(name))
}

/// The target folder that contains the running binary.
///
/// # Errors
///
/// If the binary is in another place.
pub fn target_folder() -> Result<PathBuf> {
    let folder = profile_folder()?;
    let target = folder
        .parent()
        .context("this binary is in no target folder")?;
    Ok(target.to_path_buf())
}

fn profile_folder() -> Result<PathBuf> {
    let me = env::current_exe()?;
    let folder = me
        .ancestors()
        .skip(1)
        .find(|folder| folder.file_name().is_some_and(|name| name != "deps"))
        .context("this binary is in no folder")?;
    Ok(folder.to_path_buf())
}

/// Adds the provisioned tools to a command's `PATH`.
///
/// # Errors
///
/// If there is no cache folder.
pub fn with_tools(mut command: Command) -> Result<Command> {
    let mut path = vec![
        CARGO_COMPONENT.folder()?,
        COMPONENTIZE_JS.folder()?,
        COMPONENTIZE_PY.folder()?,
    ];
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
