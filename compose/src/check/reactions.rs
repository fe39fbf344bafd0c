//! Checks reactions, each by itself and all together.

use super::{Checked, Reaction};
use crate::descriptors::ReactionDescriptor;
use crate::kind::Kind;
use crate::manifest::{Formerly, Manifest};
use crate::problem::{Code, Problem, nearest};
use std::collections::{BTreeMap, BTreeSet};

/// Maximum length of a view's name, and of a reaction's own name, in bytes.
const MAX_NAME: usize = 64;

/// Gives reactions the names by which the application and its store know them: a projector's first
/// view, and any other reaction's own name.
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
                format!("exports the interface of {kind}s, but contains none"),
                "name them in `annals::export!(..)`",
            ));
        }
        for mut descriptor in descriptors {
            let view = descriptor.views.first();
            if let (Kind::Projector, Some(view)) = (kind, view) {
                descriptor.name = view.clone();
            }
            reactions.push(Reaction { kind, descriptor });
        }
    }
    reactions
}

/// Checks a reaction's own description.
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
    if *kind != Kind::Projector && !legal_name(own) {
        problem(
            format!("holds a {kind} that is named `{own}`"),
            "set NAME to 1 to 64 letters, digits, `-` and `_`: the name is part of URLs, and the store identifies the reaction by it",
        );
    }
    if descriptor.version == 0 {
        problem(
            format!("`{own}` declares version 0"),
            "versions of a reaction start at 1",
        );
    }
    if *kind != Kind::Notifier && descriptor.concurrency > 1 {
        problem(
            format!(
                "`{own}` declares a concurrency of {}, but a {kind} receives events one after the other",
                descriptor.concurrency
            ),
            "declare a concurrency of 1; only notifiers may declare more",
        );
    }
    if *kind == Kind::Notifier && descriptor.concurrency == 0 {
        problem(
            format!("`{own}` declares a concurrency of 0, so it could not receive any event"),
            "declare 1, or more if it may receive events of different streams at the same time",
        );
    }
    if *kind != Kind::Projector {
        return;
    }
    if descriptor.views.is_empty() {
        problem(
            format!("holds a projector `{own}` that keeps no view"),
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

fn legal_name(name: &str) -> bool {
    (1..=MAX_NAME).contains(&name.len())
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

fn legal_view(view: &str) -> bool {
    let mut bytes = view.bytes();
    view.len() <= MAX_NAME
        && bytes.next().is_some_and(|b| b.is_ascii_lowercase())
        && bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_')
}

/// All reactions, with the names of their components.
fn all(handlers: &[Checked]) -> impl Iterator<Item = (&str, &Reaction)> {
    handlers.iter().flat_map(|checked| {
        let name = checked.handler.name.as_str();
        checked
            .reactions
            .iter()
            .map(move |reaction| (name, reaction))
    })
}

/// Checks that each view has one projector.
pub fn views(manifest: &Manifest, handlers: &[Checked], problems: &mut Vec<Problem>) {
    let mut keepers: BTreeMap<&str, (&Reaction, &str)> = BTreeMap::new();
    let projectors = all(handlers).filter(|(_, reaction)| reaction.kind == Kind::Projector);
    for (name, reaction) in projectors {
        for view in &reaction.descriptor.views {
            let Some((other, keeper)) = keepers.insert(view, (reaction, name)) else {
                continue;
            };
            let what = if std::ptr::eq(other, reaction) {
                format!(
                    "`{}` names the view `{view}` twice",
                    reaction.descriptor.name
                )
            } else if keeper == name {
                format!("holds two projectors that keep the view `{view}`")
            } else {
                format!("keeps the view `{view}`, which `{keeper}` keeps too")
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

/// Checks that no two reactions share a name: the store could not distinguish them. [`views`]
/// reports those that share a view.
pub fn duplicates(manifest: &Manifest, handlers: &[Checked], problems: &mut Vec<Problem>) {
    let mut known: BTreeMap<&str, (Kind, &str)> = BTreeMap::new();
    for (name, Reaction { kind, descriptor }) in all(handlers) {
        let Some((other, holder)) = known.insert(&descriptor.name, (*kind, name)) else {
            continue;
        };
        if (other, *kind) == (Kind::Projector, Kind::Projector) {
            continue;
        }
        let own = &descriptor.name;
        let what = if other == *kind {
            format!("holds a {kind} that is named `{own}`, like another one")
        } else {
            format!("holds a {kind} that is named `{own}`, like a {other}")
        };
        let problem = manifest.problem(
            Code::DuplicateReaction,
            name,
            what,
            "give each reaction of the application a name of its own; a projector's is its view",
        );
        let first = manifest.value(&["handlers", holder]);
        problems.push(problem.beside(first, format!("holds the other `{own}`")));
    }
}

/// Checks that each former name belongs to one existing reaction, and that no current reaction has
/// it.
pub fn former_names(manifest: &Manifest, handlers: &[Checked], problems: &mut Vec<Problem>) {
    let known: BTreeSet<&str> = all(handlers)
        .map(|(_, reaction)| reaction.descriptor.name.as_str())
        .collect();
    let mut takers: BTreeMap<&str, &str> = BTreeMap::new();
    for checked in handlers {
        let name = checked.handler.name.as_str();
        let Some(entry) = manifest.handlers.get(name) else {
            continue;
        };
        let mut problem = |what: String, remedy: String| {
            let place = manifest.value_of(&name.into(), &["formerly"]);
            problems.push(
                manifest
                    .problem(Code::FormerName, name, what, remedy)
                    .at(place),
            );
        };
        let reactions = checked.reactions.iter();
        let own: Vec<&str> = reactions.map(|one| one.descriptor.name.as_str()).collect();
        let by_name: Vec<(&str, &[String])> = match &entry.formerly {
            Formerly::One(names) if names.is_empty() => continue,
            Formerly::One(names) => match own.as_slice() {
                [only] => vec![(*only, names.as_slice())],
                [] => {
                    problem(
                        "has `formerly`, but contains no reaction; the store does not identify deciders by a name".into(),
                        "remove `formerly`".into(),
                    );
                    continue;
                }
                [first, ..] => {
                    problem(
                        format!(
                            "has `formerly` and {} reactions, so it is not clear which of them had these names",
                            own.len()
                        ),
                        format!("list the names of each: `formerly = {{ {first} = [\"..\"] }}`"),
                    );
                    continue;
                }
            },
            Formerly::Several(by_name) => by_name
                .iter()
                .map(|(name, names)| (name.as_str(), names.as_slice()))
                .collect(),
        };
        for (reaction, names) in by_name {
            if !own.contains(&reaction) {
                let what = format!("has `formerly` for `{reaction}`, which it does not contain");
                problem(what, format!("it holds {}", own.join(", ")));
            }
            for former in names {
                if former != reaction && known.contains(former.as_str()) {
                    problem(
                        format!(
                            "declares that `{reaction}` was `{former}` before, but `{former}` still exists"
                        ),
                        "a reaction can take over only from a removed one: rename one of them"
                            .into(),
                    );
                }
                if let Some(other) = takers.insert(former, reaction) {
                    problem(
                        format!(
                            "declares that `{reaction}` was `{former}` before, and so does `{other}`"
                        ),
                        "one reaction can take over from another: remove the name from one of them"
                            .into(),
                    );
                }
            }
        }
    }
}

/// Checks that a decider handles each command of a process manager.
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
                        "`{}` emits the command `{command}`, which no decider handles",
                        descriptor.name
                    ),
                    did_you_mean(command, &known, "add a decider that handles it"),
                ));
            }
        }
    }
}

/// Checks that the event types of reactions occur. An event that a decider only folds counts,
/// because earlier versions of the decider may have written it.
pub fn unknown_events(manifest: &Manifest, handlers: &[Checked], problems: &mut Vec<Problem>) {
    let known: BTreeSet<&str> = handlers
        .iter()
        .flat_map(|checked| &checked.deciders)
        .flat_map(|decider| decider.emits.iter().chain(&decider.folds))
        .map(String::as_str)
        .collect();
    for (name, Reaction { descriptor, .. }) in all(handlers) {
        for event in &descriptor.event_types {
            if !known.contains(event.as_str()) {
                problems.push(manifest.problem(
                    Code::UnknownEvent,
                    name,
                    format!(
                        "`{}` reads the event `{event}`, which no decider emits",
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
