//! Finds the components that the user brings, building them where the manifest names crates or commands.
//!
//! # Layout
//!
//! - [`crates`]: crates, each workspace by one call of cargo where that is possible.
//! - [`command`]: commands of the user's own, which run again only if their inputs changed, if those are named.
//! - [`files`]: walks over files that somebody wrote, not over those that were made.
//! - [`built`]: what was built before, for those who must not wait for a build.

pub mod built;
pub mod command;
pub mod crates;
pub mod files;

use crate::cache::Cache;
use crate::manifest::{Manifest, Origin};
use crate::problem::{Code, Problem, Subject};
use crate::{limits, read};
use std::path::{Path, PathBuf};

/// A component that is wanted.
pub struct Wanted<'a> {
    /// Whose it is.
    pub owner: Subject,
    /// Where it comes from.
    pub origin: &'a Origin,
}

/// The same for many, in their order.
#[must_use]
pub fn load_all(
    manifest: &Manifest,
    wanted: &[Wanted<'_>],
    cache: &Cache,
) -> Vec<Result<Vec<u8>, Problem>> {
    let crates: Vec<(&Subject, PathBuf)> = wanted
        .iter()
        .filter_map(|one| {
            Some((
                &one.owner,
                manifest.folder().join(one.origin.path.as_ref()?),
            ))
        })
        .collect();
    let mut built = crates::build(manifest, &crates).into_iter();
    let file = |one: &Wanted<'_>| match (&one.origin.path, &one.origin.component) {
        // One for each crate, in their order.
        (Some(_), _) => built
            .next()
            .unwrap_or_else(|| Err(no_component(manifest, &one.owner))),
        (None, Some(component)) => {
            if one.origin.build.is_some() {
                command::run(manifest, &one.owner, one.origin, cache)?;
            }
            Ok(manifest.folder().join(component))
        }
        (None, None) => Err(no_component(manifest, &one.owner)),
    };
    let files: Vec<_> = wanted.iter().map(file).collect();
    let mut left = limits::FILES;
    let read = |(one, file): (&Wanted<'_>, Result<PathBuf, Problem>)| {
        let file = file?;
        let place = |key| manifest.value_of(&one.owner, &[key]);
        let place = || place("component").or_else(|| place("path"));
        let bytes = read::file(&file, limits::FILE).map_err(|error| {
            let problem = manifest.problem(
                Code::MissingFile,
                &one.owner,
                format!("{} cannot be read: {error}", shown(&file)),
                "build the component first, or correct its path in the manifest",
            );
            problem.at(place())
        })?;
        match left.checked_sub(bytes.len() as u64) {
            Some(rest) => left = rest,
            None => {
                let problem = manifest.problem(
                    Code::TooLarge,
                    &one.owner,
                    format!(
                        "with its file, the components are larger than {} MB together",
                        limits::FILES >> 20
                    ),
                    "build them with optimisations, and without debug information",
                );
                return Err(problem.at(place()));
            }
        }
        Ok(bytes)
    };
    wanted.iter().zip(files).map(read).collect()
}

/// A path as the user would write it.
fn shown(path: &Path) -> std::path::Display<'_> {
    path.strip_prefix(".").unwrap_or(path).display()
}

fn no_component(manifest: &Manifest, owner: &Subject) -> Problem {
    manifest.problem(
        Code::MissingKey,
        owner,
        "has no component",
        "set `path` or `component`",
    )
}
