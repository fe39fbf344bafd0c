//! Checks that deciders that share events share a category.
//!
//! A decider uses only streams of its own category, and receives only events of those streams. An
//! event that it folds and that only deciders of another category emit never reaches it. In that
//! case two deciders of one subject usually declare two categories by mistake. Two other cases are
//! no clash. An event that no decider emits any more may still be in the log. An event that
//! deciders of both categories emit is two events of one name.

use super::Checked;
use crate::manifest::Manifest;
use crate::problem::{Code, Problem};

/// Finds deciders that fold an event that only another category has.
pub fn check(manifest: &Manifest, handlers: &[Checked], problems: &mut Vec<Problem>) {
    let all = || {
        handlers.iter().flat_map(|checked| {
            let name = checked.handler.name.as_str();
            checked.deciders.iter().map(move |decider| (name, decider))
        })
    };
    for (name, decider) in all() {
        for event in &decider.folds {
            let mut emitters = all()
                .filter(|(_, other)| other.emits.contains(event))
                .peekable();
            let Some((emitter, other)) = emitters.peek().copied() else {
                continue;
            };
            if emitters.any(|(_, other)| other.category == decider.category) {
                continue;
            }
            let problem = manifest.problem(
                Code::CategoryClash,
                name,
                format!(
                    "`{}` never receives `{event}`: its category is `{}`, and that of `{}`, which alone emits the event, is `{}`",
                    decider.name, decider.category, other.name, other.category
                ),
                format!(
                    "declare the category `{}` if both decide on the same subject; otherwise do not fold the event",
                    other.category
                ),
            );
            let there = manifest.value(&["handlers", emitter]);
            problems.push(problem.beside(there, format!("emits `{event}`")));
        }
    }
}
