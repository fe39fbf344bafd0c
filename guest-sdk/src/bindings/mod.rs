//! The WIT contract and its implementation: one world for each kind of handler. No other module depends on
//! WebAssembly, except the host clients that notifiers use.
//!
//! A component exports only the interfaces of the kinds that it contains: each world's export macro describes the
//! world's exports, and `export!` calls only the macros that it needs.

#![allow(missing_docs, clippy::all)]

mod begin;
pub mod deciders;
pub mod diagnostics;
pub mod notifiers;
pub mod process_managers;
pub mod projectors;

use crate::{EventMetadata, EventType, StartFrom, wire};

/// The types that all worlds share.
use deciders::annals::es::types;

use begin::begin;

/// Returns the handler with this index. The caller calls its code next, so this function calls `begin` first.
fn lookup<E>(table: &'static [E], index: u32, kind: &str) -> Result<&'static E, wire::Fault> {
    begin();
    usize::try_from(index)
        .ok()
        .and_then(|index| table.get(index))
        .ok_or_else(|| {
            let count = table.len();
            wire::Fault(format!(
                "there is no {kind} {index}: this component has {count}"
            ))
        })
}

impl From<wire::Fault> for types::Fault {
    fn from(fault: wire::Fault) -> Self {
        Self { message: fault.0 }
    }
}

impl From<types::RecordedEvent> for wire::Recorded {
    fn from(event: types::RecordedEvent) -> Self {
        let metadata = event.metadata;
        Self {
            about: EventMetadata {
                event_id: event.id,
                stream: event.stream,
                version: event.version,
                position: event.position,
                recorded_at: event.recorded_at,
                command_id: metadata.command_id,
                command_type: metadata.command_type,
                correlation_id: metadata.correlation_id,
                causation_id: metadata.causation_id,
                actor: metadata.actor,
                traceparent: metadata.traceparent,
                tags: event.tags,
                extensions: metadata.extensions,
            },
            event_type: event.event_type,
            schema_version: event.schema_version,
            content_type: event.content_type,
            payload: event.payload,
        }
    }
}

impl From<wire::ReactionDescriptor> for types::ReactionDescriptor {
    fn from(reaction: wire::ReactionDescriptor) -> Self {
        let owned = |names: Vec<&str>| names.into_iter().map(str::to_owned).collect();
        Self {
            name: reaction.name,
            version: reaction.version,
            event_types: owned(reaction.event_types),
            emits: owned(reaction.emits),
            views: owned(reaction.views),
            start: match reaction.from {
                StartFrom::Origin => types::StartFrom::Origin,
                StartFrom::Now => types::StartFrom::Now,
            },
            concurrency: reaction.concurrency,
            schemas: schemas(reaction.schemas),
            annotations: Vec::new(),
        }
    }
}

/// Returns the newest schema versions that a handler reads.
fn schemas(types: &[EventType]) -> Vec<types::EventSchema> {
    types
        .iter()
        .map(|event| types::EventSchema {
            event_type: event.name.to_owned(),
            version: event.version,
            schema: None,
        })
        .collect()
}
