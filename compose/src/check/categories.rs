//! Deciders that share events share a category.
//!
//! A decider names streams of its own category only, and is given the events of its own streams only. So an
//! event that it folds, and that deciders of another category alone emit, never reaches it: two
//! deciders of one subject have declared two categories, most often by a slip of the pen. An event
//! that nobody emits any more may well lie in the log, and one that both categories emit is two events of one
//! name: neither is a clash.

use super::Checked;
use crate::manifest::Manifest;
use crate::problem::{Code, Problem};

/// Finds deciders that fold what only another category has.
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
                    "`{}` folds `{event}` in the category `{}`, and only `{}` emits it, in the category `{}`",
                    decider.name, decider.category, other.name, other.category
                ),
                format!(
                    "declare the category `{}` if both decide on the same subject; otherwise do not fold it, for it never comes",
                    other.category
                ),
            );
            let there = manifest.value(&["handlers", emitter]);
            problems.push(problem.beside(there, format!("emits `{event}`")));
        }
    }
}
