//! What was composed: for machines as JSON; [`crate::graph`] draws it for people.

use crate::application::Application;
use crate::check::{Checked, Reaction};
use crate::descriptors::{Precondition, StartFrom};
use crate::grant;
use crate::handler::Handler;
use crate::host::Host;
use crate::manifest::Manifest;
use crate::wiring::{Edge, Wired};
use serde::Serialize;

/// The report of one composition.
#[derive(Debug, Serialize)]
pub struct Report {
    /// The application's name.
    pub app: String,
    /// Its version.
    pub version: String,
    /// Version of the contract `annals:es`.
    pub contract: &'static str,
    /// The host that it was composed for.
    pub host: String,
    /// Bytes of the composed component.
    pub size: usize,
    /// Bytes of it that the framework brought.
    pub framework_size: usize,
    /// Parts in the order of instantiation.
    pub parts: Vec<PartReport>,
    /// What the host must offer.
    pub imports: Vec<String>,
    /// Which decider handles which command.
    pub routes: Vec<Route>,
    /// What is given events, in the order of the handlers.
    pub reactions: Vec<ReactionReport>,
    /// What of the host which handler may use.
    pub grants: Vec<Grant>,
    /// Who imports what from whom.
    pub graph: Vec<Edge>,
}

/// One part.
#[derive(Debug, Serialize)]
pub struct PartReport {
    /// Its name.
    pub name: String,
    /// Bytes of its component.
    pub size: usize,
    /// It is the user's own, in place of the framework's.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub overridden: bool,
}

/// One command's way.
#[derive(Debug, Serialize)]
pub struct Route {
    /// The command's type.
    pub command: String,
    /// The decider.
    pub decider: String,
    /// Category of its streams.
    pub category: String,
    /// What the decider demands of the stream.
    pub precondition: String,
    /// Process managers alone may send it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub internal: bool,
    /// Types of events that the decider may emit.
    pub emits: Vec<String>,
    /// JSON schema of its payload, if the decider gives one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
}

/// One reaction.
#[derive(Debug, Serialize)]
pub struct ReactionReport {
    /// Its name in the application.
    pub name: String,
    /// The component that holds it, by its name in the manifest.
    pub handler: String,
    /// `projector`, `process-manager` or `notifier`.
    pub kind: &'static str,
    /// Version of what it derives.
    pub version: u32,
    /// Types of events that it is given; empty: all.
    pub wants: Vec<String>,
    /// Types of commands that a process manager may emit.
    pub emits: Vec<String>,
    /// The views that a projector keeps.
    pub views: Vec<String>,
    /// Where it starts when it is new: `origin` or `now`.
    pub from: &'static str,
    /// How many events a notifier may be given at once.
    pub lanes: u32,
}

/// One interface of the host that a handler may use.
#[derive(Debug, Serialize)]
pub struct Grant {
    /// Its name in the manifest.
    pub handler: String,
    /// The interface that it imports.
    pub import: String,
    /// The entry of `allow` that covers it.
    pub allowed_by: String,
}

impl Report {
    /// Gathers the report.
    #[must_use]
    pub fn new(
        manifest: &Manifest,
        host: Host,
        application: &Application,
        wired: &Wired,
        imports: Vec<String>,
    ) -> Self {
        let handlers = &application.handlers;
        let brought = handlers.iter().map(|checked| &checked.handler);
        let brought = brought.chain(application.parts.iter().map(|part| &part.component));
        let brought_size: usize = brought.map(|component| component.bytes.len()).sum();
        let routes = handlers
            .iter()
            .flat_map(|h| &h.deciders)
            .flat_map(|decider| {
                decider.commands.iter().map(|command| Route {
                    command: command.command_type.clone(),
                    decider: decider.name.clone(),
                    category: decider.category.clone(),
                    precondition: match command.precondition {
                        Precondition::Any => "any".into(),
                        Precondition::NoStream => "no-stream".into(),
                        Precondition::StreamExists => "stream-exists".into(),
                        Precondition::At(version) => format!("at {version}"),
                    },
                    internal: command.internal,
                    emits: decider.emits.clone(),
                    schema: command.schema.clone(),
                })
            })
            .collect();
        let reactions = handlers
            .iter()
            .flat_map(|h| h.reactions.iter().map(|r| reaction(&h.handler.name, r)))
            .collect();
        Self {
            app: manifest.app.name.clone(),
            version: manifest.app.version.clone(),
            contract: crate::CONTRACT_VERSION,
            host: host.to_string(),
            size: wired.bytes.len(),
            framework_size: wired.bytes.len().saturating_sub(brought_size),
            parts: wired
                .sizes
                .iter()
                .map(|(name, size)| PartReport {
                    name: name.clone(),
                    size: *size,
                    overridden: application
                        .parts
                        .iter()
                        .any(|part| part.role.name() == name),
                })
                .collect(),
            imports,
            routes,
            reactions,
            grants: grants(manifest, handlers),
            graph: wired.edges.clone(),
        }
    }
}

fn reaction(handler: &str, reaction: &Reaction) -> ReactionReport {
    let descriptor = &reaction.descriptor;
    ReactionReport {
        name: descriptor.name.clone(),
        handler: handler.into(),
        kind: reaction.kind.name(),
        version: descriptor.version,
        wants: descriptor.event_types.clone(),
        emits: descriptor.emits.clone(),
        views: descriptor.views.clone(),
        from: match descriptor.start {
            StartFrom::Origin => "origin",
            StartFrom::Now => "now",
        },
        lanes: descriptor.concurrency,
    }
}

/// What each handler imports of the host, with the entry of the manifest that covers it: one that
/// names it, if there is one.
fn grants(manifest: &Manifest, handlers: &[Checked]) -> Vec<Grant> {
    let mut grants = Vec::new();
    for Handler { name, imports, .. } in handlers.iter().map(|checked| &checked.handler) {
        let Some(entry) = manifest.handlers.get(name) else {
            continue;
        };
        let allow = &entry.allow;
        for import in imports {
            let names = allow.iter().find(|entry| grant::names(entry, import));
            let covers = || allow.iter().find(|entry| grant::covers(entry, import));
            if let Some(entry) = names.or_else(covers) {
                grants.push(Grant {
                    handler: name.clone(),
                    import: import.clone(),
                    allowed_by: entry.clone(),
                });
            }
        }
    }
    grants
}
