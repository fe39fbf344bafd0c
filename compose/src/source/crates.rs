//! Crates, built by the tool that each is made for.
//!
//! A call of cargo that has nothing to do takes a tenth of a second, so crates of one workspace share one. Only those
//! do that become the same as if each was built alone: cargo joins the features that the crates of one call want of a
//! dependency, so those that want different ones are built by different calls.

use super::shown;
use crate::manifest::Manifest;
use crate::problem::{Code, Problem, Subject};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

/// The targets that crates can be built for. The first one is meant where cargo's settings name none of
/// them: nothing of a host can be imported there.
const TARGETS: &[&str] = &["wasm32-unknown-unknown", "wasm32-wasip1", "wasm32-wasip2"];

/// Builds crates, and answers where the component of each is.
pub fn build(manifest: &Manifest, wanted: &[(&Subject, PathBuf)]) -> Vec<Result<PathBuf, Problem>> {
    let started = Instant::now();
    let mut answers: Vec<Option<Result<PathBuf, Problem>>> = wanted.iter().map(|_| None).collect();
    let mut crates = Vec::new();
    for (index, (owner, folder)) in wanted.iter().enumerate() {
        match Crate::read(manifest, index, owner, folder) {
            Ok(one) => crates.push(one),
            Err(problem) => answers[index] = Some(Err(problem)),
        }
    }
    for (index, problem) in choose_tools(manifest, &mut crates, has_cargo_component) {
        answers[index] = Some(Err(problem));
    }
    crates.retain(|one| answers[one.index].is_none());
    let workspaces = workspaces(&crates);
    let groups = groups(&crates, &workspaces);
    for group in &groups {
        for (index, answer) in call(manifest, group) {
            answers[index] = Some(answer);
        }
    }
    if !groups.is_empty() {
        let (handlers, calls, took) = (crates.len(), groups.len(), started.elapsed());
        tracing::info!("built {handlers} handlers by {calls} calls of cargo in {took:.1?}");
    }
    let never = |(answer, (owner, _)): (Option<Result<PathBuf, Problem>>, &(&Subject, PathBuf))| {
        answer.unwrap_or_else(|| Err(nothing_built(manifest, owner)))
    };
    answers.into_iter().zip(wanted).map(never).collect()
}

/// A crate that is to be built.
struct Crate<'a> {
    /// Its place among those that are wanted.
    index: usize,
    owner: &'a Subject,
    /// Absolute, without links: as cargo names it.
    cargo_toml: PathBuf,
    /// What builds it.
    tool: Tool,
    /// What only cargo-component makes of it.
    needs: Option<&'static str>,
    /// One of [`TARGETS`].
    target: &'static str,
}

impl<'a> Crate<'a> {
    fn read(
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

    fn folder(&self) -> &Path {
        self.cargo_toml.parent().unwrap_or(Path::new("/"))
    }
}

/// What builds a crate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tool {
    Cargo,
    /// For crates with `[package.metadata.component]`.
    CargoComponent,
}

impl Tool {
    fn args(self) -> &'static [&'static str] {
        match self {
            Self::Cargo => &["build"],
            Self::CargoComponent => &["component", "build"],
        }
    }
}

/// What only cargo-component makes of a crate with this `[package.metadata.component]`. Everything else is a crate that
/// cargo builds as well: the composer makes a component of its module.
fn needed(component: &toml::Value, target: &str) -> Option<&'static str> {
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

