//! Provides the systems that `cargo xtask bench` measures Annals beside. Those in other languages are installed into
//! `target/peers`, at the versions of `bench/peers`. One that cannot be provided is left out of the measurements.

use crate::run::{JOBS, cargo, run, workspace};
use crate::setup::works;
use anyhow::{Context as _, Result};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Provides all peers.
pub fn provide() -> Result<()> {
    let sources = workspace().join("bench").join("peers");
    build(&sources, "cqrs-es", &[])?;
    optional("UmaDB", umadb(&sources));
    optional("Emmett", emmett(&sources));
    optional("eventsourcing", eventsourcing(&sources));
    Ok(())
}

fn target() -> PathBuf {
    workspace().join("target").join("peers")
}

/// A peer without which the others can be measured.
fn optional(peer: &str, provided: Result<()>) {
    if let Err(error) = provided {
        eprintln!("note: {error:#}: the rows beside {peer} are skipped");
    }
}

fn build(sources: &Path, what: &str, options: &[&str]) -> Result<()> {
    run(
        &format!("building {what}"),
        cargo()
            .args(["build", "--release", "--locked", JOBS, "--target-dir"])
            .arg(target())
            .args(options)
            .current_dir(sources),
    )
}

/// The build of UmaDB runs protoc.
fn umadb(sources: &Path) -> Result<()> {
    anyhow::ensure!(
        works("protoc", &["--version"]),
        "protoc is missing (Debian: apt-get install protobuf-compiler)"
    );
    build(sources, "UmaDB", &["--package=annals-bench-umadb"])
}

fn emmett(sources: &Path) -> Result<()> {
    anyhow::ensure!(works("npm", &["--version"]), "npm is missing");
    install(&sources.join("emmett"), "package-lock.json", |folder| {
        run(
            "installing Emmett by npm (half a minute, once)",
            Command::new("npm")
                .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
                // Its packages name others as peers only, which package.json names itself.
                .args(["--legacy-peer-deps", "--loglevel=error"])
                .arg("--omit-lockfile-registry-resolved=true")
                .current_dir(folder),
        )
    })
}

fn eventsourcing(sources: &Path) -> Result<()> {
    anyhow::ensure!(works("python3", &["--version"]), "python3 is missing");
    install(
        &sources.join("eventsourcing"),
        "requirements.txt",
        |folder| {
            let environment = folder.join("venv");
            run(
                "making an environment for packages of Python",
                Command::new("python3")
                    .args(["-m", "venv"])
                    .arg(&environment),
            )?;
            run(
                "installing eventsourcing by pip (half a minute, once)",
                Command::new(environment.join("bin").join("pip"))
                    .args(["install", "--quiet", "--disable-pip-version-check"])
                    .args(["--no-deps", "--requirement", "requirements.txt"])
                    .current_dir(folder),
            )
        },
    )
}

/// Copies the files of a peer into a folder of `target/peers` and installs there what they need, unless that is there
/// for the same versions. `versions` names the file of the versions. Its copy `installed` is made last, so an interrupted
/// task leaves nothing that looks complete.
fn install(
    sources: &Path,
    versions: &str,
    install: impl FnOnce(&Path) -> Result<()>,
) -> Result<()> {
    let name = sources.file_name().context("a folder has a name")?;
    let folder = target().join(name);
    let installed = folder.join("installed");
    let wanted = fs::read(sources.join(versions))?;
    let is_complete = fs::read(&installed).is_ok_and(|found| found == wanted);
    if !is_complete && folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    for entry in fs::read_dir(sources)? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            fs::copy(entry.path(), folder.join(entry.file_name()))?;
        }
    }
    if is_complete {
        return Ok(());
    }
    install(&folder)?;
    Ok(fs::write(installed, wanted)?)
}
