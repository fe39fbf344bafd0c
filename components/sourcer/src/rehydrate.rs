//! A decider's session at the head of its stream.

use crate::annals::es::event_store::{Head, StoreError};
use crate::annals::es::types::{DeciderDescriptor, Event};
use crate::outside::{Session, event_store};

/// Commits read from the store at a time.
const PAGE: u32 = 256;

const ORIGIN: Head = Head {
    cursor: 0,
    version: 0,
    closed: false,
};

/// A session, and what of the stream it has seen.
pub struct Loaded {
    pub session: Session,
    pub head: Head,
    /// Where the newest snapshot stands; the origin if there is none.
    pub snapshot: Head,
    /// Of the snapshot and the payloads that it has folded.
    pub bytes: usize,
    /// It comes from an earlier command, so it may well be used again.
    pub kept: bool,
}

impl Loaded {
    /// That has seen nothing.
    pub fn origin(index: u32) -> Self {
        Self {
            session: Session::new(index),
            head: ORIGIN,
            snapshot: ORIGIN,
            bytes: 0,
            kept: false,
        }
    }
}

pub enum Error {
    Store(StoreError),
    /// The decider could not fold its events.
    Fault(String),
}

/// Rehydrates: from the session of an earlier command, from the newest snapshot that the decider
/// understands, or from the first event.
pub fn load(
    index: u32,
    decider: &DeciderDescriptor,
    stream: &str,
    kept: Option<Loaded>,
) -> Result<Loaded, Error> {
    let mut loaded = match kept {
        Some(loaded) => Loaded {
            kept: true,
            ..loaded
        },
        None => begin(index, decider, stream),
    };
    catch_up(&mut loaded, stream)?;
    Ok(loaded)
}

fn begin(index: u32, decider: &DeciderDescriptor, stream: &str) -> Loaded {
    match decider.snapshot_every {
        0 => Loaded::origin(index),
        _ => from_snapshot(index, decider, stream),
    }
}

/// Folds what the stream got since; only the missing tail is read.
pub fn catch_up(loaded: &mut Loaded, stream: &str) -> Result<(), Error> {
    loop {
        let page = event_store::load(stream, loaded.head, PAGE).map_err(Error::Store)?;
        evolve(loaded, &page.events)?;
        loaded.head = page.head;
        if page.end {
            return Ok(());
        }
    }
}

/// Rehydrates up to a version, the way a decision does: what is shown is what is decided on.
pub fn up_to(
    index: u32,
    decider: &DeciderDescriptor,
    stream: &str,
    at: Option<u64>,
) -> Result<Loaded, Error> {
    let mut loaded = begin(index, decider, stream);
    if at.is_some_and(|at| loaded.head.version > at) {
        loaded = Loaded::origin(index);
    }
    loop {
        let mut page = event_store::load(stream, loaded.head, PAGE).map_err(Error::Store)?;
        let enough = at.is_some_and(|at| page.head.version >= at);
        if let Some(at) = at {
            page.events.retain(|event| event.version <= at);
            page.head.version = page.head.version.min(at);
        }
        evolve(&mut loaded, &page.events)?;
        loaded.head = page.head;
        if page.end || enough {
            return Ok(loaded);
        }
    }
}

/// A snapshot that is missing, foreign or broken becomes a replay, never the empty state.
fn from_snapshot(index: u32, decider: &DeciderDescriptor, stream: &str) -> Loaded {
    // The version is compared before anything is decoded.
    let found = event_store::load_snapshot(stream, &decider.name)
        .ok()
        .flatten();
    let restored = found
        .filter(|snapshot| snapshot.state_version == decider.state_version)
        .and_then(|snapshot| {
            Some(Loaded {
                session: Session::restore(index, &snapshot.state).ok()?,
                head: snapshot.head,
                snapshot: snapshot.head,
                bytes: snapshot.state.len(),
                kept: false,
            })
        });
    restored.unwrap_or_else(|| Loaded::origin(index))
}

/// Folds events that follow what the session has seen. After an error it has seen nobody knows
/// what, and is of no use.
pub fn evolve(loaded: &mut Loaded, events: &[Event]) -> Result<(), Error> {
    if events.is_empty() {
        return Ok(());
    }
    loaded.bytes += events
        .iter()
        .map(|event| event.payload.len())
        .sum::<usize>();
    loaded
        .session
        .evolve(events)
        .map_err(|fault| Error::Fault(fault.message))
}
