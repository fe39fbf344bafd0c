//! Type-erased handlers, in one table for each kind.

mod deciders;
mod notifiers;
mod process_managers;
mod projectors;

pub use deciders::{Deciders, Entry, Prepared, Session, check};
pub use notifiers::{NotifierEntry, Notifiers, check_notifier};
pub use process_managers::{ProcessManagerEntry, ProcessManagers, check_process_manager};
pub use projectors::{Folded, Named, ProjectorEntry, Projectors, check_projector};

use crate::wire::{Fault, Recorded};
use crate::{Codec, Event, EventType};

/// Decodes an event. Returns `None` if the handler does not read its type.
fn decode<E: Event>(
    event_type: &str,
    schema_version: u32,
    content_type: &str,
    payload: &[u8],
) -> Result<Option<E>, String> {
    let Some(known) = E::TYPES.iter().find(|known| known.name == event_type) else {
        return Ok(None);
    };
    if schema_version > known.version {
        return Err(format!("the newest schema known here is {}", known.version));
    }
    if !E::Codec::accepts(content_type) {
        return Err(format!("cannot read {content_type:?}"));
    }
    E::decode(event_type, payload).map_err(|error| error.to_string())
}

/// Like [`decode`], for reactions. `who` names the handler in errors.
fn decode_recorded<E: Event>(
    recorded: &Recorded,
    who: impl Fn() -> String,
) -> Result<Option<E>, Fault> {
    let Recorded {
        about,
        event_type,
        schema_version,
        content_type,
        payload,
    } = recorded;
    decode(event_type, *schema_version, content_type, payload).map_err(|reason| {
        Fault(format!(
            "{} cannot read {event_type} (schema {schema_version}) at position {}: {reason}",
            who(),
            about.position
        ))
    })
}

fn names<E: Event>() -> Vec<&'static str> {
    E::TYPES.iter().map(|event| event.name).collect()
}

const fn check_event_types(types: &[EventType]) {
    // The framework reads an empty list as all types.
    assert!(!types.is_empty(), "Event names no event to react to");
}
