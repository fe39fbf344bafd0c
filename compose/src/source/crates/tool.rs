//! The tool that builds a crate: cargo, or cargo-component.

use std::process::{Command, Stdio};

/// The tool that builds a crate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tool {
    Cargo,
    /// For crates with `[package.metadata.component]`.
    CargoComponent,
}

impl Tool {
    pub(super) fn args(self) -> &'static [&'static str] {
        match self {
            Self::Cargo => &["build"],
            Self::CargoComponent => &["component", "build"],
        }
    }
}

/// A feature of this `[package.metadata.component]` that only cargo-component provides. Without
/// such a feature cargo can build the crate, and the composer makes a component of its module.
pub(super) fn needed(component: &toml::Value, target: &str) -> Option<&'static str> {
    let dependencies = component
        .get("dependencies")
        .and_then(toml::Value::as_table);
    if component.get("target").is_some() {
        Some(
            "its `[package.metadata.component]` names a `target`, whose bindings cargo-component makes",
        )
    } else if dependencies.is_some_and(|dependencies| !dependencies.is_empty()) {
        Some("its `[package.metadata.component.dependencies]` are for cargo-component")
    } else if target == "wasm32-wasip1" {
        Some("it is built for wasm32-wasip1, whose modules cargo-component makes components")
    } else {
        None
    }
}

/// True if cargo finds cargo-component.
pub(super) fn has_cargo_component() -> bool {
    cargo()
        .args(["component", "--version"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

pub(super) fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}
