//! Checks the handlers, each by itself and all together. It collects every problem before it fails.
//!
//! # Names
//!
//! The application knows a decider by the component's name in the manifest. If a component has
//! several deciders, each is `name.own`: the component's name, then the decider's own. The
//! application knows a reaction by the name that its author chose: a projector by its view, a
//! process manager or notifier by its own name. The store keeps a reaction's progress under that
//! name. The name therefore must not depend on the manifest, the component or other reactions.

mod categories;
mod events;
mod grants;
mod overrides;
mod printing;
mod reactions;

pub use overrides::{OwnPart, check as overrides};

use crate::descriptors::{DeciderDescriptor, ReactionDescriptor};
use crate::former::{self, Age};
use crate::grant::unversioned;
use crate::handler::Handler;
use crate::host::Host;
use crate::kind::Kind;
use crate::limits;
use crate::manifest::{Handler as Entry, Manifest};
use crate::probe::Prober;
use crate::problem::{Code, Problem, Subject, nearest};
use crate::read;
use crate::sandbox::Sandbox;
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// Maximum length of a category, in bytes. The rest of a stream's name is for the stream's id.
const MAX_CATEGORY: usize = 64;

/// A component that passed the checks.
pub struct Checked {
    /// The component.
    pub handler: Handler,
    /// Its sandbox, if it imports WASI.
    pub sandbox: Option<Sandbox>,
    /// Its deciders, with their names in the application.
    pub deciders: Vec<DeciderDescriptor>,
    /// Its reactions by kind, with their names in the application.
    pub reactions: Vec<Reaction>,
}

/// A reaction in a component.
pub struct Reaction {
    /// The kind: projector, process manager or notifier.
    pub kind: Kind,
    /// The reaction's own description.
    pub descriptor: ReactionDescriptor,
}

impl Checked {
    /// A note for the user that does not prevent the composition.
    #[must_use]
    pub fn note(&self) -> Option<String> {
        printing::note(&self.handler)
    }

    /// Its reactions of a kind, in the component's order.
    pub fn of(&self, kind: Kind) -> impl Iterator<Item = &ReactionDescriptor> {
        let reactions = self.reactions.iter();
        let reactions = reactions.filter(move |reaction| reaction.kind == kind);
        reactions.map(|reaction| &reaction.descriptor)
    }

    /// The number of handlers of a kind.
    #[must_use]
    pub fn count(&self, kind: Kind) -> usize {
        match kind {
            Kind::Decider => self.deciders.len(),
            kind => self.of(kind).count(),
        }
    }
}

/// Reads the component of a handler or a part.
///
/// # Errors
///
/// The problem, if the file cannot be one.
pub fn read(manifest: &Manifest, owner: &Subject, bytes: Vec<u8>) -> Result<Handler, Problem> {
    former::read(owner.name(), bytes).map_err(|refusal| {
        let what = format!("its file {refusal}");
        manifest
            .problem(refusal.code(), owner, what, refusal.remedy())
            .at(manifest.value_of(owner, &["component"]))
    })
}

