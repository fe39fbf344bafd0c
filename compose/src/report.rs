//! What was composed: for machines as JSON, for people as a graph.

use crate::check::{Checked, Reaction};
use crate::grant;
use crate::host::Host;
use crate::kind::Kind;
use crate::manifest::Manifest;
use crate::probe::{Handler, Precondition, StartFrom};
use crate::wire::{self, Edge, Wired};
use clap::ValueEnum;
use serde::Serialize;
use std::fmt::Write as _;

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

/// Formats of `annals graph`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A Mermaid flowchart.
    Mermaid,
    /// Graphviz.
    Dot,
    /// The whole report as JSON.
    Json,
}

impl Report {
    /// Gathers the report.
    #[must_use]
    pub fn new(
        manifest: &Manifest,
        host: Host,
        handlers: &[Checked],
        wired: &Wired,
        imports: Vec<String>,
    ) -> Self {
        let handler_size: usize = handlers.iter().map(|h| h.handler.bytes.len()).sum();
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
            framework_size: wired.bytes.len().saturating_sub(handler_size),
            parts: wired
                .sizes
                .iter()
                .map(|(name, size)| PartReport {
                    name: name.clone(),
                    size: *size,
                })
                .collect(),
            imports,
            routes,
            reactions,
            grants: grants(manifest, handlers),
            graph: wired.edges.clone(),
        }
    }

    /// The graph of parts, in a format.
    ///
    /// # Errors
    ///
    /// Never in practice: only JSON can fail, and not for these values.
    pub fn graph(&self, format: Format) -> serde_json::Result<String> {
        Ok(match format {
            Format::Json => serde_json::to_string_pretty(self)?,
            Format::Mermaid => self.mermaid(),
            Format::Dot => self.dot(),
        })
    }

    /// The arrows worth drawing: everything imports the types, and that says nothing; a sandbox is part of its
    /// handler.
    fn arrows(&self) -> impl Iterator<Item = (&Edge, &str)> {
        self.graph
            .iter()
            .filter(|edge| edge.to != "types")
            .filter(|edge| {
                ![&edge.from, &edge.to]
                    .into_iter()
                    .any(|part| wire::is_sandbox(part))
            })
            .map(|edge| {
                let short = edge
                    .import
                    .strip_prefix("annals:es/")
                    .unwrap_or(&edge.import);
                (edge, short.split('@').next().unwrap_or(short))
            })
    }

    /// The parts worth drawing: neither the types nor sandboxes, nor switchboards of kinds that the application
    /// lacks.
    fn boxes(&self) -> impl Iterator<Item = &PartReport> {
        self.parts.iter().filter(|part| {
            let empty = Kind::ALL
                .iter()
                .any(|kind| part.name == wire::switchboard_name(*kind, 1))
                && !self.arrows().any(|(edge, _)| edge.from == part.name);
            let drawn = part.name != "types" && part.name != "log" && !wire::is_sandbox(&part.name);
            drawn && !empty
        })
    }

    /// What a part's box says, line by line.
    fn label(&self, part: &PartReport) -> Vec<String> {
        let mut lines = vec![part.name.clone()];
        let reactions = self.reactions.iter().filter(|r| r.handler == part.name);
        for reaction in reactions {
            lines.push(if reaction.name == part.name {
                reaction.kind.into()
            } else {
                let own = reaction.name.strip_prefix(&part.name).unwrap_or_default();
                format!("{} {}", reaction.kind, own.trim_start_matches('.'))
            });
        }
        lines.push(format!("{} KB", part.size.div_ceil(1024)));
        lines
    }

    /// Each grant as its entry of the manifest, not as what that covers.
    fn granted(&self) -> impl Iterator<Item = (&str, &str)> {
        let direct = self.grants.iter();
        let direct = direct.filter(|grant| grant::names(&grant.allowed_by, &grant.import));
        direct.map(|grant| (grant.handler.as_str(), grant.allowed_by.as_str()))
    }

    fn mermaid(&self) -> String {
        let drawn: Vec<&str> = self.boxes().map(|part| part.name.as_str()).collect();
        let mut out = String::from("flowchart LR\n");
        for part in self.boxes() {
            let label = self.label(part).join("<br/>");
            let _ = writeln!(out, "  {}[\"{label}\"]", part.name);
        }
        for (edge, import) in self.arrows().filter(|(e, _)| drawn.contains(&&*e.to)) {
            let _ = writeln!(out, "  {} -- {import} --> {}", edge.from, edge.to);
        }
        for route in &self.routes {
            let _ = writeln!(
                out,
                "  cmd_{0}([{0}]) -.-> {1}",
                route.command,
                handler_of(&route.decider)
            );
        }
        for reaction in &self.reactions {
            for view in &reaction.views {
                let _ = writeln!(out, "  {} --> view_{view}[({view})]", reaction.handler);
            }
            for command in &reaction.emits {
                let _ = writeln!(out, "  {} -.-> cmd_{command}", reaction.handler);
            }
        }
        for (handler, entry) in self.granted() {
            let _ = writeln!(out, "  {handler} -- {entry} --> host{{{{host}}}}");
        }
        out
    }

    fn dot(&self) -> String {
        let drawn: Vec<&str> = self.boxes().map(|part| part.name.as_str()).collect();
        let mut out = String::from("digraph app {\n  rankdir=LR;\n  node [shape=box];\n");
        for part in self.boxes() {
            let label = self.label(part).join("\\n");
            let _ = writeln!(out, "  \"{}\" [label=\"{label}\"];", part.name);
        }
        for (edge, import) in self.arrows().filter(|(e, _)| drawn.contains(&&*e.to)) {
            let _ = writeln!(
                out,
                "  \"{}\" -> \"{}\" [label=\"{import}\"];",
                edge.from, edge.to
            );
        }
        for route in &self.routes {
            let _ = writeln!(
                out,
                "  \"command {0}\" [label=\"{0}\", shape=oval];",
                route.command
            );
            let _ = writeln!(
                out,
                "  \"command {}\" -> \"{}\" [style=dotted];",
                route.command,
                handler_of(&route.decider)
            );
        }
        for reaction in &self.reactions {
            for view in &reaction.views {
                let _ = writeln!(out, "  \"view {view}\" [label=\"{view}\", shape=cylinder];");
                let _ = writeln!(out, "  \"{}\" -> \"view {view}\";", reaction.handler);
            }
            for command in &reaction.emits {
                let _ = writeln!(
                    out,
                    "  \"{}\" -> \"command {command}\" [style=dotted];",
                    reaction.handler
                );
            }
        }
        for (handler, entry) in self.granted() {
            let _ = writeln!(out, "  \"{handler}\" -> \"the host\" [label=\"{entry}\"];");
        }
        out.push_str("}\n");
        out
    }
}

fn reaction(handler: &str, reaction: &Reaction) -> ReactionReport {
    let descriptor = &reaction.descriptor;
    ReactionReport {
        name: descriptor.name.clone(),
        handler: handler.into(),
        kind: reaction.kind.name(),
        version: descriptor.version,
        wants: descriptor.wants.clone(),
        emits: descriptor.emits.clone(),
        views: descriptor.views.clone(),
        from: match descriptor.from {
            StartFrom::Origin => "origin",
            StartFrom::Now => "now",
        },
        lanes: descriptor.lanes,
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

/// The handler's name in a decider's name.
fn handler_of(decider: &str) -> &str {
    decider.split('.').next().unwrap_or(decider)
}
