//! Ensures that each command id takes effect at most once.
//!
//! The first attempt at a command creates a claim, which records the slot after which that attempt writes. Every later
//! attempt reads the stream from that slot, and an append does so before it creates a slot. Two attempts compete for
//! the same slots, so the later attempt finds the record of the earlier one.

use super::contest::Contest;
use super::{Place, Streams};
use crate::error::{AppendError, StoreError};
use crate::limits::{check_command_id, check_extensions};
use crate::model::{Appended, Claim, Head, Metadata, Outcome, Precondition, Rejection};
use crate::name::StreamName;
use crate::numbers::Slot;
use crate::records::{self, After, ClaimRecord, OutcomeRecord, StreamRecord};
use crate::slots::Slots;
use crate::store::{Store, Written};

/// A claim that is to be created.
pub struct NewClaim {
    pub key: String,
    pub bytes: Vec<u8>,
}

impl NewClaim {
    /// # Errors
    /// [`StoreError::Invalid`] for an illegal command id.
    pub fn new<S: Slots>(
        store: &Store<S>,
        command_id: &str,
        fingerprint: u64,
        stream: StreamName<'_>,
        cursor: Slot,
    ) -> Result<Self, StoreError> {
        check_command_id(command_id)?;
        let bytes = records::encode(&ClaimRecord {
            command_id: command_id.to_owned(),
            stream: stream.as_str().to_owned(),
            cursor,
            fingerprint,
        })?;
        Ok(Self {
            key: store.keys().command(command_id),
            bytes,
        })
    }

    /// Creates the claim in a step of its own. Returns `false` if the command id is claimed, perhaps by this call.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the claim may not have been created.
    pub fn create<S: Slots>(&self, store: &Store<S>) -> Result<bool, StoreError> {
        store.create_first(&self.key, &self.bytes)
    }
}

/// See [`EventLog::claim_command`](crate::EventLog::claim_command).
///
/// # Errors
/// As there.
pub fn claim<S: Slots>(
    streams: &mut Streams,
    store: &Store<S>,
    command_id: &str,
    fingerprint: u64,
    stream: &str,
    cursor: Slot,
) -> Result<Claim, StoreError> {
    let stream = StreamName::parse(stream)?;
    let claim = NewClaim::new(store, command_id, fingerprint, stream, cursor)?;
    if claim.create(store)? {
        return Ok(Claim::Fresh);
    }
    let key = claim.key;
    let Some(found) = store.get(&key)? else {
        return Err(StoreError::Unavailable(format!(
            "{key} exists and cannot be read"
        )));
    };
    let first: ClaimRecord = records::decode(&key, &found)?;
    if first.command_id != command_id {
        return Err(StoreError::corrupt(
            &key,
            format!("it belongs to command {:?}", first.command_id),
        ));
    }
    let from = if first.is_repaired() {
        // A repair wrote this claim. The repair did not know the stream or the cursor, so search the stream from its
        // start.
        Slot::default()
    } else if first.stream != stream.as_str() || first.fingerprint != fingerprint {
        return Ok(Claim::Mismatch);
    } else {
        first.cursor
    };
    let outcome = search(streams, store, stream, command_id, from)?;
    Ok(outcome.map_or(Claim::Pending, Claim::Done))
}

/// See [`EventLog::find_outcome`](crate::EventLog::find_outcome).
///
/// # Errors
/// As there.
pub fn find_outcome<S: Slots>(
    streams: &mut Streams,
    store: &Store<S>,
    command_id: &str,
    stream: &str,
    cursor: Slot,
) -> Result<Option<Outcome>, StoreError> {
    check_command_id(command_id)?;
    search(
        streams,
        store,
        StreamName::parse(stream)?,
        command_id,
        cursor,
    )
}

/// See [`EventLog::record_outcome`](crate::EventLog::record_outcome).
///
/// # Errors
/// As there.
pub fn record_outcome<S: Slots>(
    streams: &mut Streams,
    store: &Store<S>,
    stream: &str,
    at: Head,
    metadata: Metadata,
    rejection: Option<Rejection>,
    recorded_at: u64,
) -> Result<(), AppendError> {
    let stream = StreamName::parse(stream)?;
    check_command_id(&metadata.command_id)?;
    check_extensions(&metadata.extensions)?;
    let start = streams.place_at(store, stream, at.cursor.into())?;
    let command_id = metadata.command_id.clone();
    let contest = Contest {
        stream,
        expected: Precondition::At(at.version),
        command_id: &command_id,
        even_closed: true,
    };
    let mut outcome = OutcomeRecord {
        stream: stream.as_str().to_owned(),
        after: start.after,
        metadata,
        rejection,
    };
    contest.run(streams, store, start, false, |streams, place| {
        outcome.after = After {
            recorded_at: recorded_at.max(place.after.recorded_at),
            ..place.after
        };
        let bytes = records::encode(&outcome)?;
        let behind = Place {
            cursor: place.cursor.next(),
            after: outcome.after,
        };
        // Another attempt may have written equal bytes. They are the same outcome of the same command, so either writer
        // may count as the winner.
        let key = store.keys().slot(stream, behind.cursor);
        if store.create(&key, &bytes)? == Written::Taken {
            return Ok(None);
        }
        streams.created(store, stream, behind);
        Ok(Some(behind))
    })?;
    Ok(())
}

/// Searches the slots after the cursor for the outcome of a command.
fn search<S: Slots>(
    streams: &mut Streams,
    store: &Store<S>,
    stream: StreamName<'_>,
    command_id: &str,
    mut cursor: Slot,
) -> Result<Option<Outcome>, StoreError> {
    while let Some(record) = streams.read_on(store, stream, cursor.next())? {
        cursor = cursor.next();
        let after = record.after();
        streams.remember(stream, Place { cursor, after });
        if record.command_id() != Some(command_id) {
            continue;
        }
        return Ok(Some(match record {
            StreamRecord::Commit(commit) => Outcome::Accepted(commit.appended(cursor)),
            StreamRecord::Outcome(OutcomeRecord {
                rejection: Some(rejection),
                ..
            }) => Outcome::Rejected(rejection),
            StreamRecord::Outcome(_) | StreamRecord::Void(_) => Outcome::Accepted(Appended {
                version: after.version.get(),
                position: 0,
                cursor: cursor.get(),
                events: Vec::new(),
            }),
        }));
    }
    Ok(None)
}
