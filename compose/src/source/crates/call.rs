//! One call of cargo, and its results.

use super::group::Group;
use super::member::Crate;
use super::tool::cargo;
use crate::manifest::Manifest;
use crate::problem::{Code, Problem, Subject};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Calls cargo, and returns the result of each crate.
pub(super) fn call(
    manifest: &Manifest,
    group: &Group<'_>,
) -> Vec<(usize, Result<PathBuf, Problem>)> {
    let (first, _) = group.crates[0];
    let (tool, target) = (first.tool.args(), first.target);
    let names: Vec<&str> = group
        .crates
        .iter()
        .map(|(one, _)| one.owner.name())
        .collect();
    let mut command = cargo();
    command
        .args(tool)
        .args([
            "--release",
            "--target",
            target,
            "--message-format",
            "json-render-diagnostics",
        ])
        .current_dir(first.folder())
        .stdin(Stdio::null())
        .stderr(Stdio::inherit());
    if let (Some(root), true) = (group.workspace, group.crates.len() > 1) {
        // With this flag a failing crate does not prevent cargo from building the others.
        command.arg("--keep-going").current_dir(root);
        for (_, package) in &group.crates {
            command.args(
                package
                    .iter()
                    .flat_map(|package| ["--package", &package.name]),
            );
        }
    }
    eprintln!(
        "building {}: cargo {} --release --target {target}",
        names.join(", "),
        tool.join(" ")
    );
    let output = command.output();
    let outcome = |one: &Crate<'_>| {
        let output = output.as_ref().map_err(|error| {
            manifest.problem(
                Code::BuildFailed,
                one.owner,
                format!("cargo could not be started: {error}"),
                "install Rust from rustup.rs",
            )
        })?;
        match artifact(&output.stdout, &one.cargo_toml) {
            // The call may have failed because of another crate.
            Some(file) if output.status.success() || group.crates.len() > 1 => Ok(file),
            None if output.status.success() => Err(nothing_built(manifest, one.owner)),
            _ => Err(build_failed(manifest, one)),
        }
    };
    group
        .crates
        .iter()
        .map(|(one, _)| (one.index, outcome(one)))
        .collect()
}

fn build_failed(manifest: &Manifest, one: &Crate<'_>) -> Problem {
    let what = format!("`cargo {}` failed", one.tool.args().join(" "));
    let problem = |what, help| manifest.problem(Code::BuildFailed, one.owner, what, help);
    if is_missing(one.target, one.folder()) {
        problem(
            format!("{what}: the target {} is not installed", one.target),
            format!("`rustup target add {}`", one.target),
        )
    } else {
        problem(what, "see its output above".into())
    }
}

/// True if the toolchain of a folder lacks the standard library of a target.
fn is_missing(target: &str, folder: &Path) -> bool {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc)
        .args(["--print", "target-libdir", "--target", target])
        .current_dir(folder)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output();
    output.is_ok_and(|output| {
        let libraries = String::from_utf8_lossy(&output.stdout);
        output.status.success() && !Path::new(libraries.trim_end()).is_dir()
    })
}

pub(super) fn nothing_built(manifest: &Manifest, owner: &Subject) -> Problem {
    manifest.problem(
        Code::NothingBuilt,
        owner,
        "the crate made no component",
        "set `crate-type = [\"cdylib\"]` in the [lib] table of its Cargo.toml",
    )
}

/// The wasm file that cargo's messages name for a manifest.
fn artifact(messages: &[u8], cargo_toml: &Path) -> Option<PathBuf> {
    let mut found = None;
    for line in messages.split(|byte| *byte == b'\n') {
        let Ok(message) = serde_json::from_slice::<serde_json::Value>(line) else {
            continue;
        };
        let manifest = message["manifest_path"].as_str().map(Path::new);
        if message["reason"] != "compiler-artifact" || manifest != Some(cargo_toml) {
            continue;
        }
        let files = message["filenames"].as_array().into_iter().flatten();
        found = files
            .filter_map(|file| file.as_str())
            .find(|file| file.ends_with(".wasm"))
            .map(PathBuf::from)
            .or(found);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advice_about_targets_is_for_those_that_are_missing() {
        let here = Path::new(".");
        assert!(!is_missing("wasm32-unknown-unknown", here));
        // rustc supports this target, but it is never installed to build handlers.
        assert!(is_missing("riscv64gc-unknown-linux-musl", here));
        assert!(
            !is_missing("no-such-target", here),
            "cargo itself reports that"
        );
    }
}
