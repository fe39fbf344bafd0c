//! Composes an application with [`crate::wiring`]: the types, the handlers behind switchboards, and
//! the framework's parts.

use crate::check::Checked;
use crate::generate::catalog::Catalogue;
use crate::generate::switchboard::{self, SLOTS, Slot};
use crate::generate::{diagnostics, settings, types};
use crate::handler::Handler;
use crate::kind::Kind;
use crate::names::without_names;
use crate::wiring::{Binding, Part, Wired, Wiring};
use anyhow::Result;
use wac_graph::NodeId;

/// The framework's parts of an application.
pub struct Framework {
    /// True if the framework can deliver to reactions.
    pub reactions: bool,
    /// The part to which sandboxes and handlers write log lines; instantiated only if one of them
    /// does.
    pub log: Part,
    /// Store adapter, sourcer, dispatcher: each after the parts that it imports.
    pub inner: Vec<Part>,
    /// The parts whose exports the host calls.
    pub faces: Vec<Part>,
}

/// All parts of one application.
pub struct Parts<'a> {
    /// Constants from the manifest.
    pub settings: settings::Settings,
    /// The user's handlers.
    pub handlers: &'a [Checked],
    /// The framework's parts.
    pub framework: Framework,
}

/// Composes the parts.
///
/// # Errors
///
/// If two parts do not fit together; checked handlers always do.
pub fn compose(parts: Parts<'_>) -> Result<Wired> {
    let mut wiring = Wiring::default();
    wiring.generated("types", &types::generate()?, &[])?;
    let framework = parts.framework;
    let mut all = framework.inner.iter().chain(&framework.faces);
    let mut all_handlers = parts.handlers.iter();
    if all_handlers.any(|one| one.sandbox.is_some() || one.handler.has_diagnostics())
        || all.any(|part| part.sandbox.is_some())
    {
        let log = framework.log;
        wiring.add(&log.name, log.bytes, &[])?;
    }
    // At this point only the types and the log are instantiated, so handlers cannot import other
    // parts. Their remaining imports come from their sandbox or the host.
    let kinds = match framework.reactions {
        true => &Kind::ALL[..],
        false => &[Kind::Decider],
    };
    handlers(&mut wiring, kinds, parts.handlers)?;
    wiring.generated("settings", &settings::generate(&parts.settings)?, &[])?;
    for part in framework.inner {
        wiring.part(part)?;
    }
    let mut faces = Vec::new();
    for part in framework.faces {
        faces.push(wiring.part(part)?);
    }
    wiring.finish(&faces)
}

/// Composes only handlers and their switchboards. The composition exports all handlers of each kind
/// behind one interface. The contract's types stay an import, which gives the exported types their
/// names.
///
/// # Errors
///
/// As for [`compose`].
pub fn switchboards(handlers: &[Checked]) -> Result<Wired> {
    // People read this component, so keep its names.
    let mut wiring = Wiring::named();
    let faces = self::handlers(&mut wiring, &Kind::ALL, handlers)?;
    wiring.finish(&faces)
}

/// If any handler writes log lines, instantiates the component that puts the handler's name before
/// each line. Returns the bindings of each handler.
fn diagnostics(wiring: &mut Wiring, handlers: &[Checked]) -> Result<Vec<Vec<Binding>>> {
    let log = wiring.log();
    let with: Vec<&str> = handlers
        .iter()
        .map(|checked| &checked.handler)
        .filter(|handler| handler.has_diagnostics())
        .map(|handler| handler.name.as_str())
        .collect();
    // Without a log, as for switchboards alone, the host provides the import.
    if log.is_empty() || with.is_empty() {
        return Ok(handlers.iter().map(|_| Vec::new()).collect());
    }
    let component = diagnostics::generate(&with)?;
    let node = wiring.instantiate(diagnostics::NAME, without_names(&component)?, &log)?;
    let mut exports = (0..).map(diagnostics::export_name);
    let import = crate::contract("diagnostics");
    let bindings = handlers.iter().map(|checked| {
        let handler = &checked.handler;
        let export = handler.has_diagnostics().then(|| exports.next()).flatten();
        let binding =
            export.map(|export| (import.clone(), node, diagnostics::NAME.to_owned(), export));
        binding.into_iter().collect()
    });
    Ok(bindings.collect())
}