/// Checks one component by itself. With a host, it also checks that the host offers what the
/// component is granted.
///
/// # Errors
///
/// Every problem of the component.
pub fn handler(
    manifest: &Manifest,
    prober: &Prober,
    host: Option<Host>,
    handler: Handler,
) -> Result<Checked, Vec<Problem>> {
    let mut problems = Vec::new();
    let name = handler.name.clone();
    let entry = manifest.handlers.get(&name);
    let kinds = handler.kinds();
    if kinds.is_empty() {
        problems.push(no_kind(manifest, &handler));
    }
    let allow = entry
        .map(|entry| entry.allow.as_slice())
        .unwrap_or_default();
    grants::check(manifest, host, &handler, allow, &mut problems);
    if let Some(entry) = entry
        && !kinds.is_empty()
    {
        meaningless_keys(manifest, &name, entry, &kinds, &mut problems);
    }
    // Do not run a component with these problems: running it would report the same problems in
    // other words.
    let pure = !problems
        .iter()
        .any(|problem| problem.code == Code::ForbiddenImport);
    let runs = kinds.contains(&Kind::Notifier) || pure;
    if kinds.is_empty() || !runs {
        return Err(problems);
    }
    let before = problems.len();
    for kind in kinds.iter().copied() {
        if let Err(mismatch) = prober.fits(&handler, kind) {
            problems.push(manifest.problem(
                Code::TypeMismatch,
                &name,
                format!(
                    "exports `{}` with other types than the contract's: {}",
                    kind.export(),
                    reason(&mismatch)
                ),
                "build it with the SDK of this composer's version, or for its wit/",
            ));
        }
    }
    if problems.len() > before {
        return Err(problems);
    }
    let sandbox = match Sandbox::of(&handler, allow) {
        Ok(sandbox) => sandbox,
        Err(error) => {
            problems.push(manifest.problem(
                Code::ForbiddenImport,
                &name,
                format!("has imports that the composer cannot read: {error:#}"),
                "build it with another version of its tool",
            ));
            return Err(problems);
        }
    };
    let described = match prober.describe(&handler, sandbox.as_ref()) {
        Ok(described) => described,
        Err(failure) => {
            let what = failure.to_string();
            let problem = manifest.problem(failure.code(), &name, what, failure.remedy());
            problems.push(problem);
            return Err(problems);
        }
    };
    let mut deciders = described.deciders;
    if kinds.contains(&Kind::Decider) {
        deciders = named(manifest, &name, deciders, &mut problems);
        for decider in &mut deciders {
            tie_snapshots(manifest, &handler, decider, &mut problems);
        }
        for decider in &deciders {
            descriptor(manifest, &name, decider, &mut problems);
        }
    }
    let reactions = reactions::named(manifest, &name, described.reactions, &mut problems);
    for reaction in &reactions {
        reactions::descriptor(manifest, &name, reaction, &mut problems);
    }
    if problems.is_empty() {
        Ok(Checked {
            handler,
            sandbox,
            deciders,
            reactions,
        })
    } else {
        Err(problems)
    }
}

/// Finds keys of the manifest that apply to kinds of handlers that the component does not have.
fn meaningless_keys(
    manifest: &Manifest,
    name: &str,
    entry: &Entry,
    kinds: &[Kind],
    problems: &mut Vec<Problem>,
) {
    if entry.on_failure.is_some() && !kinds.iter().any(|kind| kind.is_reaction()) {
        problems.push(manifest.problem(
            Code::MeaninglessKey,
            name,
            "has `on-failure`, but events are never delivered to a decider again",
            "remove `on-failure`: a decider's failure is the response to its command",
        ));
    }
    if entry.snapshot_every.is_some() && !kinds.contains(&Kind::Decider) {
        problems.push(manifest.problem(
            Code::MeaninglessKey,
            name,
            format!("has `snapshot-every`, and a {} has no snapshots", kinds[0]),
            "remove `snapshot-every`",
        ));
    }
}

/// Checks all handlers against each other. `all` is true if no handler was left out because of
/// problems of its own. Only then does a missing name mean that no handler has it.
#[must_use]
pub fn together(manifest: &Manifest, handlers: &[Checked], all: bool) -> Vec<Problem> {
    let mut problems = Vec::new();
    size(manifest, handlers, &mut problems);
    routes(manifest, handlers, &mut problems);
    reactions::views(manifest, handlers, &mut problems);
    reactions::duplicates(manifest, handlers, &mut problems);
    reactions::former_names(manifest, handlers, &mut problems);
    if all {
        categories::check(manifest, handlers, &mut problems);
        reactions::unknown_commands(manifest, handlers, &mut problems);
        reactions::unknown_events(manifest, handlers, &mut problems);
        events::check(manifest, handlers, &mut problems);
    }
    problems
}

/// Maximum number of modules and components in one component, at any depth, that engines accept.
const NESTED: usize = 1000;

/// Number of these for the framework, with room for another host's adapter and for the user's own
/// parts.
const FRAMEWORK_NESTED: usize = 150;

