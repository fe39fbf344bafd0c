//! Which handler does what after which event.

use super::{Graph, Shape, size};
use crate::grant;
use crate::report::Report;

/// Label for a reaction that receives all event types.
const EVERY_EVENT: &str = "every event";

/// Draws arrows from commands to deciders to events to reactions, and from reactions to views,
/// commands and the host.
#[must_use]
pub fn graph(report: &Report) -> Graph {
    let mut graph = Graph::default();
    for route in &report.routes {
        let command = graph.labelled(Shape::Command, &route.command, || {
            let mut lines = vec![route.command.clone()];
            lines.extend(route.internal.then(|| "internal".to_owned()));
            lines
        });
        let label = || label(report, &route.decider, "decider");
        let decider = graph.labelled(Shape::Part, &part("decider", &route.decider), label);
        graph.arrow(command, decider, None, false);
    }
    let mut told = Vec::new();
    for route in &report.routes {
        if told.contains(&&route.decider) {
            continue;
        }
        told.push(&route.decider);
        let decider = graph.node(Shape::Part, &part("decider", &route.decider));
        for event in &route.emits {
            let event = graph.node(Shape::Event, event);
            graph.arrow(decider, event, None, false);
        }
    }
    for reaction in &report.reactions {
        let label = || label(report, &reaction.name, reaction.kind);
        let this = graph.labelled(Shape::Part, &part(reaction.kind, &reaction.name), label);
        let every = [EVERY_EVENT.to_owned()];
        let wants = if reaction.wants.is_empty() {
            &every[..]
        } else {
            &reaction.wants
        };
        for event in wants {
            let event = graph.node(Shape::Event, event);
            graph.arrow(event, this, None, true);
        }
        for view in &reaction.views {
            let view = graph.node(Shape::View, view);
            graph.arrow(this, view, None, false);
        }
        for command in &reaction.emits {
            let command = graph.node(Shape::Command, command);
            graph.arrow(this, command, None, true);
        }
        for grant in report
            .grants
            .iter()
            .filter(|grant| grant.handler == reaction.handler)
        {
            // Show the manifest's entry, and not the interfaces that it covers.
            if grant::names(&grant.allowed_by, &grant.import) {
                let host = graph.node(Shape::Host, "host");
                graph.arrow(this, host, Some(&grant.allowed_by), false);
            }
        }
    }
    graph
}

/// The identity of a part. The kind is included, because a component may have a decider and a
/// reaction of one name.
fn part(kind: &str, name: &str) -> String {
    format!("{kind} {name}")
}

fn label(report: &Report, name: &str, kind: &str) -> Vec<String> {
    let reaction = report
        .reactions
        .iter()
        .find(|one| one.name == name && one.kind == kind);
    // If a component has several deciders, each name begins with the component's name.
    let component = match reaction {
        Some(reaction) => &reaction.handler,
        None => name.split('.').next().unwrap_or(name),
    };
    let mut label = vec![name.to_owned(), kind.replace('-', " ")];
    if let Some(part) = report.parts.iter().find(|part| part.name == component) {
        label.push(if component == name {
            size(part.size)
        } else {
            format!("in {component}, {}", size(part.size))
        });
    }
    label
}
