//! Builds crates, each with its own tool.
//!
//! A call of cargo takes a tenth of a second even if nothing is to be built, so one call builds
//! several crates of a workspace. The result must be the same as if each crate was built alone.
//! Within one call, cargo unifies the dependency features that the crates require. Crates that
//! require different features are therefore built by different calls.
//!
//! # Layout
//!
//! | module | job |
//! |---|---|
//! | `member` | a crate that is to be built |
//! | `tool` | what builds it |
//! | `workspace` | what cargo says of the workspaces |
//! | `group` | which crates one call builds |
//! | `call` | the call |

mod call;
mod group;
mod member;
mod tool;
mod workspace;

use crate::manifest::Manifest;
use crate::problem::{Code, Problem, Subject};
use call::{call, nothing_built};
use group::groups;
use member::Crate;
use std::path::PathBuf;
use std::time::Instant;
use tool::{Tool, has_cargo_component};
pub use workspace::last_built;
use workspace::workspaces;

/// Builds crates, and returns the path of each component.
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

/// If cargo-component is not installed, lets cargo build what it can, and prints that once. Returns
/// problems for the crates that need cargo-component.
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    /// The tools for crates with these `Cargo.toml` and targets if cargo-component is not
    /// installed.
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
}
