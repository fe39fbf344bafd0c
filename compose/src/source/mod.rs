//! Locates the components that the user brings, and builds those for which the manifest names a
//! crate or a command.
//!
//! # Layout
//!
//! - [`crates`]: builds crates, those of a workspace by one call of cargo if possible.
//! - [`command`]: runs the user's commands; a command with named inputs runs again only if they
//!   changed.
//! - [`files`]: walks over source files, and leaves out generated ones.
//! - [`built`]: locates components from earlier builds, for callers that must not wait.

pub mod built;
pub mod command;
pub mod crates;
pub mod files;

use crate::cache::Cache;
use crate::manifest::{Manifest, Origin};
use crate::problem::{Code, Problem, Subject};
use crate::{limits, read};
use std::path::{Path, PathBuf};

/// A component to load.
pub struct Wanted<'a> {
    /// The handler or part that it is for.
    pub owner: Subject,
    /// Its source.
    pub origin: &'a Origin,
}

/// Loads the components, in their order.
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
        // The results have one entry for each crate, in their order.
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
    let mut left = limits::ALL_FILES_BYTES;
    let read = |(one, file): (&Wanted<'_>, Result<PathBuf, Problem>)| {
        let file = file?;
        let place = |key| manifest.value_of(&one.owner, &[key]);
        let place = || place("component").or_else(|| place("path"));
        let bytes = read::file(&file, limits::FILE_BYTES).map_err(|error| {
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
                        limits::ALL_FILES_BYTES >> 20
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