/// Checks that the application is not too large. An application is one component, and each of its
/// handlers is a component made of others. A handler's sandbox has one component for each
/// interface.
fn size(manifest: &Manifest, handlers: &[Checked], problems: &mut Vec<Problem>) {
    let sandboxes = handlers.iter().flat_map(|one| &one.sandbox);
    let sandboxes = sandboxes.map(|sandbox| sandbox.bytes.as_slice());
    let components = handlers.iter().map(|one| one.handler.bytes.as_slice());
    let different: BTreeSet<&[u8]> = components.chain(sandboxes).collect();
    let nested: usize = different.into_iter().map(read::nested).sum();
    let most = NESTED - FRAMEWORK_NESTED;
    if nested > most
        && let Some(last) = handlers.last()
    {
        problems.push(manifest.problem(
            Code::TooManyHandlers,
            &last.handler.name,
            format!(
                "is the last of {} handlers, which contain {nested} modules and components with their sandboxes; an application can contain {most}",
                handlers.len()
            ),
            "put several handlers into one component, or build them for wasm32-unknown-unknown, where they need no sandbox",
        ));
    }
}

/// Checks that each command has one decider.
fn routes(manifest: &Manifest, handlers: &[Checked], problems: &mut Vec<Problem>) {
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
                    let problem = manifest.problem(Code::DuplicateCommand, name, both, "a command has one decider: rename one of the commands, or remove a handler");
                    let first = manifest.value(&["handlers", other]);
                    problems.push(problem.beside(first, format!("handles `{command}` too")));
                }
            }
        }
    }
}

fn no_kind(manifest: &Manifest, handler: &Handler) -> Problem {
    let near = handler
        .exports
        .iter()
        .find(|export| crate::is_own_interface(export));
    let of_kind = |export: &str| {
        let name = unversioned(export);
        let wanted = Kind::ALL.into_iter().map(Kind::export);
        wanted
            .into_iter()
            .find(|wanted| unversioned(wanted) == name)
    };
    match near.map(|export| (export, of_kind(export))) {
        Some((other, Some(wanted))) => {
            let own = crate::CONTRACT_VERSION;
            let (what, remedy) = match Age::of(other) {
                Age::Newer => (
                    format!(
                        "uses a newer contract than this composer ({own}): it exports `{other}`"
                    ),
                    "update annals, or build the handler with the SDK of this composer's version",
                ),
                _ => (
                    format!(
                        "uses a version of the contract that this composer does not support: it exports `{other}`, not `{wanted}`"
                    ),
                    "build it with the SDK of this composer's version",
                ),
            };
            manifest.problem(Code::WrongContract, &handler.name, what, remedy)
        }
        Some((other, None)) => manifest.problem(
            Code::NoHandler,
            &handler.name,
            format!("exports `{other}`, which is not an interface of handlers"),
            "export deciders, projectors, process managers or notifiers",
        ),
        None => manifest.problem(
            Code::NoHandler,
            &handler.name,
            format!(
                "exports no handler: it has {}",
                if handler.exports.is_empty() {
                    "no exports".into()
                } else {
                    format!("`{}`", handler.exports.join("`, `"))
                }
            ),
            "call `annals::export!(..)` in its lib.rs with the handlers to export",
        ),
    }
}

