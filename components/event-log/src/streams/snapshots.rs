//! Snapshots: disposable states of deciders. A lost or damaged snapshot costs only time.

use super::Streams;
use crate::error::StoreError;
use crate::model::{Head, Snapshot};
use crate::name::StreamName;
use crate::records::{self, SnapshotRecord};
use crate::slots::Slots;
use crate::store::Store;

/// See [`EventLog::load_snapshot`](crate::EventLog::load_snapshot).
///
/// # Errors
/// As there.
pub fn load<S: Slots>(
    streams: &mut Streams,
    store: &Store<S>,
    stream: &str,
    decider: &str,
) -> Result<Option<Snapshot>, StoreError> {
    let stream = StreamName::parse(stream)?;
    let key = store.keys().snapshot(stream, decider);
    let Some(bytes) = store.get(&key)? else {
        return Ok(None);
    };
    let Ok(found) = records::decode::<SnapshotRecord>(&key, &bytes) else {
        return Ok(None);
    };
    let head = Head {
        cursor: found.cursor.get(),
        version: found.version.get(),
        closed: found.closed,
    };
    if found.stream != stream.as_str() || found.decider != decider {
        return Ok(None);
    }
    // Check that the stream has the snapshot's head. After a backup was restored, a newer snapshot could otherwise hide
    // events.
    match streams.place_at(store, stream, found.cursor) {
        Ok(place) if place.head() == head => {}
        Ok(_) | Err(StoreError::Invalid(_)) => return Ok(None),
        Err(error) => return Err(error),
    }
    Ok(Some(Snapshot {
        state: found.state,
        state_version: found.state_version,
        head,
    }))
}

/// See [`EventLog::save_snapshot`](crate::EventLog::save_snapshot).
///
/// # Errors
/// As there.
pub fn save<S: Slots>(
    store: &Store<S>,
    stream: &str,
    decider: &str,
    snapshot: Snapshot,
) -> Result<(), StoreError> {
    let stream = StreamName::parse(stream)?;
    let Snapshot {
        state,
        state_version,
        head,
    } = snapshot;
    let bytes = records::encode(&SnapshotRecord {
        stream: stream.as_str().to_owned(),
        decider: decider.to_owned(),
        state_version,
        cursor: head.cursor.into(),
        version: head.version.into(),
        closed: head.closed,
        state,
    })?;
    store.put(&store.keys().snapshot(stream, decider), &bytes)
}

/// See [`EventLog::delete_snapshot`](crate::EventLog::delete_snapshot).
///
/// # Errors
/// As there.
pub fn delete<S: Slots>(store: &Store<S>, stream: &str, decider: &str) -> Result<(), StoreError> {
    let stream = StreamName::parse(stream)?;
    store.delete(&store.keys().snapshot(stream, decider))
}
