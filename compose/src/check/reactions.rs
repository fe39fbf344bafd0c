//! Judges reactions, each and all together.

use super::{Checked, Reaction};
use crate::kind::Kind;
use crate::manifest::Manifest;
use crate::probe::ReactionDescriptor;
use crate::problem::{Code, Problem, nearest};
use std::collections::{BTreeMap, BTreeSet};

/// Bytes of a view's name, and of a reaction's own.
const MAX_NAME: usize = 64;

/// Gives reactions the names by which the application knows them: the manifest's, and for one of
/// several in a component, of whatever kinds, that name, a dot, and its own.
pub fn named(
    manifest: &Manifest,
    name: &str,
    described: Vec<(Kind, Vec<ReactionDescriptor>)>,
    problems: &mut Vec<Problem>,
) -> Vec<Reaction> {
    let mut reactions = Vec::new();
    for (kind, descriptors) in described {
        if descriptors.is_empty() {
            problems.push(manifest.problem(
                Code::HollowHandler,
                name,
                format!("holds no {kind}s, and says that it does"),
                "name them in `annals::export!(..)`",
            ));
        }
        reactions.extend(
            descriptors
                .into_iter()
                .map(|descriptor| Reaction { kind, descriptor }),
        );
    }
    if reactions.len() == 1 {
        reactions[0].descriptor.name = name.into();
        return reactions;
    }
    let mut own = BTreeMap::new();
    for reaction in &mut reactions {
        let kind = reaction.kind;
        let descriptor = &mut reaction.descriptor;
        let legal = (1..=MAX_NAME).contains(&descriptor.name.len())
            && descriptor
                .name
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        if !legal {
            problems.push(manifest.problem(
                Code::IllegalDescriptor,
                name,
                format!("holds a {kind} that is named `{}`", descriptor.name),
                "a reaction's name is part of a URL: use letters, digits, `-` and `_`, at most 64",
            ));
        }
        if let Some(other) = own.insert(descriptor.name.clone(), kind) {
            problems.push(manifest.problem(
                Code::DuplicateReaction,
                name,
                if other == kind {
                    format!("holds two {kind}s that are named `{}`", descriptor.name)
                } else {
                    format!(
                        "holds a {other} and a {kind} that are both named `{}`",
                        descriptor.name
                    )
                },
                "give each reaction of a component a name of its own",
            ));
        }
        descriptor.name = format!("{name}.{}", descriptor.name);
    }
    reactions
}

/// Checks what a reaction says of itself.
pub fn descriptor(
    manifest: &Manifest,
    name: &str,
    Reaction { kind, descriptor }: &Reaction,
    problems: &mut Vec<Problem>,
) {
    let own = &descriptor.name;
    let mut problem = |what: String, remedy: &str| {
        problems.push(manifest.problem(Code::IllegalDescriptor, name, what, remedy));
    };
    if descriptor.version == 0 {
        problem(
            format!("`{own}` declares version 0"),
            "versions of a reaction count from 1",
        );
    }
    if *kind != Kind::Notifier && descriptor.lanes > 1 {
        problem(
            format!(
                "`{own}` declares {} lanes, and a {kind} is given events one after the other",
                descriptor.lanes
            ),
            "declare 1 lane; only notifiers may have more",
        );
    }
    if *kind == Kind::Notifier && descriptor.lanes == 0 {
        problem(
            format!("`{own}` declares no lanes, so that no event could reach it"),
            "declare 1 lane, or more if events of different streams may come at once",
        );
    }
    if *kind != Kind::Projector {
        return;
    }
    if descriptor.views.is_empty() {
        problem(
            format!("`{own}` keeps no view"),
            "name at least one view that it keeps",
        );
    }
    for view in &descriptor.views {
        if !legal_view(view) {
            problem(
                format!("`{own}` keeps a view named `{view}`"),
                "a view's name is a lower-case letter, then lower-case letters, digits, `-` and `_`, at most 64",
            );
        }
    }
}

fn legal_view(view: &str) -> bool {
    let mut bytes = view.bytes();
    view.len() <= MAX_NAME
        && bytes.next().is_some_and(|b| b.is_ascii_lowercase())
        && bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_')
}

/// All reactions with the names of their components.
fn all(handlers: &[Checked]) -> impl Iterator<Item = (&str, &Reaction)> {
    handlers.iter().flat_map(|checked| {
        let name = checked.handler.name.as_str();
        checked
            .reactions
            .iter()
            .map(move |reaction| (name, reaction))
    })
}

/// A view has one projector.
pub fn views(manifest: &Manifest, handlers: &[Checked], problems: &mut Vec<Problem>) {
    let mut keepers: BTreeMap<&str, (&str, &str)> = BTreeMap::new();
    let projectors = all(handlers).filter(|(_, reaction)| reaction.kind == Kind::Projector);
    for (name, Reaction { descriptor, .. }) in projectors {
        for view in &descriptor.views {
            let Some((other, keeper)) = keepers.insert(view, (&descriptor.name, name)) else {
                continue;
            };
            let what = if other == descriptor.name {
                format!("`{other}` names the view `{view}` twice")
            } else {
                format!(
                    "`{}` keeps the view `{view}`, which `{other}` keeps too",
                    descriptor.name
                )
            };
            let problem = manifest.problem(
                Code::DuplicateView,
                name,
                what,
                "a view has one projector: rename one of the views, or remove a projector",
            );
            let first = manifest.value(&["handlers", keeper]);
            problems.push(problem.beside(first, format!("keeps `{view}` too")));
        }
    }
}

/// A process manager's commands are handled by somebody.
pub fn unknown_commands(manifest: &Manifest, handlers: &[Checked], problems: &mut Vec<Problem>) {
    let known: BTreeSet<&str> = handlers
        .iter()
        .flat_map(|checked| &checked.deciders)
        .flat_map(|decider| &decider.commands)
        .map(|command| command.command_type.as_str())
        .collect();
    let managers = all(handlers).filter(|(_, reaction)| reaction.kind == Kind::ProcessManager);
    for (name, Reaction { descriptor, .. }) in managers {
        for command in &descriptor.emits {
            if !known.contains(command.as_str()) {
                problems.push(manifest.problem(
                    Code::UnhandledCommand,
                    name,
                    format!(
                        "`{}` emits the command `{command}`, which nobody handles",
                        descriptor.name
                    ),
                    did_you_mean(command, &known, "add a decider that handles it"),
                ));
            }
        }
    }
}

/// Events that reactions want occur. Types that a decider only folds count: they may lie in the log
/// from earlier versions of it.
pub fn unknown_events(manifest: &Manifest, handlers: &[Checked], problems: &mut Vec<Problem>) {
    let known: BTreeSet<&str> = handlers
        .iter()
        .flat_map(|checked| &checked.deciders)
        .flat_map(|decider| decider.emits.iter().chain(&decider.folds))
        .map(String::as_str)
        .collect();
    for (name, Reaction { descriptor, .. }) in all(handlers) {
        for event in &descriptor.wants {
            if !known.contains(event.as_str()) {
                problems.push(manifest.problem(
                    Code::UnknownEvent,
                    name,
                    format!(
                        "`{}` wants the event `{event}`, which no decider emits",
                        descriptor.name
                    ),
                    did_you_mean(event, &known, "add a decider that emits it"),
                ));
            }
        }
    }
}

fn did_you_mean(name: &str, known: &BTreeSet<&str>, otherwise: &str) -> String {
    match nearest(name, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => otherwise.into(),
    }
}
