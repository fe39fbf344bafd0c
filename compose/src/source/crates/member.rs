//! A crate to build, as its `Cargo.toml` and cargo's settings describe it.

use super::tool::{Tool, needed};
use crate::manifest::Manifest;
use crate::problem::{Code, Problem, Subject};
use crate::source::shown;
use std::path::{Path, PathBuf};

/// The supported targets. The first is the default if cargo's settings name none of them, because
/// code for it cannot import anything of a host.
const TARGETS: &[&str] = &["wasm32-unknown-unknown", "wasm32-wasip1", "wasm32-wasip2"];

/// A crate to build.
pub(super) struct Crate<'a> {
    /// Its index in the caller's list.
    pub(super) index: usize,
    pub(super) owner: &'a Subject,
    /// Absolute and without links, as in cargo's messages.
    pub(super) cargo_toml: PathBuf,
    /// The tool that builds it.
    pub(super) tool: Tool,
    /// A feature that only cargo-component provides.
    pub(super) needs: Option<&'static str>,
    /// One of [`TARGETS`].
    pub(super) target: &'static str,
}

impl<'a> Crate<'a> {
    pub(super) fn read(
        manifest: &Manifest,
        index: usize,
        owner: &'a Subject,
        folder: &Path,
    ) -> Result<Self, Problem> {
        let cargo_toml = folder.join("Cargo.toml");
        let problem = |error: std::io::Error| {
            manifest
                .problem(
                    Code::MissingCrate,
                    owner,
                    format!("{} cannot be read: {error}", shown(&cargo_toml)),
                    "`path` must name a crate's folder",
                )
                .at(manifest.value_of(owner, &["path"]))
        };
        let text = std::fs::read_to_string(&cargo_toml).map_err(problem)?;
        let component = toml::from_str::<toml::Table>(&text).ok().and_then(|table| {
            Some(
                table
                    .get("package")?
                    .get("metadata")?
                    .get("component")?
                    .clone(),
            )
        });
        let cargo_toml = cargo_toml.canonicalize().map_err(problem)?;
        let target = target(&cargo_toml);
        Ok(Self {
            index,
            owner,
            tool: match component {
                Some(_) => Tool::CargoComponent,
                None => Tool::Cargo,
            },
            needs: component.and_then(|component| needed(&component, target)),
            target,
            cargo_toml,
        })
    }

    pub(super) fn folder(&self) -> &Path {
        self.cargo_toml.parent().unwrap_or(Path::new("/"))
    }
}

/// The target in cargo's settings for a crate: `[build] target` of the nearest `.cargo/config.toml`
/// in the crate's folder or above it.
pub(super) fn target(cargo_toml: &Path) -> &'static str {
    let folders = cargo_toml.ancestors().skip(1);
    let named = folders.into_iter().find_map(|folder| {
        let settings = folder.join(".cargo");
        let text = std::fs::read_to_string(settings.join("config.toml"))
            .or_else(|_| std::fs::read_to_string(settings.join("config")))
            .ok()?;
        let table: toml::Table = toml::from_str(&text).ok()?;
        match table.get("build")?.get("target")? {
            toml::Value::Array(targets) => targets.first()?.as_str().map(String::from),
            target => target.as_str().map(String::from),
        }
    });
    let known = |target: &&&str| named.as_deref() == Some(**target);
    TARGETS.iter().find(known).unwrap_or(&TARGETS[0])
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn the_nearest_settings_of_cargo_choose_the_target() {
        let home = tempfile::tempdir().expect("a folder");
        let target_of = |crate_name: &str| target(&home.path().join(crate_name).join("Cargo.toml"));
        let write = |folder: &str, text: &str| {
            let folder = home.path().join(folder).join(".cargo");
            fs::create_dir_all(&folder).expect("a folder");
            fs::write(folder.join("config.toml"), text).expect("written");
        };
        assert_eq!(target_of("a"), "wasm32-unknown-unknown");
        write("", "[build]\ntarget = \"wasm32-wasip2\"\n");
        assert_eq!(target_of("a"), "wasm32-wasip2");
        write("a", "[build]\ntarget = [\"wasm32-wasip1\"]\n");
        assert_eq!(target_of("a"), "wasm32-wasip1");
        assert_eq!(target_of("b"), "wasm32-wasip2");
        // Settings about something else name no target, and a native target does not apply to a
        // component.
        write("b", "[build]\njobs = 1\n");
        assert_eq!(target_of("b"), "wasm32-wasip2");
        write("b", "[build]\ntarget = \"x86_64-unknown-linux-gnu\"\n");
        assert_eq!(target_of("b"), "wasm32-unknown-unknown");
    }
}
