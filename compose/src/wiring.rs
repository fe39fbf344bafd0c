//! Connects components in a composition graph.
//!
//! Imports drive the wiring: each import of an instance is satisfied by an export of an earlier
//! instance. The order of instantiation is therefore the order of dependency. An import that no
//! earlier instance exports is left to the host; [`crate::verify`] checks it.

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

/// A component of the composition, with its name for the user.
pub struct Part {
    /// Name for the report.
    pub name: String,
    /// The component.
    pub bytes: Vec<u8>,
    /// Its sandbox, if it is the user's own component and imports more than it is granted.
    pub sandbox: Option<Sandbox>,
}

/// The result of a composition.
pub struct Wired {
    /// The composed component.
    pub bytes: Vec<u8>,
    /// Each part with its size, in the order of instantiation.
    pub sizes: Vec<(String, usize)>,
    /// The imports between parts.
    pub edges: Vec<Edge>,
}

/// One import between parts.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Edge {
    /// The part that imports.
    pub from: String,
    /// The part that exports.
    pub to: String,
    /// The import's name.
    pub import: String,
}

/// Combines a handler with its sandbox into one component, which exports the handler.
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

/// Combines parts that are not an application, such as a store adapter and a probe. The contract's
/// types and the settings come first, and each part after those that it imports. The result exports
/// the last part.
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

/// Composes a handler with a switchboard of its own to check the types of its exports.
///
/// # Errors
///
/// If the types do not match.
pub fn fits(handler: &Handler, kind: Kind) -> Result<()> {
    let name = &handler.name;
    // Leave the contract's types as an import, as for `switchboards`.
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

/// A composition that is being built.
#[derive(Default)]
pub(crate) struct Wiring {
    graph: CompositionGraph,
    /// The components, by a hash of their bytes.
    packages: BTreeMap<[u8; 32], PackageId>,
    /// For each interface, the instance that exports it and the name of its part.
    providers: BTreeMap<String, (NodeId, String)>,
    exports: BTreeMap<NodeId, Vec<String>>,
    sizes: Vec<(String, usize)>,
    edges: Vec<Edge>,
    /// True if generated components keep the names of their inner items.
    named: bool,
}

/// An explicit binding of one import: its name, the instance, that part's name, and the export.
pub(crate) type Binding = (String, NodeId, String, String);

impl Wiring {
    /// A wiring for people to read: generated components keep their names.
    pub(crate) fn named() -> Self {
        Self {
            named: true,
            ..Self::default()
        }
    }

    /// Instantiates a part. The bindings take precedence over exports of earlier instances.
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

    /// Instantiates a generated component.
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

    /// Adds a component. Equal bytes are in the composition once, however often they are
    /// instantiated.
    fn package(&mut self, name: &str, bytes: Vec<u8>) -> Result<PackageId> {
        let hash = <[u8; 32]>::from(Sha256::digest(&bytes));
        if let Some(known) = self.packages.get(&hash) {
            return Ok(*known);
        }
        // Users choose the names of handlers, but names in the graph must be unique.
        let unique = format!("annals:part-{}", self.sizes.len());
        let package = Package::from_bytes(&unique, None, bytes, self.graph.types_mut())
            .with_context(|| format!("reading {name}"))?;
        let package = self.graph.register_package(package)?;
        self.packages.insert(hash, package);
        Ok(package)
    }

    /// Instantiates a part, and makes its exports available to later instances.
    pub(crate) fn part(&mut self, part: Part) -> Result<NodeId> {
        let bindings = self.sandbox(&part.name, part.sandbox.as_ref())?;
        self.add(&part.name, part.bytes, &bindings)
    }

    /// Bindings to the exports of the part `log`, under the import name that generated components
    /// use.
    pub(crate) fn log(&self) -> Vec<Binding> {
        let interface = crate::framework_interface("log");
        let log = self.providers.get(&interface).cloned();
        let log = log.map(|(node, part)| (LOG.into(), node, part, interface));
        log.into_iter().collect()
    }

    /// Instantiates the sandbox of a component that needs one. Each component has its own: through
    /// a shared sandbox it could observe another component. Returns the component's bindings to its
    /// sandbox.
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

    /// The instance that exports an import, under its own name or that of a compatible version.
    fn provider(&self, import: &str) -> Option<(&String, &(NodeId, String))> {
        let exact = self.providers.get_key_value(import);
        exact.or_else(|| {
            let mut others = self.providers.iter();
            others.find(|(export, _)| are_semver_compatible(export, import))
        })
    }

    /// Exports the parts that the host calls, and encodes the component.
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

    /// Exports these interfaces, and encodes the component.
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

/// The name of a handler's sandbox.
#[must_use]
pub fn sandbox_name(handler: &str) -> String {
    format!("{handler}/sandbox")
}

/// True if this part is a handler's sandbox.
#[must_use]
pub fn is_sandbox(part: &str) -> bool {
    part.ends_with("/sandbox")
}
