//! Graphviz.

use super::{Graph, Shape};
use std::fmt::Write as _;

/// The graph in the DOT language.
#[must_use]
pub fn write(graph: &Graph) -> String {
    let mut out = String::from("digraph app {\n  rankdir=LR;\n  node [shape=box];\n");
    for (index, node) in graph.boxes.iter().enumerate() {
        let lines: Vec<String> = node.label.iter().map(|line| text(line)).collect();
        let _ = writeln!(
            out,
            "  n{index} [label=\"{}\", shape={}];",
            lines.join("\\n"),
            shape(node.shape)
        );
    }
    for arrow in &graph.arrows {
        let label = arrow
            .label
            .as_ref()
            .map(|label| format!("label=\"{}\"", text(label)));
        let style = arrow.dotted.then(|| "style=dotted".to_owned());
        let attributes: Vec<String> = label.into_iter().chain(style).collect();
        let attributes = match attributes.is_empty() {
            true => String::new(),
            false => format!(" [{}]", attributes.join(", ")),
        };
        let _ = writeln!(out, "  n{} -> n{}{attributes};", arrow.from, arrow.to);
    }
    out.push_str("}\n");
    out
}

fn shape(shape: Shape) -> &'static str {
    match shape {
        Shape::Command => "oval",
        Shape::Event => "note",
        Shape::View => "cylinder",
        Shape::Host => "hexagon",
        Shape::Part => "box",
    }
}

fn text(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_break_out() {
        let mut graph = Graph::default();
        let from = graph.node(Shape::View, "a\"];\n\\");
        let to = graph.node(Shape::Host, "host");
        graph.arrow(from, to, Some("\""), true);
        graph.arrow(to, from, None, false);
        assert_eq!(
            write(&graph),
            "digraph app {\n  rankdir=LR;\n  node [shape=box];\n  n0 [label=\"a\\\"]; \\\\\", shape=cylinder];\n  \
             n1 [label=\"host\", shape=hexagon];\n  n0 -> n1 [label=\"\\\"\", style=dotted];\n  n1 -> n0;\n}\n"
        );
    }
}
