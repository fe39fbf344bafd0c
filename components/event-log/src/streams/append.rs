//! Appends the events of a decision.

use std::hash::{DefaultHasher, Hash, Hasher};

use super::contest::Contest;
use super::{Place, Streams};
use crate::error::{AppendError, StoreError};
use crate::limits::{check_extensions, check_tags};
use crate::log::Log;
use crate::model::{AppendRequest, Appended, MAX_EVENTS, Precondition};
use crate::name::StreamName;
use crate::numbers::Slot;
use crate::records::{self, After, Commit, CommitId, Ref};
use crate::slots::Slots;
use crate::store::{Store, Written};

/// See [`EventLog::append`](crate::EventLog::append).
///
/// # Errors
/// As there.
pub fn append<S: Slots>(
    streams: &mut Streams,
    log: &mut Log,
    store: &Store<S>,
    request: AppendRequest,
) -> Result<Appended, AppendError> {
    let AppendRequest {
        stream,
        expected,
        cursor,
        events,
        close,
        metadata,
        recorded_at,
        seed,
    } = request;
    let stream = StreamName::parse(&stream)?;
    if events.len() > MAX_EVENTS {
        let message = format!(
            "a commit has {} events, at most {MAX_EVENTS} are allowed",
            events.len()
        );
        return Err(StoreError::Invalid(message).into());
    }
    if events.is_empty() && close {
        return Err(StoreError::Invalid(
            "a stream is closed by its last events, and there are none".into(),
        )
        .into());
    }
    check_extensions(&metadata.extensions)?;
    for event in &events {
        check_tags(&event.tags)?;
    }
    let start = match cursor {
        Some(cursor) => streams.place_at(store, stream, cursor.into())?,
        None => streams.tail(store, stream)?,
    };
    let command_id = metadata.command_id.clone();
    let contest = Contest {
        stream,
        expected,
        command_id: &command_id,
        even_closed: false,
    };
    // A caller with `At` has found the next slot absent. Other callers may pass an old cursor.
    let look_first =
        events.is_empty() || (cursor.is_some() && !matches!(expected, Precondition::At(_)));

    let mut commit = Commit {
        stream: stream.as_str().to_owned(),
        after: After {
            closed: close,
            ..After::default()
        },
        id: CommitId::default(),
        first_version: 0.into(),
        position: 0.into(),
        metadata,
        events,
    };
    let place = contest.run(streams, store, start, look_first, |streams, place| {
        if commit.events.is_empty() {
            return Ok(Some(place));
        }
        let slot = place.cursor.next();
        commit.first_version = place.after.version.next();
        commit.after.version = (place.after.version.get() + commit.events.len() as u64).into();
        commit.after.recorded_at = recorded_at.max(place.after.recorded_at);
        commit.id = commit_id(seed, recorded_at, stream, slot, &command_id);
        let written = write(log, store, stream, slot, &mut commit, recorded_at)?;
        if let Some(place) = written {
            streams.created(store, stream, place);
        }
        Ok(written)
    })?;
    Ok(match commit.events.is_empty() {
        true => Appended {
            version: place.after.version.get(),
            position: 0,
            cursor: place.cursor.get(),
            events: Vec::new(),
        },
        false => commit.appended(place.cursor),
    })
}

/// Runs the two steps of the protocol: creates a ref in the log, then the commit in the stream's slot. In the opposite
/// order, a writer that died between the steps would leave a commit without a ref, which no reader of the log would
/// ever deliver. Readers pass a ref without a commit.
fn write<S: Slots>(
    log: &mut Log,
    store: &Store<S>,
    stream: StreamName<'_>,
    slot: Slot,
    commit: &mut Commit,
    claimed_at: u64,
) -> Result<Option<Place>, StoreError> {
    let claim = Ref {
        stream: stream.as_str().to_owned(),
        slot,
        commit: commit.id,
        claimed_at,
    };
    commit.position = log.claim(store, stream, &claim)?.first_position();
    let bytes = records::encode(commit)?;
    Ok(
        match store.create(&store.keys().slot(stream, slot), &bytes)? {
            Written::Taken => None,
            Written::Ours => Some(Place {
                cursor: slot,
                after: commit.after,
            }),
        },
    )
}

/// Builds a commit id: the caller's 64 random bits, then 64 bits of a hash over everything else that distinguishes
/// attempts. Two attempts of one caller at one slot have different seeds. So only attempts of two callers can share an
/// id, and only if both halves are equal.
fn commit_id(
    seed: u64,
    recorded_at: u64,
    stream: StreamName<'_>,
    slot: Slot,
    command_id: &str,
) -> CommitId {
    let mut hasher = DefaultHasher::new();
    (recorded_at, slot, stream, command_id).hash(&mut hasher);
    let mut id = CommitId::default();
    let (random, rest) = id.split_at_mut(8);
    random.copy_from_slice(&seed.to_be_bytes());
    rest.copy_from_slice(&hasher.finish().to_be_bytes());
    id
}
