//! What was composed: for machines as JSON, for people as a graph.

use crate::check::Checked;
use crate::host::Host;
use crate::manifest::Manifest;
use crate::probe::Precondition;
use crate::wire::{Edge, Wired};
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
                })
            })
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

    /// The arrows worth drawing: everything imports the types, and that says nothing.
    fn arrows(&self) -> impl Iterator<Item = (&Edge, &str)> {
        self.graph
            .iter()
            .filter(|edge| edge.to != "types")
            .map(|edge| {
                let short = edge
                    .import
                    .strip_prefix("annals:es/")
                    .unwrap_or(&edge.import);
                (edge, short.split('@').next().unwrap_or(short))
            })
    }

    fn mermaid(&self) -> String {
        let mut out = String::from("flowchart LR\n");
        for part in self.parts.iter().filter(|part| part.name != "types") {
            let _ = writeln!(
                out,
                "  {}[\"{}<br/>{} KB\"]",
                part.name,
                part.name,
                part.size.div_ceil(1024)
            );
        }
        for (edge, import) in self.arrows() {
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
        out
    }

    fn dot(&self) -> String {
        let mut out = String::from("digraph app {\n  rankdir=LR;\n  node [shape=box];\n");
        for part in self.parts.iter().filter(|part| part.name != "types") {
            let _ = writeln!(
                out,
                "  \"{}\" [label=\"{}\\n{} KB\"];",
                part.name,
                part.name,
                part.size.div_ceil(1024)
            );
        }
        for (edge, import) in self.arrows() {
            let _ = writeln!(
                out,
                "  \"{}\" -> \"{}\" [label=\"{import}\"];",
                edge.from, edge.to
            );
        }
        for route in &self.routes {
            let _ = writeln!(out, "  \"{}\" [shape=oval];", route.command);
            let _ = writeln!(
                out,
                "  \"{}\" -> \"{}\" [style=dotted];",
                route.command,
                handler_of(&route.decider)
            );
        }
        out.push_str("}\n");
        out
    }
}

/// The handler's name in a decider's name.
fn handler_of(decider: &str) -> &str {
    decider.split('.').next().unwrap_or(decider)
}
