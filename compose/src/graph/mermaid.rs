//! Mermaid flowcharts. Node identifiers are numbers, because a name may be a keyword of the
//! language, such as `end`. Texts are quoted. Characters that would end the quotes or count as
//! markup become entities.

use super::{Graph, Node, Shape};
use std::fmt::Write as _;

/// The graph as a flowchart.
#[must_use]
pub fn write(graph: &Graph) -> String {
    let mut out = String::from("flowchart LR\n");
    for (index, node) in graph.boxes.iter().enumerate() {
        let (open, close) = brackets(node);
        let lines: Vec<String> = node.label.iter().map(|line| text(line)).collect();
        let _ = writeln!(out, "  n{index}{open}\"{}\"{close}", lines.join("<br/>"));
    }
    for arrow in &graph.arrows {
        let line = if arrow.dotted { "-.->" } else { "-->" };
        let label = arrow
            .label
            .as_ref()
            .map(|label| format!("|\"{}\"|", text(label)));
        let _ = writeln!(
            out,
            "  n{} {line}{} n{}",
            arrow.from,
            label.unwrap_or_default(),
            arrow.to
        );
    }
    out
}

fn brackets(node: &Node) -> (&'static str, &'static str) {
    match node.shape {
        Shape::Command => ("([", "])"),
        Shape::Event => (">", "]"),
        Shape::View => ("[(", ")]"),
        Shape::Host => ("{{", "}}"),
        Shape::Part => ("[", "]"),
    }
}

fn text(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '"' | '#' | '&' | '<' | '>' | '`' | '\\' => {
                let _ = write!(out, "#{};", u32::from(c));
            }
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
        let from = graph.node(Shape::Command, "end\"];\n<b>#1");
        let to = graph.node(Shape::Part, "subgraph");
        graph.arrow(from, to, Some("a|b\""), true);
        assert_eq!(
            write(&graph),
            "flowchart LR\n  n0([\"end#34;]; #60;b#62;#35;1\"])\n  n1[\"subgraph\"]\n  n0 -.->|\"a|b#34;\"| n1\n"
        );
    }
}
