//! Draws an application as text that other tools render.
//!
//! Every format renders the same [`Graph`] of boxes and arrows. [`story`] shows the user's view:
//! which handler does what after which event. [`parts`] shows the components of the application.
//! [`mermaid`] and [`dot`] write the graph.

pub mod dot;
pub mod mermaid;
pub mod parts;
pub mod story;

use crate::report::Report;

/// The output format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A Mermaid flowchart.
    Mermaid,
    /// Graphviz.
    Dot,
    /// The whole report as JSON.
    Json,
}

/// The view to draw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// Commands, deciders, events, reactions, views, and the granted interfaces of the host.
    Story,
    /// Every component including the framework's, with its size and its imports from other
    /// components.
    Parts,
}

/// Draws the composed application.
///
/// # Errors
///
/// Never for a report: only JSON encoding can fail, and it does not for these values.
pub fn draw(report: &Report, view: View, format: Format) -> serde_json::Result<String> {
    let graph = match view {
        View::Story => story::graph(report),
        View::Parts => parts::graph(report),
    };
    Ok(match format {
        Format::Json => serde_json::to_string_pretty(report)?,
        Format::Mermaid => mermaid::write(&graph),
        Format::Dot => dot::write(&graph),
    })
}

/// Boxes and arrows.
#[derive(Debug, Default)]
pub struct Graph {
    boxes: Vec<Node>,
    arrows: Vec<Arrow>,
}

/// The meaning of a box, which decides its shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Shape {
    /// A command.
    Command,
    /// An event.
    Event,
    /// A view.
    View,
    /// The host.
    Host,
    /// A decider, a reaction, or another component.
    Part,
}

#[derive(Debug)]
struct Node {
    shape: Shape,
    /// The identity of a box, together with its shape.
    name: String,
    /// The text of the box, line by line.
    label: Vec<String>,
}

#[derive(Debug)]
struct Arrow {
    from: usize,
    to: usize,
    label: Option<String>,
    /// True if a message is sent and no function is called.
    dotted: bool,
}

impl Graph {
    /// Returns the box of that name. A new box has its name as its text.
    fn node(&mut self, shape: Shape, name: &str) -> usize {
        self.labelled(shape, name, || vec![name.to_owned()])
    }

    /// Returns the box of that name. A new box has this text.
    fn labelled(&mut self, shape: Shape, name: &str, label: impl FnOnce() -> Vec<String>) -> usize {
        let known = self
            .boxes
            .iter()
            .position(|node| node.shape == shape && node.name == name);
        known.unwrap_or_else(|| {
            self.boxes.push(Node {
                shape,
                name: name.to_owned(),
                label: label(),
            });
            self.boxes.len() - 1
        })
    }

    fn arrow(&mut self, from: usize, to: usize, label: Option<&str>, dotted: bool) {
        self.arrows.push(Arrow {
            from,
            to,
            label: label.map(Into::into),
            dotted,
        });
    }
}

/// A size in kilobytes, for display.
fn size(bytes: usize) -> String {
    format!("{} KB", bytes.div_ceil(1024))
}
