//! Builds the framework's components for WebAssembly and embeds them in the library.
//!
//! Cargo builds them into the workspace's target folder under the profiles `wasm` and `wasm-plain`.
//! No other build of this workspace locks these profiles while build scripts run.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};
use wit_component::ComponentEncoder;

#[path = "src/names.rs"]
mod names;

const TARGET: &str = "wasm32-unknown-unknown";
const COMPONENTS: &[&str] = &[
    "annals-log",
    "annals-store-keyvalue",
    "annals-store-keyvalue-conditional",
    "annals-store-keyvalue-increment",
    "annals-store-keyvalue-pointer",
    "annals-store-filesystem",
    "annals-sourcer",
    "annals-dispatcher",
    "annals-ingress-http",
    "annals-ingress-cli",
    "annals-shim-0-1-deciders",
    "annals-shim-0-1-projectors",
    "annals-shim-0-1-process-managers",
    "annals-shim-0-1-notifiers",
];
/// Components with a smaller form for applications without reactions, built without the feature
/// `reactions`.
const PLAIN: &[&str] = &[
    "annals-store-keyvalue",
    "annals-store-keyvalue-conditional",
    "annals-store-keyvalue-increment",
    "annals-store-keyvalue-pointer",
    "annals-store-filesystem",
    "annals-dispatcher",
];

fn main() {
    let out = PathBuf::from(env("OUT_DIR"));
    let workspace = Path::new(&env("CARGO_MANIFEST_DIR")).join("..");
    for watched in ["components", "wit", "Cargo.toml", "Cargo.lock"] {
        println!(
            "cargo::rerun-if-changed={}",
            workspace.join(watched).display()
        );
    }
    // OUT_DIR is <target>/<profile>/build/<package>/out.
    let target = out.ancestors().nth(4).expect("cargo's layout of OUT_DIR");
    build(&workspace, target, COMPONENTS, "wasm", &[]);
    encode_all(target, &out, COMPONENTS, "wasm", "");
    build(
        &workspace,
        target,
        PLAIN,
        "wasm-plain",
        &["--no-default-features"],
    );
    encode_all(target, &out, PLAIN, "wasm-plain", "_plain");
}

fn build(workspace: &Path, target: &Path, components: &[&str], profile: &str, arguments: &[&str]) {
    let mut cargo = Command::new(env("CARGO"));
    cargo
        .current_dir(workspace)
        .args(["build", "--profile", profile, "--target", TARGET])
        .arg("--target-dir")
        .arg(target)
        .args(arguments);
    for component in components {
        cargo.args(["--package", component]);
    }
    // Cargo sets variables for this build script that must not affect another build.
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        let leaks = text.starts_with("CARGO_") && text != "CARGO_HOME";
        if leaks || text.starts_with("RUSTC") || text == "RUSTFLAGS" || text == "TARGET" {
            cargo.env_remove(&name);
        }
    }
    let status = cargo.status().expect("cargo runs");
    assert!(
        status.success(),
        "the framework's components could not be built; if the target is missing, run `rustup target add {TARGET}`"
    );
}

fn encode_all(target: &Path, out: &Path, components: &[&str], profile: &str, suffix: &str) {
    for component in components {
        let name = component.replace('-', "_");
        let built = target
            .join(TARGET)
            .join(profile)
            .join(format!("{name}.wasm"));
        encode(&built, &out.join(format!("{name}{suffix}.wasm")))
            .unwrap_or_else(|error| panic!("encoding {}: {error:#}", built.display()));
    }
}

/// Makes a component of a module once, for all compositions.
fn encode(module: &Path, component: &Path) -> Result<()> {
    let module = std::fs::read(module).context("reading it")?;
    // Cargo strips no package that has an `opt-level` of its own.
    let module = names::without_names(&module)?;
    let bytes = ComponentEncoder::default()
        .module(&module)?
        .validate(false)
        .encode()?;
    std::fs::write(component, names::without_names(&bytes)?).context("writing it")
}

fn env(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|error| panic!("{name}: {error}"))
}