/// Leaves crates to cargo if cargo-component is not installed, and says so once. The problems are of those that need it.
fn choose_tools(
    manifest: &Manifest,
    crates: &mut [Crate<'_>],
    installed: impl FnOnce() -> bool,
) -> Vec<(usize, Problem)> {
    let is_for = |one: &&mut Crate<'_>| one.tool == Tool::CargoComponent;
    let mut projects: Vec<_> = crates.iter_mut().filter(is_for).collect();
    if projects.is_empty() || installed() {
        return Vec::new();
    }
    let (mut left, mut problems) = (Vec::new(), Vec::new());
    for one in &mut projects {
        match one.needs {
            None => {
                one.tool = Tool::Cargo;
                left.push(one.owner.name());
            }
            Some(why) => problems.push((
                one.index,
                manifest
                    .problem(
                        Code::BuildFailed,
                        one.owner,
                        format!("cargo-component is not installed, and {why}"),
                        "`cargo install cargo-component`",
                    )
                    .at(manifest.value_of(one.owner, &["path"])),
            )),
        }
    }
    if !left.is_empty() {
        eprintln!(
            "cargo-component is not installed: plain cargo builds {} instead",
            left.join(", ")
        );
    }
    problems
}

/// Does cargo find cargo-component?
fn has_cargo_component() -> bool {
    cargo()
        .args(["component", "--version"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// What cargo says of a workspace.
#[derive(Debug, Deserialize)]
struct Workspace {
    workspace_root: PathBuf,
    target_directory: PathBuf,
    packages: Vec<Package>,
}

#[derive(Debug, Deserialize)]
struct Package {
    name: String,
    manifest_path: PathBuf,
    dependencies: Vec<Dependency>,
    targets: Vec<Target>,
}

#[derive(Debug, Deserialize)]
struct Target {
    name: String,
    kind: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Dependency {
    name: String,
    kind: Option<String>,
    features: BTreeSet<String>,
    uses_default_features: bool,
}

/// What is wanted of each dependency.
type Wants = BTreeMap<String, (BTreeSet<String>, bool)>;

impl Workspace {
    fn package(&self, cargo_toml: &Path) -> Option<&Package> {
        self.packages
            .iter()
            .find(|package| package.manifest_path == cargo_toml)
    }

    /// What a package wants of its dependencies, and those of them that are members of theirs. What the registry's
    /// packages want of each other is left to cargo.
    fn wants(&self, package: &Package) -> Wants {
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

/// The workspaces that crates are in, as far as cargo can tell: a broken one is told of by the build.
fn workspaces(crates: &[Crate<'_>]) -> Vec<Workspace> {
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

/// Crates that one call builds.
struct Group<'a> {
    crates: Vec<(&'a Crate<'a>, Option<&'a Package>)>,
    workspace: Option<&'a Path>,
    wants: Wants,
}

fn groups<'a>(crates: &'a [Crate<'a>], workspaces: &'a [Workspace]) -> Vec<Group<'a>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for one in crates {
        let known = workspaces
            .iter()
            .find_map(|workspace| Some((workspace, workspace.package(&one.cargo_toml)?)));
        let shared = known
            .filter(|(workspace, _)| !has_own_settings(one.folder(), &workspace.workspace_root));
        let Some((workspace, package)) = shared else {
            groups.push(Group {
                crates: vec![(one, None)],
                workspace: None,
                wants: Wants::new(),
            });
            continue;
        };
        let wants = workspace.wants(package);
        let root = Some(workspace.workspace_root.as_path());
        let agrees = |group: &&mut Group<'_>| {
            let differs = |(name, want): (&String, &_)| {
                group.wants.get(name).is_some_and(|other| other != want)
            };
            group.workspace == root
                && group.crates[0].0.tool == one.tool
                && group.crates[0].0.target == one.target
                && !wants.iter().any(differs)
        };
        match groups.iter_mut().find(agrees) {
            Some(group) => {
                group.crates.push((one, Some(package)));
                group.wants.extend(wants);
            }
            None => groups.push(Group {
                crates: vec![(one, Some(package))],
                workspace: root,
                wants,
            }),
        }
    }
    groups
}

/// Does a folder below a workspace's root have settings that cargo sees from there only?
fn has_own_settings(folder: &Path, root: &Path) -> bool {
    const SETTINGS: &[&str] = &[
        ".cargo/config.toml",
        ".cargo/config",
        "rust-toolchain.toml",
        "rust-toolchain",
    ];
    let below = folder.ancestors().take_while(|ancestor| *ancestor != root);
    below
        .into_iter()
        .any(|folder| SETTINGS.iter().any(|file| folder.join(file).exists()))
}

/// One call of cargo, and what came of each crate.
fn call(manifest: &Manifest, group: &Group<'_>) -> Vec<(usize, Result<PathBuf, Problem>)> {
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
        // One that fails keeps no others from being built, or from failing, too.
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
            // In a call for several, others may have failed.
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

/// Does the toolchain of a folder lack the standard library of a target?
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

/// The target that cargo's settings name for a crate: `[build] target` of the nearest `.cargo/config.toml` in the
/// crate's folder or above it.
fn target(cargo_toml: &Path) -> &'static str {
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

fn nothing_built(manifest: &Manifest, owner: &Subject) -> Problem {
    manifest.problem(
        Code::NothingBuilt,
        owner,
        "the crate made no component",
        "set `crate-type = [\"cdylib\"]` in the [lib] table of its Cargo.toml",
    )
}

fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// Where the component of a crate lies if it was built before.
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
    use std::fs;

    /// What builds crates with these `Cargo.toml` and targets where cargo-component is not installed.
    fn tools(crates: &[(&str, &str)]) -> (Vec<Tool>, Vec<Problem>) {
        let home = tempfile::tempdir().expect("a folder");
        let text = "[app]\nname = \"x\"\n[handlers.a]\npath = \"a\"\n";
        let manifest =
            Manifest::parse(&home.path().join("annals.toml"), text.into()).expect("legal");
        let owner = Subject::from("a");
        let read = |(index, (metadata, target)): (usize, &(&str, &str))| {
            let folder = home.path().join(index.to_string());
            fs::create_dir_all(folder.join(".cargo")).expect("a folder");
            let settings = format!("[build]\ntarget = \"{target}\"\n");
            fs::write(folder.join(".cargo/config.toml"), settings).expect("written");
            let text = format!("[package]\nname = \"a\"\n{metadata}");
            fs::write(folder.join("Cargo.toml"), text).expect("written");
            Crate::read(&manifest, index, &owner, &folder).expect("a crate")
        };
        let mut crates: Vec<_> = crates.iter().enumerate().map(read).collect();
        let problems = choose_tools(&manifest, &mut crates, || false);
        let tools = crates.iter().map(|one| one.tool).collect();
        (tools, problems.into_iter().map(|(_, one)| one).collect())
    }

    #[test]
    fn cargo_builds_the_projects_of_cargo_component_that_need_nothing_of_it() {
        const PROJECT: &str = "[package.metadata.component]\npackage = \"a:b\"\n";
        let bare = format!("{PROJECT}[package.metadata.component.dependencies]\n");
        let unknown = "wasm32-unknown-unknown";
        let crates = [
            ("", unknown),
            (PROJECT, unknown),
            (&bare, unknown),
            (PROJECT, "wasm32-wasip2"),
        ];
        let (tools, problems) = tools(&crates);
        assert!(problems.is_empty(), "{problems:?}");
        assert_eq!(tools, [Tool::Cargo; 4]);
    }

    #[test]
    fn projects_that_need_cargo_component_say_why() {
        const PROJECT: &str = "[package.metadata.component]\npackage = \"a:b\"\n";
        let world = format!("{PROJECT}[package.metadata.component.target]\npath = \"wit\"\n");
        let used =
            format!("{PROJECT}[package.metadata.component.dependencies]\n\"a:c\" = \"1.0.0\"\n");
        let unknown = "wasm32-unknown-unknown";
        let crates = [
            (&*world, unknown),
            (&*used, unknown),
            (PROJECT, "wasm32-wasip1"),
        ];
        let (_, problems) = tools(&crates);
        let said: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(said.len(), 3, "{said:?}");
        for (said, why) in said
            .iter()
            .zip(["`target`", "dependencies]", "wasm32-wasip1"])
        {
            let told = said.contains("cargo-component is not installed") && said.contains(why);
            assert!(told && said.contains("cargo install"), "{said}");
        }
    }

    #[test]
    fn advice_about_targets_is_for_those_that_are_missing() {
        let here = Path::new(".");
        assert!(!is_missing("wasm32-unknown-unknown", here));
        // A target that rustc knows, and that nobody installs to build handlers.
        assert!(is_missing("riscv64gc-unknown-linux-musl", here));
        assert!(
            !is_missing("no-such-target", here),
            "cargo says that itself"
        );
    }

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
        // Settings about something else name no target, and a machine's is none for a component.
        write("b", "[build]\njobs = 1\n");
        assert_eq!(target_of("b"), "wasm32-wasip2");
        write("b", "[build]\ntarget = \"x86_64-unknown-linux-gnu\"\n");
        assert_eq!(target_of("b"), "wasm32-unknown-unknown");
    }
}
