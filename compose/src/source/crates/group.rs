//! Groups crates that one call of cargo can build.

use super::member::Crate;
use super::workspace::{Package, Wants, Workspace};
use std::path::Path;

/// Crates that one call of cargo builds.
pub(super) struct Group<'a> {
    pub(super) crates: Vec<(&'a Crate<'a>, Option<&'a Package>)>,
    pub(super) workspace: Option<&'a Path>,
    pub(super) wants: Wants,
}

pub(super) fn groups<'a>(crates: &'a [Crate<'a>], workspaces: &'a [Workspace]) -> Vec<Group<'a>> {
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

/// True if a folder below a workspace's root has settings that cargo reads only from there.
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
