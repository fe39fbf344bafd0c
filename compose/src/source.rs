//! Finds a component that the user brings, building it where the manifest names a crate or a command.

use crate::manifest::{Manifest, Origin};
use crate::problem::{Code, Problem, Subject};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The target that crates are built for: nothing of a host can be imported there.
const TARGET: &str = "wasm32-unknown-unknown";

/// Builds a component if need be, and reads its file.
///
/// # Errors
///
/// A problem with a remedy: what the build tool said is on stderr.
pub fn load(manifest: &Manifest, owner: &Subject, origin: &Origin) -> Result<Vec<u8>, Problem> {
    let file = match (&origin.path, &origin.component) {
        (Some(path), _) => build_crate(manifest, owner, &manifest.folder().join(path))?,
        (None, Some(component)) => {
            if let Some(command) = &origin.build {
                run_build(manifest, owner, command)?;
            }
            manifest.folder().join(component)
        }
        (None, None) => {
            return Err(manifest.problem(
                Code::MissingKey,
                owner,
                "has no component",
                "set `path` or `component`",
            ));
        }
    };
    std::fs::read(&file).map_err(|error| {
        manifest.problem(
            Code::MissingFile,
            owner,
            format!("{} cannot be read: {error}", file.display()),
            "build the component first, or correct its path in the manifest",
        )
    })
}

/// A build command of the user's own.
fn run_build(manifest: &Manifest, owner: &Subject, command: &str) -> Result<(), Problem> {
    eprintln!("building {}: {command}", owner.name());
    let status = Command::new("sh")
        .args(["-c", command])
        .current_dir(manifest.folder())
        .stdout(Stdio::null())
        .status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(manifest.problem(
            Code::BuildFailed,
            owner,
            format!("`{command}` failed ({status})"),
            "see its output above",
        )),
        Err(error) => Err(manifest.problem(
            Code::BuildFailed,
            owner,
            format!("`{command}` could not be started: {error}"),
            "correct `build` in the manifest",
        )),
    }
}

/// Builds a crate with the tool that it is made for, and answers where the result is.
fn build_crate(manifest: &Manifest, owner: &Subject, folder: &Path) -> Result<PathBuf, Problem> {
    let cargo_toml = folder.join("Cargo.toml");
    let text = std::fs::read_to_string(&cargo_toml).map_err(|error| {
        manifest.problem(
            Code::MissingCrate,
            owner,
            format!("{} cannot be read: {error}", cargo_toml.display()),
            "`path` must name a crate's folder",
        )
    })?;
    let component_project = toml::from_str::<toml::Table>(&text).is_ok_and(|table| {
        let metadata = table
            .get("package")
            .and_then(|package| package.get("metadata"));
        metadata.is_some_and(|metadata| metadata.get("component").is_some())
    });
    let tool: &[&str] = if component_project {
        &["component", "build"]
    } else {
        &["build"]
    };
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command
        .args(tool)
        .args([
            "--release",
            "--target",
            TARGET,
            "--message-format",
            "json-render-diagnostics",
        ])
        .current_dir(folder)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit());
    eprintln!(
        "building {}: cargo {} --release --target {TARGET}",
        owner.name(),
        tool.join(" ")
    );
    let output = command.output().map_err(|error| {
        manifest.problem(
            Code::BuildFailed,
            owner,
            format!("cargo could not be started: {error}"),
            "install Rust from rustup.rs",
        )
    })?;
    if !output.status.success() {
        let remedy = if component_project {
            format!(
                "see its output above; it needs `cargo install cargo-component` and `rustup target add {TARGET}`"
            )
        } else {
            format!("see its output above; it needs `rustup target add {TARGET}`")
        };
        return Err(manifest.problem(
            Code::BuildFailed,
            owner,
            format!("`cargo {}` failed", tool.join(" ")),
            remedy,
        ));
    }
    artifact(&output.stdout, &cargo_toml).ok_or_else(|| {
        manifest.problem(
            Code::NothingBuilt,
            owner,
            "the crate made no component",
            "set `crate-type = [\"cdylib\"]` in the [lib] table of its Cargo.toml",
        )
    })
}

/// The wasm file that cargo's messages name for a manifest.
fn artifact(messages: &[u8], cargo_toml: &Path) -> Option<PathBuf> {
    let wanted = cargo_toml.canonicalize().ok()?;
    let mut found = None;
    for line in messages.split(|byte| *byte == b'\n') {
        let Ok(message) = serde_json::from_slice::<serde_json::Value>(line) else {
            continue;
        };
        let manifest = message["manifest_path"].as_str().map(Path::new);
        if message["reason"] != "compiler-artifact" || manifest != Some(wanted.as_path()) {
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
