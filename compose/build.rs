//! Builds the framework's components for WebAssembly, so that the `annals` binary carries them.
//!
//! They go into the workspace's target folder under the profile `wasm`, which no other build of
//! this workspace holds locked while build scripts run.

use std::path::{Path, PathBuf};
use std::process::Command;

const TARGET: &str = "wasm32-unknown-unknown";
const COMPONENTS: &[&str] = &[
    "annals-log",
    "annals-store-keyvalue",
    "annals-store-keyvalue-increment",
    "annals-store-keyvalue-pointer",
    "annals-store-filesystem",
    "annals-sourcer",
    "annals-dispatcher",
    "annals-ingress-http",
    "annals-ingress-cli",
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
    // Files that are new in there are not seen otherwise.
    println!("cargo::rerun-if-changed=templates");
    // OUT_DIR is <target>/<profile>/build/<package>/out.
    let target = out.ancestors().nth(4).expect("cargo's layout of OUT_DIR");
    let mut cargo = Command::new(env("CARGO"));
    cargo
        .current_dir(&workspace)
        .args([
            "build",
            "--profile",
            "wasm",
            "--target",
            TARGET,
            "--target-dir",
        ])
        .arg(target);
    for component in COMPONENTS {
        cargo.args(["--package", component]);
    }
    // What cargo set for this build script must not leak into another build.
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
        "the framework's components did not build; `rustup target add {TARGET}` if the target is missing"
    );
    for component in COMPONENTS {
        let file = format!("{}.wasm", component.replace('-', "_"));
        let built = target.join(TARGET).join("wasm").join(&file);
        std::fs::copy(&built, out.join(&file))
            .unwrap_or_else(|error| panic!("copying {}: {error}", built.display()));
    }
}

fn env(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|error| panic!("{name}: {error}"))
}