/// Instantiates each handler once, and the switchboards of these kinds. Returns the instance that
/// exports all handlers of a kind, for each kind.
fn handlers(wiring: &mut Wiring, kinds: &[Kind], handlers: &[Checked]) -> Result<Vec<NodeId>> {
    let mut instances = Vec::new();
    let diagnostics = diagnostics(wiring, handlers)?;
    for (checked, diagnostics) in handlers.iter().zip(diagnostics) {
        let Handler { name, bytes, .. } = &checked.handler;
        let mut bindings = wiring.sandbox(name, checked.sandbox.as_ref())?;
        bindings.extend(diagnostics);
        instances.push((checked, wiring.instantiate(name, bytes.clone(), &bindings)?));
    }
    let mut last = Vec::new();
    for &kind in kinds {
        let of_kind: Vec<(&Checked, NodeId)> = instances
            .iter()
            .filter(|(checked, _)| checked.count(kind) > 0)
            .copied()
            .collect();
        last.push(chain(wiring, kind, &of_kind)?);
    }
    Ok(last)
}

/// Instantiates a chain of switchboards for the handlers of one kind, and returns the last one,
/// which exports them all.
fn chain(wiring: &mut Wiring, kind: Kind, handlers: &[(&Checked, NodeId)]) -> Result<NodeId> {
    let mut chunks = handlers.chunks(SLOTS);
    let mut last = switchboard(wiring, kind, 1, None, chunks.next().unwrap_or_default())?;
    let mut before = SLOTS.min(handlers.len());
    for (number, chunk) in chunks.enumerate() {
        last = switchboard(
            wiring,
            kind,
            number + 2,
            Some((last, &handlers[..before])),
            chunk,
        )?;
        before += chunk.len();
    }
    Ok(last)
}

/// Instantiates one switchboard. The handlers of the switchboard before it, if any, come before its
/// own.
fn switchboard(
    wiring: &mut Wiring,
    kind: Kind,
    number: usize,
    previous: Option<(NodeId, &[(&Checked, NodeId)])>,
    handlers: &[(&Checked, NodeId)],
) -> Result<NodeId> {
    let mut slots = Vec::new();
    let mut bindings: Vec<Binding> = Vec::new();
    let mut all: Vec<&Checked> = Vec::new();
    if let Some((node, before)) = previous {
        bindings.push((
            switchboard::import_name(0),
            node,
            switchboard_name(kind, number - 1),
            kind.export(),
        ));
        all.extend(before.iter().map(|(checked, _)| checked));
        slots.push(Slot {
            name: "switchboard",
            handlers: all.iter().map(|checked| checked.count(kind)).sum(),
        });
    }
    for (checked, node) in handlers {
        let name = &checked.handler.name;
        bindings.push((
            switchboard::import_name(slots.len()),
            *node,
            name.clone(),
            kind.export(),
        ));
        slots.push(Slot {
            name,
            handlers: checked.count(kind),
        });
        all.push(checked);
    }
    let component = switchboard::generate(kind, &slots, &catalogue(kind, &all))?;
    wiring.generated(&switchboard_name(kind, number), &component, &bindings)
}

/// The name of a part: the switchboards of a kind are numbered from 1.
#[must_use]
pub fn switchboard_name(kind: Kind, number: usize) -> String {
    format!("{}-{number}", kind.interface())
}

/// The descriptors of all handlers of a kind in these components.
fn catalogue<'a>(kind: Kind, components: &[&'a Checked]) -> Catalogue<'a> {
    if kind == Kind::Decider {
        let deciders = components.iter().flat_map(|checked| &checked.deciders);
        return Catalogue::Deciders(deciders.collect());
    }
    let reactions = components.iter().flat_map(|checked| checked.of(kind));
    Catalogue::Reactions(reactions.collect())
}
