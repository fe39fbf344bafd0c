//! The metadata of the workspaces of crates, from cargo.

use super::member::{Crate, target};
use super::tool::cargo;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Stdio;

/// The metadata of a workspace.
#[derive(Debug, Deserialize)]
pub(super) struct Workspace {
    pub(super) workspace_root: PathBuf,
    pub(super) target_directory: PathBuf,
    pub(super) packages: Vec<Package>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Package {
    pub(super) name: String,
    pub(super) manifest_path: PathBuf,
    pub(super) dependencies: Vec<Dependency>,
    pub(super) targets: Vec<Target>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Target {
    pub(super) name: String,
    pub(super) kind: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Dependency {
    pub(super) name: String,
    pub(super) kind: Option<String>,
    features: BTreeSet<String>,
    uses_default_features: bool,
}

/// The required features of each dependency.
pub(super) type Wants = BTreeMap<String, (BTreeSet<String>, bool)>;

impl Workspace {
    pub(super) fn package(&self, cargo_toml: &Path) -> Option<&Package> {
        self.packages
            .iter()
            .find(|package| package.manifest_path == cargo_toml)
    }

    /// The features that a package requires of its dependencies, and those that they require of
    /// theirs within the workspace. Cargo resolves the requirements between registry packages.
    pub(super) fn wants(&self, package: &Package) -> Wants {
        let mut wants = Wants::new();
        let (mut waiting, mut seen) = (vec![package], BTreeSet::new());
        while let Some(package) = waiting.pop() {
            if !seen.insert(&package.name) {
                continue;
            }
            let used = package.dependencies.iter();
            for dependency in used.filter(|one| one.kind.as_deref() != Some("dev")) {
                let (features, default) = wants.entry(dependency.name.clone()).or_default();
                features.extend(dependency.features.iter().cloned());
                *default |= dependency.uses_default_features;
                waiting.extend(
                    self.packages
                        .iter()
                        .find(|member| member.name == dependency.name),
                );
            }
        }
        wants
    }
}

/// The workspaces of crates, as far as cargo can read them. The build reports a broken one.
pub(super) fn workspaces(crates: &[Crate<'_>]) -> Vec<Workspace> {
    let mut found: Vec<Workspace> = Vec::new();
    if crates.len() < 2 {
        return found;
    }
    for one in crates {
        if found
            .iter()
            .any(|workspace| workspace.package(&one.cargo_toml).is_some())
        {
            continue;
        }
        let output = cargo()
            .args(["metadata", "--no-deps", "--format-version", "1"])
            .current_dir(one.folder())
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .output();
        found.extend(
            output
                .ok()
                .and_then(|output| serde_json::from_slice(&output.stdout).ok()),
        );
    }
    found
}

/// The path of a crate's component from an earlier build.
#[must_use]
pub fn last_built(folder: &Path) -> Option<PathBuf> {
    let cargo_toml = folder.join("Cargo.toml").canonicalize().ok()?;
    let output = cargo()
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .current_dir(cargo_toml.parent()?)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    let workspace: Workspace = serde_json::from_slice(&output.stdout).ok()?;
    let is_library = |target: &&Target| target.kind.iter().any(|kind| kind == "cdylib");
    let package = workspace.package(&cargo_toml)?;
    let library = package.targets.iter().find(is_library)?;
    let name = library.name.replace('-', "_");
    let folder = workspace.target_directory.join(target(&cargo_toml));
    Some(folder.join("release").join(name).with_extension("wasm"))
}
