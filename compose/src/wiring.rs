//! Connects components in a composition graph.
//!
//! Driven by imports: each instance's imports are looked up among what the instances before it
//! export, so the order of instantiation is the order of dependency. What nobody exports is left
//! to the host; [`crate::verify`] judges that.

use crate::generate::catalog::Catalogue;
use crate::generate::switchboard::{self, Slot};
use crate::generate::{settings, types};
use crate::handler::Handler;
use crate::kind::Kind;
use crate::names::without_names;
use crate::sandbox::{LOG, Sandbox};
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
    let switchboard = switchboard::generate(kind, &[slot], &Catalogue::empty(kind))?;
    let binding = (
        switchboard::import_name(0),
        instance,
        name.clone(),
        kind.export(),
    );
    let face = wiring.add("the composition", switchboard, &[binding])?;
    verify::valid(&wiring.finish(&[face])?.bytes)
}

/// A composition in the making.
#[derive(Default)]
pub(crate) struct Wiring {
    graph: CompositionGraph,
    /// The components, by a hash of their bytes.
    packages: BTreeMap<[u8; 32], PackageId>,
    /// By interface: the instance that exports it, and the name of its part.
    providers: BTreeMap<String, (NodeId, String)>,
    exports: BTreeMap<NodeId, Vec<String>>,
    sizes: Vec<(String, usize)>,
    edges: Vec<Edge>,
    /// What the composer makes keeps the names of its insides.
    named: bool,
}

/// A binding of one import by hand: its name, the instance, that part's name, and the export.
pub(crate) type Binding = (String, NodeId, String, String);

impl Wiring {
    /// One for people: what the composer makes keeps its names.
    pub(crate) fn named() -> Self {
        Self {
            named: true,
            ..Self::default()
        }
    }

    /// Instantiates a part; the bindings come before what the instances so far export.
    pub(crate) fn add(
        &mut self,
        name: &str,
        bytes: Vec<u8>,
        bindings: &[Binding],
    ) -> Result<NodeId> {
        let instance = self.instantiate(name, bytes, bindings)?;
        for export in self.exports[&instance].clone() {
            self.providers.insert(export, (instance, name.into()));
        }
        Ok(instance)
    }

    /// Instantiates what the composer made.
    pub(crate) fn generated(
        &mut self,
        name: &str,
        bytes: &[u8],
        bindings: &[Binding],
    ) -> Result<NodeId> {
        let bytes = match self.named {
            true => bytes.to_vec(),
            false => without_names(bytes)?,
        };
        self.add(name, bytes, bindings)
    }

    pub(crate) fn instantiate(
        &mut self,
        name: &str,
        bytes: Vec<u8>,
        bindings: &[Binding],
    ) -> Result<NodeId> {
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
    pub(crate) fn part(&mut self, part: Part) -> Result<NodeId> {
        let bindings = self.sandbox(&part.name, part.sandbox.as_ref())?;
        self.add(&part.name, part.bytes, &bindings)
    }

    /// What the part `log` exports, under the name by which the composer's own components import it.
    pub(crate) fn log(&self) -> Vec<Binding> {
        let interface = crate::framework_interface("log");
        let log = self.providers.get(&interface).cloned();
        let log = log.map(|(node, part)| (LOG.into(), node, part, interface));
        log.into_iter().collect()
    }

    /// Instantiates the sandbox of a component that needs one, its own: with another one's, it could learn what
    /// that one does. Answers what it is bound to.
    pub(crate) fn sandbox(
        &mut self,
        name: &str,
        sandbox: Option<&Sandbox>,
    ) -> Result<Vec<Binding>> {
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

    /// Exports what faces the host, and encodes.
    pub(crate) fn finish(self, faces: &[NodeId]) -> Result<Wired> {
        let mut exports = Vec::new();
        for face in faces {
            exports.extend(
                self.exports[face]
                    .iter()
                    .map(|export| (*face, export.clone())),
            );
        }
        self.finish_with(&exports)
    }

    /// Exports these, and encodes.
    pub(crate) fn finish_with(mut self, exports: &[(NodeId, String)]) -> Result<Wired> {
        for (instance, export) in exports {
            let alias = self.graph.alias_instance_export(*instance, export)?;
            self.graph.export(alias, export)?;
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
