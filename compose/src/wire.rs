//! Connects all parts in a composition graph.
//!
//! Driven by imports: each instance's imports are looked up among what the instances before it
//! export, so the order of instantiation is the order of dependency. What nobody exports is left
//! to the host; [`crate::verify`] judges that.

use crate::check::Checked;
use crate::generate::switchboard::{self, SLOTS, Slot};
use crate::generate::{settings, types};
use anyhow::{Context as _, Result};
use std::collections::BTreeMap;
use wac_graph::types::Package;
use wac_graph::{CompositionGraph, EncodeOptions, NodeId};

/// A component of the composition, under the name that people know it by.
pub struct Part {
    /// Name for the report.
    pub name: String,
    /// The component.
    pub bytes: Vec<u8>,
}

/// Everything that goes into one application.
pub struct Parts<'a> {
    /// Constants from the manifest.
    pub settings: settings::Settings,
    /// The user's handlers.
    pub handlers: &'a [Checked],
    /// Store adapter, sourcer, dispatcher, ingress: each after what it imports.
    pub framework: Vec<Part>,
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
    wiring.add("types", types::generate()?, &[])?;
    wiring.add("settings", settings::generate(&parts.settings)?, &[])?;
    let mut framework = parts.framework.into_iter();
    let store = framework
        .next()
        .context("the framework has no store adapter")?;
    wiring.add(&store.name, store.bytes, &[])?;
    wiring.handlers(parts.handlers)?;
    let mut last = None;
    for part in framework {
        last = Some(wiring.add(&part.name, part.bytes, &[])?);
    }
    let ingress = last.context("the framework has no ingress")?;
    wiring.finish(ingress)
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
    wiring.add("types", types::generate()?, &[])?;
    wiring.add("settings", settings::generate(settings)?, &[])?;
    let mut last = None;
    for part in parts {
        last = Some(wiring.add(&part.name, part.bytes, &[])?);
    }
    wiring.finish(last.context("there is nothing to fuse")?)
}

#[derive(Default)]
struct Wiring {
    graph: CompositionGraph,
    /// Who exports an interface: the instance and its part's name.
    providers: BTreeMap<String, (NodeId, String)>,
    exports: BTreeMap<NodeId, Vec<String>>,
    sizes: Vec<(String, usize)>,
    edges: Vec<Edge>,
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

    fn instantiate(&mut self, name: &str, bytes: Vec<u8>, bindings: &[Binding]) -> Result<NodeId> {
        let size = bytes.len();
        let package = Package::from_bytes(name, None, bytes, self.graph.types_mut())
            .with_context(|| format!("reading {name}"))?;
        let world = &self.graph.types()[package.ty()];
        let imports: Vec<String> = world.imports.keys().cloned().collect();
        let exports: Vec<String> = world.exports.keys().cloned().collect();
        let package = self.graph.register_package(package)?;
        let instance = self.graph.instantiate(package);
        for import in imports {
            let bound = bindings.iter().find(|(wanted, ..)| *wanted == import);
            let (provider, part, export) = match (bound, self.providers.get(&import)) {
                (Some((_, node, part, export)), _) => (*node, part.clone(), export.clone()),
                (None, Some((node, part))) => (*node, part.clone(), import.clone()),
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

    /// Instantiates the handlers and a chain of switchboards before them. The last switchboard
    /// provides all deciders.
    fn handlers(&mut self, handlers: &[Checked]) -> Result<()> {
        let deciders = crate::contract("deciders");
        let mut previous: Option<(NodeId, String)> = None;
        let mut seen = Vec::new();
        for (number, chunk) in handlers.chunks(SLOTS).enumerate() {
            let mut slots = Vec::new();
            let mut bindings: Vec<Binding> = Vec::new();
            if let Some((node, part)) = previous.take() {
                bindings.push((switchboard::import_name(0), node, part, deciders.clone()));
                slots.push(Slot {
                    name: "switchboard",
                    deciders: std::mem::take(&mut seen),
                });
            }
            for checked in chunk {
                let name = &checked.handler.name;
                let node = self.instantiate(name, checked.handler.bytes.clone(), &[])?;
                bindings.push((
                    switchboard::import_name(slots.len()),
                    node,
                    name.clone(),
                    deciders.clone(),
                ));
                slots.push(Slot {
                    name,
                    deciders: checked.deciders.iter().collect(),
                });
            }
            let part = format!("switchboard-{}", number + 1);
            let node = self.add(&part, switchboard::generate(&slots)?, &bindings)?;
            seen = slots.into_iter().flat_map(|slot| slot.deciders).collect();
            previous = Some((node, part));
        }
        Ok(())
    }

    /// Exports what faces the host, and encodes.
    fn finish(mut self, ingress: NodeId) -> Result<Wired> {
        for export in self.exports[&ingress].clone() {
            let alias = self.graph.alias_instance_export(ingress, &export)?;
            self.graph.export(alias, &export)?;
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