/// Gives deciders their names in the application: the manifest's name, and for one of several
/// deciders in a component that name, a dot and the decider's own.
fn named(
    manifest: &Manifest,
    name: &str,
    mut deciders: Vec<DeciderDescriptor>,
    problems: &mut Vec<Problem>,
) -> Vec<DeciderDescriptor> {
    if deciders.is_empty() {
        problems.push(manifest.problem(
            Code::HollowHandler,
            name,
            "holds no deciders",
            "name them in `annals::export!(..)`",
        ));
    }
    let cadence = manifest
        .handlers
        .get(name)
        .and_then(|entry| entry.snapshot_every);
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

/// State versions from this number on are hashes, for components whose authors declare no version.
const UNVOUCHED: u32 = 1 << 31;

/// A snapshot is valid for the code that folded it. If the author declares no state version, a hash
/// of the component's bytes is the version: a changed component folds the events again.
fn tie_snapshots(
    manifest: &Manifest,
    handler: &Handler,
    decider: &mut DeciderDescriptor,
    problems: &mut Vec<Problem>,
) {
    if decider.state_version >= UNVOUCHED {
        problems.push(manifest.problem(
            Code::IllegalDescriptor,
            &handler.name,
            format!(
                "`{}` declares the state version {}",
                decider.name, decider.state_version
            ),
            "versions of a state are below 2^31",
        ));
    } else if decider.state_version == 0 {
        let digest = Sha256::digest(&handler.bytes);
        let (first, _) = digest.split_at(4);
        let number = first
            .iter()
            .fold(0_u32, |number, byte| number << 8 | u32::from(*byte));
        decider.state_version = UNVOUCHED | number;
    }
}

fn descriptor(
    manifest: &Manifest,
    name: &str,
    decider: &DeciderDescriptor,
    problems: &mut Vec<Problem>,
) {
    let mut category = decider.category.bytes();
    let legal = decider.category.len() <= MAX_CATEGORY
        && category.next().is_some_and(|b| b.is_ascii_lowercase())
        && category.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    if !legal {
        problems.push(manifest.problem(
            Code::IllegalDescriptor,
            name,
            format!("declares the category `{}`", shown(&decider.category)),
            "a category is a lower-case letter, then lower-case letters, digits and `_`, at most 64",
        ));
    }
    if decider.commands.is_empty() {
        problems.push(manifest.problem(
            Code::IllegalDescriptor,
            name,
            format!("`{}` handles no commands", decider.name),
            "give its command type at least one variant",
        ));
    }
    for command in &decider.commands {
        let command_type = &command.command_type;
        if !legal_name(command_type) || command_type.contains(['/', '?', '#', '%']) {
            problems.push(manifest.problem(
                Code::IllegalDescriptor,
                name,
                format!("handles a command named `{}`", shown(command_type)),
                "a command's name is part of a URL: use letters and digits",
            ));
        }
        let schema = command.schema.as_deref();
        if let Some(Err(error)) = schema.map(serde_json::from_str::<serde::de::IgnoredAny>) {
            problems.push(manifest.problem(
                Code::IllegalDescriptor,
                name,
                format!(
                    "describes `{}` with a schema that is not JSON: {error}",
                    shown(command_type)
                ),
                "give a JSON schema, or none",
            ));
        }
    }
    for event in decider.emits.iter().filter(|event| !legal_name(event)) {
        problems.push(manifest.problem(
            Code::IllegalDescriptor,
            name,
            format!("emits an event named `{}`", shown(event)),
            "an event's name is a word in the past tense: use letters and digits",
        ));
    }
    for event in &decider.emits {
        if !decider.folds.contains(event) {
            let remedy = match nearest(event, decider.folds.iter().map(String::as_str)) {
                Some(near) => format!("fold it in `evolve` (it folds `{near}`)"),
                None => "fold it in `evolve`".into(),
            };
            problems.push(manifest.problem(Code::UnfoldedEvent, name,
                format!("emits `{event}` and does not fold it, so its decisions would ignore its own events"),
                remedy,
            ));
        }
    }
}

/// True if a command or an event may have this name.
fn legal_name(name: &str) -> bool {
    (1..=limits::NAME_BYTES).contains(&name.len()) && !name.contains(char::is_control)
}

/// A possibly illegal name, in a printable form.
fn shown(name: &str) -> String {
    let start = name.chars().take(limits::NAME_BYTES);
    start.flat_map(char::escape_debug).collect()
}

/// The reason of a type mismatch, without the names that the composer gave to the trial
/// composition.
fn reason(mismatch: &anyhow::Error) -> String {
    let causes = mismatch.chain().map(ToString::to_string);
    let ours = |cause: &String| {
        cause.starts_with("wiring ") || cause.starts_with("mismatched instantiation argument")
    };
    let causes: Vec<String> = causes.filter(|cause| !ours(cause)).collect();
    causes.join(": ")
}
