//! Describes a composition as JSON for machines; [`crate::graph`] draws it for people.

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
    /// The host for which it was composed.
    pub host: String,
    /// Size of the composed component, in bytes.
    pub size: usize,
    /// Size of the framework's parts of it, in bytes.
    pub framework_size: usize,
    /// Parts in the order of instantiation.
    pub parts: Vec<PartReport>,
    /// The interfaces that the host must offer.
    pub imports: Vec<String>,
    /// The decider of each command.
    pub routes: Vec<Route>,
    /// The reactions, in the order of the handlers.
    pub reactions: Vec<ReactionReport>,
    /// The host interfaces that each handler may use.
    pub grants: Vec<Grant>,
    /// The imports between parts.
    pub graph: Vec<Edge>,
}

/// One part of the application.
#[derive(Debug, Serialize)]
pub struct PartReport {
    /// Its name.
    pub name: String,
    /// Size of its component, in bytes.
    pub size: usize,
    /// True if it is the user's own component in place of the framework's.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub overridden: bool,
}

/// The route of one command.
#[derive(Debug, Serialize)]
pub struct Route {
    /// The command's type.
    pub command: String,
    /// The decider.
    pub decider: String,
    /// The category of the decider's streams.
    pub category: String,
    /// The decider's precondition on the stream.
    pub precondition: String,
    /// True if only process managers may send the command.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub internal: bool,
    /// The event types that the decider may emit.
    pub emits: Vec<String>,
    /// The JSON schema of the payload, if the decider declares one.
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
    /// Version of its derived data.
    pub version: u32,
    /// Types of the events that it receives; empty means all.
    pub wants: Vec<String>,
    /// Types of the commands that a process manager may emit.
    pub emits: Vec<String>,
    /// The views of a projector.
    pub views: Vec<String>,
    /// Where a new reaction starts: `origin` or `now`.
    pub from: &'static str,
    /// Maximum number of events that a notifier may process at one time.
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
    /// Collects the report.
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

/// The host imports of each handler, with the manifest's entry that covers each. An entry that
/// names the import itself takes precedence.
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
