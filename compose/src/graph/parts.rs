//! The components of an application.

use super::{Graph, Shape, size};
use crate::generate::diagnostics;
use crate::grant;
use crate::kind::Kind;
use crate::report::{PartReport, Report};
use crate::wire;
use crate::wiring::{self, Edge};

/// Every component with its size, and its imports from other components.
#[must_use]
pub fn graph(report: &Report) -> Graph {
    let mut graph = Graph::default();
    for part in report.parts.iter().filter(|part| is_drawn(report, part)) {
        graph.labelled(Shape::Part, &part.name, || label(report, part));
    }
    let drawn = |name: &str| {
        report
            .parts
            .iter()
            .any(|part| part.name == name && is_drawn(report, part))
    };
    for edge in &report.graph {
        let (from, to) = (owner(&edge.from), owner(&edge.to));
        if from != to && drawn(from) && drawn(to) {
            let from = graph.node(Shape::Part, from);
            let to = graph.node(Shape::Part, to);
            graph.arrow(from, to, Some(short(edge)), false);
        }
    }
    for grant in &report.grants {
        if grant::names(&grant.allowed_by, &grant.import) {
            let from = graph.node(Shape::Part, &grant.handler);
            let host = graph.node(Shape::Host, "host");
            graph.arrow(from, host, Some(&grant.allowed_by), false);
        }
    }
    graph
}

/// The handler of a sandbox, or the part itself.
fn owner(part: &str) -> &str {
    match wiring::is_sandbox(part) {
        true => part.rsplit_once('/').map_or(part, |(handler, _)| handler),
        false => part,
    }
}

/// Leaves out the types and the diagnostics, which every handler may import, as well as sandboxes
/// and switchboards of kinds that the application lacks.
fn is_drawn(report: &Report, part: &PartReport) -> bool {
    let of_a_kind = Kind::ALL
        .iter()
        .any(|kind| part.name == wire::switchboard_name(*kind, 1));
    let imports = |edge: &Edge| edge.from == part.name && edge.to != "types";
    part.name != "types"
        && part.name != diagnostics::NAME
        && !wiring::is_sandbox(&part.name)
        && (!of_a_kind || report.graph.iter().any(imports))
}

/// An import without the contract's name and version.
fn short(edge: &Edge) -> &str {
    let import = edge.import.as_str();
    let own = import.strip_prefix("annals:es/");
    let own = own.or_else(|| import.strip_prefix("annals:framework/"));
    let import = own.unwrap_or(import);
    import.split('@').next().unwrap_or(import)
}

fn label(report: &Report, part: &PartReport) -> Vec<String> {
    let mut lines = vec![part.name.clone()];
    let mut deciders: Vec<&str> = Vec::new();
    for route in &report.routes {
        let decider = route.decider.as_str();
        if decider.split('.').next() == Some(&part.name) && !deciders.contains(&decider) {
            deciders.push(decider);
        }
    }
    let deciders = deciders.into_iter().map(|name| ("decider", name));
    let reactions = report
        .reactions
        .iter()
        .filter(|reaction| reaction.handler == part.name);
    let reactions = reactions.map(|reaction| (reaction.kind, reaction.name.as_str()));
    for (kind, name) in deciders.chain(reactions) {
        // The box already shows the component's name, so leave it out of the decider's name.
        let own = name
            .strip_prefix(&part.name)
            .filter(|own| own.is_empty() || own.starts_with('.'));
        let own = own.unwrap_or(name);
        lines.push(
            format!("{kind} {}", own.trim_start_matches('.'))
                .trim()
                .replace('-', " "),
        );
    }
    if part.overridden {
        lines.push("your own".into());
    }
    lines.push(size(part.size));
    let sandbox = wiring::sandbox_name(&part.name);
    if let Some(sandbox) = report.parts.iter().find(|part| part.name == sandbox) {
        lines.push(format!("sandbox, {}", size(sandbox.size)));
    }
    lines
}
