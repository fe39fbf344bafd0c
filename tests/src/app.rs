//! Composes applications with the real `annals` binary.

use crate::server::Kind;
use crate::tools;
use anyhow::{Result, bail};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Runs `annals` and returns its output, whatever its exit status.
///
/// # Errors
///
/// If the program cannot be started.
pub fn annals(folder: &Path, args: &[&str]) -> Result<Output> {
    let mut command = tools::with_tools(Command::new(tools::built("annals")?))?;
    Ok(command.current_dir(folder).args(args).output()?)
}

/// Composes the application in a folder for a host, into a file.
///
/// # Errors
///
/// If the application does not compose.
pub fn compose(folder: &Path, host: Kind, output: &Path) -> Result<PathBuf> {
    compose_manifest(folder, "annals.toml", host, output)
}

/// The same, with another manifest in that folder.
///
/// # Errors
///
/// If the application does not compose.
pub fn compose_manifest(
    folder: &Path,
    manifest: &str,
    host: Kind,
    output: &Path,
) -> Result<PathBuf> {
    let file = output.join(format!("app-{}.wasm", host.name()));
    let out = annals(
        folder,
        &[
            "compose",
            "-m",
            manifest,
            "--host",
            host.name(),
            "-o",
            &file.to_string_lossy(),
        ],
    )?;
    if !out.status.success() {
        bail!(
            "annals compose failed:\n{}",
            String::from_utf8_lossy(&out.stderr)
        );
    }
    if host == Kind::Jco {
        tools::provide_jco(output)?;
    }
    Ok(file)
}

/// The bank example.
#[must_use]
pub fn bank() -> PathBuf {
    tools::workspace().join("examples").join("bank")
}
