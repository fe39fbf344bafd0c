//! Checks that the writers and the readers of events agree.
//!
//! The author may intend what is reported here. A handler's `meant =
//! ["schema-behind:AccountOpened"]` declares that for one code and one event.

use super::Checked;
use crate::descriptors::EventSchema;
use crate::kind::Kind;
use crate::manifest::Manifest;
use crate::problem::{Code, Problem};
use std::collections::BTreeSet;

/// The codes that a handler may list in `meant`.
const MEANT: [Code; 2] = [Code::SchemaBehind, Code::UnemittedEvent];

/// A reader of events: a decider that folds them, or a reaction that receives them.
struct Reader<'a> {
    handler: &'a str,
    name: &'a str,
    /// `None` for a decider.
    reaction: Option<Kind>,
    category: Option<&'a str>,
    reads: &'a [String],
    schemas: &'a [EventSchema],
}

/// A decider that emits events.
struct Emitter<'a> {
    handler: &'a str,
    name: &'a str,
    category: &'a str,
    emits: &'a [String],
    schemas: &'a [EventSchema],
}

/// Checks all readers and emitters.
pub fn check(manifest: &Manifest, handlers: &[Checked], problems: &mut Vec<Problem>) {
    let (readers, emitters) = (readers(handlers), emitters(handlers));
    let mut found = Vec::new();
    for reader in &readers {
        for event in reader.reads {
            let mut of = emitters.iter().filter(|emitter| {
                let reaches = reader.category.is_none_or(|own| own == emitter.category);
                reaches && emitter.emits.contains(event)
            });
            let newest = of.clone().max_by_key(|one| version(one.schemas, event));
            if let Some(emitter) = newest {
                found.extend(behind(manifest, reader, emitter, event));
            }
            let waits = matches!(reader.reaction, Some(Kind::ProcessManager | Kind::Notifier));
            let folded = || {
                readers
                    .iter()
                    .any(|one| one.reaction.is_none() && one.reads.contains(event))
            };
            if waits && of.next().is_none() && folded() {
                found.push((reader.handler, event, unemitted(manifest, reader, event)));
            }
        }
    }
    let mut said: BTreeSet<(&str, String)> = BTreeSet::new();
    for (handler, event, problem) in found {
        let entry = format!("{}:{event}", problem.code);
        match meant(manifest, handler).contains(&entry) {
            true => {
                said.insert((handler, entry));
            }
            false => problems.push(problem),
        }
    }
    for checked in handlers {
        let handler = checked.handler.name.as_str();
        for entry in meant(manifest, handler) {
            if !said.contains(&(handler, entry.clone())) {
                problems.push(meaningless(manifest, handler, entry));
            }
        }
    }
}

fn meant<'a>(manifest: &'a Manifest, handler: &str) -> &'a [String] {
    let entry = manifest.handlers.get(handler);
    entry.map_or(&[], |entry| &entry.meant)
}

/// Reports an entry of `meant` to which no problem corresponds.
fn meaningless(manifest: &Manifest, handler: &str, entry: &str) -> Problem {
    let codes = MEANT.map(|code| format!("`{code}`")).join(" and ");
    manifest.problem(
        Code::MeaninglessKey,
        handler,
        format!("has the entry `{entry}` in `meant`, but there is no such problem"),
        format!("remove it; an entry is a code, a colon and the type of an event, and the codes are {codes}"),
    )
}

fn behind<'a>(
    manifest: &Manifest,
    reader: &Reader<'a>,
    emitter: &Emitter<'_>,
    event: &'a String,
) -> Option<(&'a str, &'a String, Problem)> {
    let (reads, writes) = (
        version(reader.schemas, event),
        version(emitter.schemas, event),
    );
    if reads >= writes {
        return None;
    }
    let problem = manifest.problem(
        Code::SchemaBehind,
        reader.handler,
        format!(
            "`{}` reads `{event}` up to schema version {reads}, and `{}` writes version {writes}",
            reader.name, emitter.name
        ),
        format!("let it read version {writes}, because it fails on every event of that version; or, if this is intended, set meant = [\"{}:{event}\"]", Code::SchemaBehind),
    );
    let there = manifest.value(&["handlers", emitter.handler]);
    let problem = problem.beside(there, format!("writes version {writes}"));
    Some((reader.handler, event, problem))
}

fn unemitted(manifest: &Manifest, reader: &Reader<'_>, event: &str) -> Problem {
    manifest.problem(
        Code::UnemittedEvent,
        reader.handler,
        format!("`{}` reads `{event}`, which no decider emits any more", reader.name),
        format!("let a decider emit it, or remove it from the event types; if it reads earlier events in the log, set meant = [\"{}:{event}\"]", Code::UnemittedEvent),
    )
}

/// An event type without a schema has version 1.
fn version(schemas: &[EventSchema], event: &str) -> u32 {
    let schema = schemas.iter().find(|schema| schema.event_type == event);
    schema.map_or(1, |schema| schema.version)
}

fn readers(handlers: &[Checked]) -> Vec<Reader<'_>> {
    let mut readers = Vec::new();
    for checked in handlers {
        let handler = checked.handler.name.as_str();
        readers.extend(checked.deciders.iter().map(|decider| Reader {
            handler,
            name: &decider.name,
            reaction: None,
            category: Some(&decider.category),
            reads: &decider.folds,
            schemas: &decider.schemas,
        }));
        readers.extend(checked.reactions.iter().map(|reaction| Reader {
            handler,
            name: &reaction.descriptor.name,
            reaction: Some(reaction.kind),
            category: None,
            reads: &reaction.descriptor.event_types,
            schemas: &reaction.descriptor.schemas,
        }));
    }
    readers
}

fn emitters(handlers: &[Checked]) -> Vec<Emitter<'_>> {
    let all = handlers.iter().flat_map(|checked| {
        let deciders = checked.deciders.iter();
        deciders.map(|decider| Emitter {
            handler: &checked.handler.name,
            name: &decider.name,
            category: &decider.category,
            emits: &decider.emits,
            schemas: &decider.schemas,
        })
    });
    all.collect()
}
