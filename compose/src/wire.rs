//! Connects all parts in a composition graph.
//!
//! Driven by imports: each instance's imports are looked up among what the instances before it
//! export, so the order of instantiation is the order of dependency. What nobody exports is left
//! to the host; [`crate::verify`] judges that.

use crate::check::Checked;
use crate::generate::catalog::Catalogue;
use crate::generate::sandbox::LOG;
use crate::generate::switchboard::{self, SLOTS, Slot};
use crate::generate::{diagnostics, settings, types};
use crate::kind::Kind;
use crate::names::without_names;
use crate::probe::Handler;
use crate::sandbox::Sandbox;
use crate::verify;
use anyhow::{Context as _, Result};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use wac_graph::types::{Package, are_semver_compatible};
use wac_graph::{CompositionGraph, EncodeOptions, NodeId, PackageId};

/// A component of the composition, under the name that people know it by.
pub struct Part {
    /// Name for the report.
    pub name: String,
    /// The component.
    pub bytes: Vec<u8>,
    /// What stands between it and a host, if it is the user's own and was not granted all that it imports.
    pub sandbox: Option<Sandbox>,
}

/// What the framework brings to an application.
pub struct Framework {
    /// It can deliver to reactions; otherwise there are none.
    pub reactions: bool,
    /// Where sandboxes and handlers write to; only there if one does.
    pub log: Part,
    /// Store adapter, sourcer, dispatcher: each after what it imports.
    pub inner: Vec<Part>,
    /// The parts whose exports face the host.
    pub faces: Vec<Part>,
}

/// Everything that goes into one application.
pub struct Parts<'a> {
    /// Constants from the manifest.
    pub settings: settings::Settings,
    /// The user's handlers.
    pub handlers: &'a [Checked],
    /// The rest.
    pub framework: Framework,
}

/// What was wired.
pub struct Wired {
    /// The composed component.
    pub bytes: Vec<u8>,
    /// Each part with its size, in the order of instantiation.
    pub sizes: Vec<(String, usize)>,
    /// Who imports what from whom.
    pub edges: Vec<Edge>,
}

/// One arrow of the composition.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Edge {
    /// The part that imports.
    pub from: String,
    /// The part that exports.
    pub to: String,
    /// The import's name.
    pub import: String,
}

