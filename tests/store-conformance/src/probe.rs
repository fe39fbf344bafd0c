//! Builds the probe component, with which the suite calls an adapter from outside.

use std::path::Path;
use std::process::Command;

use annals_compose::wiring::Part;
use annals_tests::tools;
use anyhow::{Context as _, Result, ensure};

const PACKAGE: &str = "annals-store-probe";
const TARGET: &str = "wasm32-unknown-unknown";

/// Builds the component, unless it is built already.
pub(crate) fn build() -> Result<Part> {
    let target = tools::target_folder()?;
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .current_dir(tools::workspace())
        .args(["build", "--quiet", "--profile", "wasm", "--target", TARGET])
        .args(["--package", PACKAGE, "--target-dir"])
        .arg(&target);
    // Cargo's variables of this process must not affect the other build.
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST") {
            cargo.env_remove(&name);
        }
    }
    let status = cargo.status().context("starting cargo")?;
    ensure!(
        status.success(),
        "the probe component did not build; `rustup target add {TARGET}` if the target is missing"
    );
    let file = PACKAGE.replace('-', "_") + ".wasm";
    component("probe", &target.join(TARGET).join("wasm").join(file))
}

/// Reads a component. A core module with an embedded interface description is made into a component.
pub(crate) fn component(name: &str, file: &Path) -> Result<Part> {
    let bytes = std::fs::read(file).with_context(|| format!("reading {}", file.display()))?;
    let read = annals_compose::handler::read(name, bytes)
        .with_context(|| format!("reading {}", file.display()))?;
    Ok(Part {
        name: read.name,
        bytes: read.bytes,
        sandbox: None,
    })
}
