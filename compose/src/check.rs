//! Judges the handlers, each and all together. Collects every problem before it gives up.

use crate::manifest::Manifest;
use crate::probe::{DeciderDescriptor, Handler, Prober};
use crate::problem::{Problem, nearest};
use std::collections::BTreeMap;

/// A handler that may be composed.
pub struct Checked {
    /// Its component.
    pub handler: Handler,
    /// Its deciders, named as the application knows them.
    pub deciders: Vec<DeciderDescriptor>,
}

/// Checks one handler by itself.
///
/// # Errors
///
/// Every problem with it.
pub fn handler(
    manifest: &Manifest,
    prober: &Prober,
    handler: Handler,
) -> Result<Checked, Vec<Problem>> {
    let mut problems = Vec::new();
    let name = handler.name.clone();
    let deciders = crate::contract("deciders");
    if !handler.exports.contains(&deciders) {
        problems.push(no_kind(manifest, &handler, &deciders));
    }
    let types = crate::contract("types");
    for import in handler.imports.iter().filter(|import| **import != types) {
        problems.push(manifest.problem(
            &name,
            format!("imports `{import}`, and a decider is pure: it may import nothing"),
            import_remedy(import),
        ));
    }
    if let Some(allow) = manifest
        .handlers
        .get(&name)
        .map(|entry| &entry.get_ref().allow)
        && !allow.is_empty()
    {
        problems.push(manifest.problem(
            &name,
            format!(
                "is granted `{}`, and a decider can be granted nothing",
                allow.join("`, `")
            ),
            "remove `allow`; side effects belong in a notifier",
        ));
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let described = prober.describe(&handler).map_err(|error| {
        vec![manifest.problem(
            &name,
            format!("{error:#}"),
            "`describe` must return constants; run the handler's own tests",
        )]
    })?;
    let deciders = named(manifest, &name, described, &mut problems);
    for decider in &deciders {
        descriptor(manifest, &name, decider, &mut problems);
    }
    if problems.is_empty() {
        Ok(Checked { handler, deciders })
    } else {
        Err(problems)
    }
}

/// Checks all handlers against each other.
#[must_use]
pub fn together(manifest: &Manifest, handlers: &[Checked]) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut routes: BTreeMap<&str, (&str, &str)> = BTreeMap::new();
    for checked in handlers {
        let name = checked.handler.name.as_str();
        for decider in &checked.deciders {
            for command in &decider.commands {
                let command = command.command_type.as_str();
                if let Some((other, other_decider)) = routes.insert(command, (name, &decider.name))
                {
                    let both = if other == name {
                        format!(
                            "`{other_decider}` and `{}` in it both handle `{command}`",
                            decider.name
                        )
                    } else {
                        format!("handles `{command}`, which `{other}` handles too")
                    };
                    problems.push(manifest.problem(
                        name,
                        both,
                        "a command has one decider: rename one of the commands, or remove a handler",
                    ));
                }
            }
        }
    }
    problems
}

fn no_kind(manifest: &Manifest, handler: &Handler, wanted: &str) -> Problem {
    let near = handler
        .exports
        .iter()
        .find(|export| export.starts_with("annals:es/"));
    match near {
        Some(other) if other.split('@').next() == wanted.split('@').next() => manifest.problem(
            &handler.name,
            format!("speaks another version of the contract: it exports `{other}`, not `{wanted}`"),
            "build it with the SDK of this composer's version",
        ),
        Some(other) => manifest.problem(
            &handler.name,
            format!("exports `{other}`, which this version does not compose"),
            "this version composes deciders only",
        ),
        None => manifest.problem(
            &handler.name,
            format!(
                "exports no handler: it has {}",
                if handler.exports.is_empty() {
                    "no exports".into()
                } else {
                    format!("`{}`", handler.exports.join("`, `"))
                }
            ),
            "call `annals::export!(..)` in its lib.rs with the deciders to export",
        ),
    }
}

fn import_remedy(import: &str) -> String {
    let use_instead = if import.starts_with("wasi:clocks") {
        "take the time from the context (`ctx.now()`)"
    } else if import.starts_with("wasi:random") {
        "take randomness from the context (`ctx.seed()`)"
    } else {
        "remove what needs it"
    };
    format!(
        "{use_instead}, and build for wasm32-unknown-unknown (or set `path` to its crate, which does)"
    )
}

/// Gives deciders the names by which the application knows them: the manifest's, and for one of
/// several in a component that name, a dot, and its own.
fn named(
    manifest: &Manifest,
    name: &str,
    mut deciders: Vec<DeciderDescriptor>,
    problems: &mut Vec<Problem>,
) -> Vec<DeciderDescriptor> {
    if deciders.is_empty() {
        problems.push(manifest.problem(
            name,
            "holds no deciders",
            "name them in `annals::export!(..)`",
        ));
    }
    let cadence = manifest
        .handlers
        .get(name)
        .and_then(|entry| entry.get_ref().snapshot_every);
    let several = deciders.len() > 1;
    for decider in &mut deciders {
        decider.name = if several {
            format!("{name}.{}", decider.name)
        } else {
            name.into()
        };
        if let Some(cadence) = cadence {
            decider.snapshot_every = cadence;
        }
    }
    deciders
}

fn descriptor(
    manifest: &Manifest,
    name: &str,
    decider: &DeciderDescriptor,
    problems: &mut Vec<Problem>,
) {
    let mut category = decider.category.bytes();
    let legal = category.next().is_some_and(|b| b.is_ascii_lowercase())
        && category.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    if !legal {
        problems.push(manifest.problem(
            name,
            format!("declares the category `{}`", decider.category),
            "a category is a lower-case letter, then lower-case letters, digits and `_`",
        ));
    }
    if decider.commands.is_empty() {
        problems.push(manifest.problem(
            name,
            format!("`{}` handles no commands", decider.name),
            "give its command type at least one variant",
        ));
    }
    for command in &decider.commands {
        if command.command_type.is_empty() || command.command_type.contains(['/', '?', '#', '%']) {
            problems.push(manifest.problem(
                name,
                format!("handles a command named `{}`", command.command_type),
                "a command's name is part of a URL: use letters and digits",
            ));
        }
    }
    for event in &decider.emits {
        if !decider.folds.contains(event) {
            let remedy = match nearest(event, decider.folds.iter().map(String::as_str)) {
                Some(near) => format!("fold it in `evolve` (it folds `{near}`)"),
                None => "fold it in `evolve`".into(),
            };
            problems.push(manifest.problem(
                name,
                format!("emits `{event}` and does not fold it, so it would decide without its own events"),
                remedy,
            ));
        }
    }
}
