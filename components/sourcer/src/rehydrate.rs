//! A decider's session at the head of its stream.

use crate::annals::es::event_store::{Head, StoreError};
use crate::annals::es::types::{Command, Context, DecideError, DeciderDescriptor, Decision, Event};
use crate::outside::{Session, event_store};
use std::mem;

/// Upper limit of events that a session holds back for the next decision.
const MAX_UNFOLDED: usize = 256;
/// Number of commits per read of the store.
const PAGE_COMMITS: u32 = 256;

const ORIGIN: Head = Head {
    cursor: 0,
    version: 0,
    closed: false,
};

/// A session, and its place in its stream.
pub struct Loaded {
    pub session: Session,
    /// Events before the head that the session has not folded yet. The next decision passes them along, which
    /// saves a call.
    unfolded: Vec<Event>,
    pub head: Head,
    /// Head of the newest snapshot, or the origin if there is none.
    pub snapshot: Head,
    /// The last read found no event that another writer had appended.
    pub is_undisturbed: bool,
    /// Size of the snapshot and of the payloads of all later events up to the head, in bytes.
    pub bytes: usize,
}

impl Loaded {
    /// A session at the origin of a stream.
    pub fn origin(index: u32) -> Self {
        Self {
            session: Session::new(index),
            unfolded: Vec::new(),
            head: ORIGIN,
            snapshot: ORIGIN,
            is_undisturbed: true,
            bytes: 0,
        }
    }

    /// Adds the next events of the stream and moves the head behind them.
    ///
    /// # Errors
    /// The decider's fault, if the session cannot fold earlier events. The session is invalid then.
    pub fn advance(&mut self, events: Vec<Event>, head: Head) -> Result<(), String> {
        self.head = head;
        if events.is_empty() {
            return Ok(());
        }
        self.bytes += events
            .iter()
            .map(|event| event.payload.len())
            .sum::<usize>();
        if self.unfolded.is_empty() {
            self.unfolded = events;
            return Ok(());
        }
        if self.unfolded.len() + events.len() > MAX_UNFOLDED {
            self.fold()?;
        }
        self.unfolded.extend(events);
        Ok(())
    }

    /// Folds the outstanding events and decides, in one call.
    pub fn decide(
        &mut self,
        command: &Command,
        context: &Context,
    ) -> Result<Decision, DecideError> {
        let events = mem::take(&mut self.unfolded);
        self.session.decide(&events, command, context)
    }

    /// The state at the head, if the decider supports snapshots.
    ///
    /// # Errors
    /// The decider's fault, if the session cannot fold its events. The session is invalid then.
    pub fn state(&mut self) -> Result<Option<Vec<u8>>, String> {
        self.fold()?;
        Ok(self.session.snapshot())
    }

    fn fold(&mut self) -> Result<(), String> {
        let events = mem::take(&mut self.unfolded);
        match events.is_empty() {
            true => Ok(()),
            false => self.session.evolve(&events).map_err(|fault| fault.message),
        }
    }
}

pub enum Error {
    Store(StoreError),
    /// The decider could not fold its events.
    Fault(String),
}

/// Rehydrates a session from the session of an earlier command, from the newest snapshot that the decider
/// understands, or from the first event.
pub fn load(
    index: u32,
    decider: &DeciderDescriptor,
    stream: &str,
    kept: Option<Loaded>,
) -> Result<Loaded, Error> {
    match kept {
        Some(mut loaded) => {
            catch_up(&mut loaded, stream)?;
            Ok(loaded)
        }
        None => {
            let mut loaded = begin(index, decider, stream);
            catch_up(&mut loaded, stream)?;
            loaded.is_undisturbed = true;
            Ok(loaded)
        }
    }
}

fn begin(index: u32, decider: &DeciderDescriptor, stream: &str) -> Loaded {
    match decider.snapshot_every {
        0 => Loaded::origin(index),
        _ => from_snapshot(index, decider, stream),
    }
}

/// Reads the events that were appended since.
pub fn catch_up(loaded: &mut Loaded, stream: &str) -> Result<(), Error> {
    let before = loaded.head.cursor;
    loop {
        let page = event_store::load(stream, loaded.head, PAGE_COMMITS).map_err(Error::Store)?;
        let advanced = loaded.advance(page.events, page.head);
        advanced.map_err(Error::Fault)?;
        if page.end {
            loaded.is_undisturbed = loaded.head.cursor == before;
            return Ok(());
        }
    }
}

/// Rehydrates up to a version in the same way as a decision does, so the state that is shown is the state
/// that is decided on.
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
        let mut page =
            event_store::load(stream, loaded.head, PAGE_COMMITS).map_err(Error::Store)?;
        let enough = at.is_some_and(|at| page.head.version >= at);
        if let Some(at) = at {
            page.events.retain(|event| event.version <= at);
            page.head.version = page.head.version.min(at);
        }
        let advanced = loaded.advance(page.events, page.head);
        advanced.map_err(Error::Fault)?;
        if page.end || enough {
            return Ok(loaded);
        }
    }
}

/// Restores a session from its snapshot. If the snapshot is missing, from another state version or broken,
/// the session replays the stream from the origin.
fn from_snapshot(index: u32, decider: &DeciderDescriptor, stream: &str) -> Loaded {
    // Compare the version first: a state of another version must not be decoded.
    let found = event_store::load_snapshot(stream, &decider.name)
        .ok()
        .flatten();
    let restored = found
        .filter(|snapshot| snapshot.state_version == decider.state_version)
        .and_then(|snapshot| {
            Some(Loaded {
                session: Session::restore(index, &snapshot.state).ok()?,
                unfolded: Vec::new(),
                head: snapshot.head,
                snapshot: snapshot.head,
                is_undisturbed: true,
                bytes: snapshot.state.len(),
            })
        });
    restored.unwrap_or_else(|| Loaded::origin(index))
}