/// Composes.
///
/// # Errors
///
/// If two parts do not fit together; checked handlers always do.
pub fn compose(parts: Parts<'_>) -> Result<Wired> {
    let mut wiring = Wiring::default();
    wiring.generated("types", &types::generate()?, &[])?;
    let framework = parts.framework;
    let mut all = framework.inner.iter().chain(&framework.faces);
    let mut handlers = parts.handlers.iter();
    if handlers.any(|one| one.sandbox.is_some() || one.handler.has_diagnostics())
        || all.any(|part| part.sandbox.is_some())
    {
        let log = framework.log;
        wiring.add(&log.name, log.bytes, &[])?;
    }
    // Nothing but the types and the log is there yet for handlers to import: what else they do is their sandbox's,
    // or the host's.
    let kinds = match framework.reactions {
        true => &Kind::ALL[..],
        false => &[Kind::Decider],
    };
    wiring.handlers(kinds, parts.handlers)?;
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

/// Composes handlers and their switchboards, and nothing else: what faces the host is all handlers of
/// each kind behind one interface. The contract's types stay an import, which gives the exports' types
/// their names.
///
/// # Errors
///
/// As for [`compose`].
pub fn switchboards(handlers: &[Checked]) -> Result<Wired> {
    // These are read by people.
    let mut wiring = Wiring {
        named: true,
        ..Wiring::default()
    };
    let faces = wiring.handlers(&Kind::ALL, handlers)?;
    wiring.finish(&faces)
}

/// Fuses a handler with its sandbox: what faces the host is the handler.
///
/// # Errors
///
/// As for [`compose`].
pub fn sandboxed(handler: &Handler, sandbox: &Sandbox) -> Result<Wired> {
    let mut wiring = Wiring::default();
    let bindings = wiring.sandbox(&handler.name, Some(sandbox))?;
    let face = wiring.instantiate(&handler.name, handler.bytes.clone(), &bindings)?;
    wiring.finish(&[face])
}

/// Fuses parts that are no application, such as a store adapter and a probe: with the contract's
/// types and the settings before them, each part after what it imports. What the last part
/// exports faces the host.
///
/// # Errors
///
/// If two parts do not fit together, or there are none.
pub fn fuse(settings: &settings::Settings, parts: Vec<Part>) -> Result<Wired> {
    let mut wiring = Wiring::default();
    wiring.generated("types", &types::generate()?, &[])?;
    wiring.generated("settings", &settings::generate(settings)?, &[])?;
    let mut last = None;
    for part in parts {
        last = Some(wiring.part(part)?);
    }
    wiring.finish(&[last.context("there is nothing to fuse")?])
}

/// Tries a handler in front of a switchboard of its own: do the types that it exports fit?
///
/// # Errors
///
/// If they do not.
pub fn fits(handler: &Handler, kind: Kind) -> Result<()> {
    let name = &handler.name;
    // The contract's types stay an import, as for `switchboards`.
    let mut wiring = Wiring::default();
    let instance = wiring.instantiate(name, handler.bytes.clone(), &[])?;
    let slot = Slot { name, handlers: 1 };
    let switchboard = switchboard::generate(kind, &[slot], &catalogue(kind, &[]))?;
    let binding = (
        switchboard::import_name(0),
        instance,
        name.clone(),
        kind.export(),
    );
    let face = wiring.add("the composition", switchboard, &[binding])?;
    verify::valid(&wiring.finish(&[face])?.bytes)
}

#[derive(Default)]
struct Wiring {
    graph: CompositionGraph,
    /// The components, by a hash of their bytes.
    packages: BTreeMap<[u8; 32], PackageId>,
    /// Who exports an interface: the instance and its part's name.
    providers: BTreeMap<String, (NodeId, String)>,
    exports: BTreeMap<NodeId, Vec<String>>,
    sizes: Vec<(String, usize)>,
    edges: Vec<Edge>,
    /// What the composer makes keeps the names of its insides.
    named: bool,
}

/// A binding of one import by hand: its name, the instance, that part's name, and the export.
type Binding = (String, NodeId, String, String);

impl Wiring {
    /// Instantiates a part; the bindings come before what the instances so far export.
    fn add(&mut self, name: &str, bytes: Vec<u8>, bindings: &[Binding]) -> Result<NodeId> {
        let instance = self.instantiate(name, bytes, bindings)?;
        for export in self.exports[&instance].clone() {
            self.providers.insert(export, (instance, name.into()));
        }
        Ok(instance)
    }

    /// Instantiates what the composer made.
    fn generated(&mut self, name: &str, bytes: &[u8], bindings: &[Binding]) -> Result<NodeId> {
        let bytes = match self.named {
            true => bytes.to_vec(),
            false => without_names(bytes)?,
        };
        self.add(name, bytes, bindings)
    }

    fn instantiate(&mut self, name: &str, bytes: Vec<u8>, bindings: &[Binding]) -> Result<NodeId> {
        let size = bytes.len();
        let package = self.package(name, bytes)?;
        let world = &self.graph.types()[self.graph[package].ty()];
        let imports: Vec<String> = world.imports.keys().cloned().collect();
        let exports: Vec<String> = world.exports.keys().cloned().collect();
        let instance = self.graph.instantiate(package);
        for import in imports {
            let bound = bindings.iter().find(|(wanted, ..)| *wanted == import);
            let (provider, part, export) = match (bound, self.provider(&import)) {
                (Some((_, node, part, export)), _) => (*node, part.clone(), export.clone()),
                (None, Some((export, (node, part)))) => (*node, part.clone(), export.clone()),
                (None, None) => continue,
            };
            let alias = self.graph.alias_instance_export(provider, &export)?;
            self.graph
                .set_instantiation_argument(instance, &import, alias)
                .with_context(|| format!("wiring `{import}` of {name} to {part}"))?;
            self.edges.push(Edge {
                from: name.into(),
                to: part,
                import,
            });
        }
        self.exports.insert(instance, exports);
        self.sizes.push((name.into(), size));
        Ok(instance)
    }

    /// The same bytes are in the composition once, however often they are instantiated.
    fn package(&mut self, name: &str, bytes: Vec<u8>) -> Result<PackageId> {
        let hash = <[u8; 32]>::from(Sha256::digest(&bytes));
        if let Some(known) = self.packages.get(&hash) {
            return Ok(*known);
        }
        // Handlers have names of their users' choice; those in the graph must differ.
        let unique = format!("annals:part-{}", self.sizes.len());
        let package = Package::from_bytes(&unique, None, bytes, self.graph.types_mut())
            .with_context(|| format!("reading {name}"))?;
        let package = self.graph.register_package(package)?;
        self.packages.insert(hash, package);
        Ok(package)
    }

    /// Instantiates a part, what it exports for those after it.
    fn part(&mut self, part: Part) -> Result<NodeId> {
        let bindings = self.sandbox(&part.name, part.sandbox.as_ref())?;
        self.add(&part.name, part.bytes, &bindings)
    }

    /// What the part `log` exports, under the name by which the composer's own components import it.
    fn log(&self) -> Vec<Binding> {
        let interface = crate::contract("log");
        let log = self.providers.get(&interface).cloned();
        let log = log.map(|(node, part)| (LOG.into(), node, part, interface));
        log.into_iter().collect()
    }

    /// Instantiates what puts handlers' names before their own lines, if any handler has some. Answers what each handler
    /// is bound to.
    fn diagnostics(&mut self, handlers: &[Checked]) -> Result<Vec<Vec<Binding>>> {
        let log = self.log();
        let with: Vec<&str> = handlers
            .iter()
            .map(|checked| &checked.handler)
            .filter(|handler| handler.has_diagnostics())
            .map(|handler| handler.name.as_str())
            .collect();
        // Without a log, as among switchboards alone, the import is left to the host.
        if log.is_empty() || with.is_empty() {
            return Ok(handlers.iter().map(|_| Vec::new()).collect());
        }
        let component = diagnostics::generate(&with)?;
        let node = self.instantiate(diagnostics::NAME, without_names(&component)?, &log)?;
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

    /// Instantiates the sandbox of a component that needs one, its own: with another one's, it could learn what
    /// that one does. Answers what it is bound to.
    fn sandbox(&mut self, name: &str, sandbox: Option<&Sandbox>) -> Result<Vec<Binding>> {
        let Some(sandbox) = sandbox else {
            return Ok(Vec::new());
        };
        let part = sandbox_name(name);
        let log = self.log();
        let node = self.instantiate(&part, without_names(&sandbox.bytes)?, &log)?;
        let imports = sandbox.imports.iter();
        Ok(imports
            .map(|import| (import.clone(), node, part.clone(), import.clone()))
            .collect())
    }

    /// Who exports an import, under its own name or that of a compatible version.
    fn provider(&self, import: &str) -> Option<(&String, &(NodeId, String))> {
        let exact = self.providers.get_key_value(import);
        exact.or_else(|| {
            let mut others = self.providers.iter();
            others.find(|(export, _)| are_semver_compatible(export, import))
        })
    }

    /// Instantiates each handler once, and the switchboards of these kinds. Answers what provides all
    /// handlers of a kind, kind by kind.
    fn handlers(&mut self, kinds: &[Kind], handlers: &[Checked]) -> Result<Vec<NodeId>> {
        let mut instances = Vec::new();
        let diagnostics = self.diagnostics(handlers)?;
        for (checked, diagnostics) in handlers.iter().zip(diagnostics) {
            let Handler { name, bytes, .. } = &checked.handler;
            let mut bindings = self.sandbox(name, checked.sandbox.as_ref())?;
            bindings.extend(diagnostics);
            instances.push((checked, self.instantiate(name, bytes.clone(), &bindings)?));
        }
        let mut last = Vec::new();
        for &kind in kinds {
            let of_kind: Vec<(&Checked, NodeId)> = instances
                .iter()
                .filter(|(checked, _)| checked.count(kind) > 0)
                .copied()
                .collect();
            last.push(self.chain(kind, &of_kind)?);
        }
        Ok(last)
    }

    /// A chain of switchboards before the handlers of one kind. The last one provides them all.
    fn chain(&mut self, kind: Kind, handlers: &[(&Checked, NodeId)]) -> Result<NodeId> {
        let mut chunks = handlers.chunks(SLOTS);
        let mut last = self.switchboard(kind, 1, None, chunks.next().unwrap_or_default())?;
        let mut before = SLOTS.min(handlers.len());
        for (number, chunk) in chunks.enumerate() {
            last = self.switchboard(kind, number + 2, Some((last, &handlers[..before])), chunk)?;
            before += chunk.len();
        }
        Ok(last)
    }

    /// One switchboard: in front of its own handlers those of the switchboard before it, if there is one.
    fn switchboard(
        &mut self,
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
        self.generated(&switchboard_name(kind, number), &component, &bindings)
    }

    /// Exports what faces the host, and encodes.
    fn finish(mut self, faces: &[NodeId]) -> Result<Wired> {
        for face in faces {
            for export in self.exports[face].clone() {
                let alias = self.graph.alias_instance_export(*face, &export)?;
                self.graph.export(alias, &export)?;
            }
        }
        let bytes = self.graph.encode(EncodeOptions {
            define_components: true,
            validate: false,
            processor: None,
        })?;
        Ok(Wired {
            bytes,
            sizes: self.sizes,
            edges: self.edges,
        })
    }
}

/// Name of a part: a handler's sandbox.
#[must_use]
pub fn sandbox_name(handler: &str) -> String {
    format!("{handler}/sandbox")
}

/// Is this part a handler's sandbox?
#[must_use]
pub fn is_sandbox(part: &str) -> bool {
    part.ends_with("/sandbox")
}

/// Name of a part: the switchboards of a kind count from 1.
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
