//! Draws an application, as text that other tools turn into pictures.
//!
//! What is drawn is a [`Graph`] of boxes and arrows, the same for every format: [`story`] tells what a user wants to
//! see, who does what after which event; [`parts`] shows of which components the application is made.
//! [`mermaid`] and [`dot`] write it down.

pub mod dot;
pub mod mermaid;
pub mod parts;
pub mod story;

use crate::report::Report;

/// How to write it down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A Mermaid flowchart.
    Mermaid,
    /// Graphviz.
    Dot,
    /// The whole report as JSON.
    Json,
}

/// What to draw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// Commands, deciders, events, reactions, views, and what of the host is granted.
    Story,
    /// Every component, the framework's too, with its size, and who imports what from whom.
    Parts,
}

/// Draws what was composed.
///
/// # Errors
///
/// Never in practice: only JSON can fail, and not for these values.
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

/// What a box stands for, which is how it looks.
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
    /// Together with the shape, what it is known by.
    name: String,
    /// What it says, line by line.
    label: Vec<String>,
}

#[derive(Debug)]
struct Arrow {
    from: usize,
    to: usize,
    label: Option<String>,
    /// Something is sent, and nothing is called.
    dotted: bool,
}

impl Graph {
    /// The box of that name, which says its name if it is new.
    fn node(&mut self, shape: Shape, name: &str) -> usize {
        self.labelled(shape, name, || vec![name.to_owned()])
    }

    /// The box of that name, which says this if it is new.
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

/// Kilobytes, for people.
fn size(bytes: usize) -> String {
    format!("{} KB", bytes.div_ceil(1024))
}
