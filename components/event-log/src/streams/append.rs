//! Appends the events of a decision.

use std::hash::{DefaultHasher, Hash, Hasher};

use super::commands::NewClaim;
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
use crate::store::{GroupWritten, Store, Written};

/// Maximum number of log slots that one write draws. A reader fills a drawn slot only after the grace period, so several
/// in a row mean that the writer is slower than that.
const MAX_DRAWS: u32 = 64;

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
        claim,
    } = request;
    let stream = StreamName::parse(&stream)?;
    if events.len() > MAX_EVENTS {
        let message = format!(
            "a commit has {} events, at most {MAX_EVENTS} are allowed",
            events.len()
        );
        return Err(StoreError::Invalid(message).into());
    }
    if events.is_empty() && (close || claim.is_some()) {
        return Err(StoreError::Invalid(
            "a stream is closed and a command is claimed together with events, and there are none"
                .into(),
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
    let mut new_claim = None;
    if let Some(fingerprint) = claim {
        let claim = NewClaim::new(store, &command_id, fingerprint, stream, start.cursor)?;
        // The look keeps a repeated command from drawing a log slot, which would stay as a skip.
        let is_free = match store.is_conditional() {
            true => !store.has(&claim.key)?,
            false => claim.create(store)?,
        };
        if !is_free {
            return Err(AppendError::Claimed);
        }
        new_claim = store.is_conditional().then_some(claim);
    }
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
        let write = Write {
            stream,
            slot,
            claim: new_claim.as_ref(),
            claimed_at: recorded_at,
        };
        if !write.run(log, store, &mut commit)? {
            return Ok(None);
        }
        let place = Place {
            cursor: slot,
            after: commit.after,
        };
        streams.created(store, stream, place);
        Ok(Some(place))
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

/// One try at a stream's slot.
struct Write<'a> {
    stream: StreamName<'a>,
    slot: Slot,
    /// The claim of the command id that has to be created with the commit.
    claim: Option<&'a NewClaim>,
    /// The time of the ref.
    claimed_at: u64,
}

impl Write<'_> {
    /// Writes the commit and its ref. Returns `false` if another writer has won the stream's slot.
    fn run<S: Slots>(
        &self,
        log: &mut Log,
        store: &Store<S>,
        commit: &mut Commit,
    ) -> Result<bool, AppendError> {
        let lead = Ref {
            stream: self.stream.as_str().to_owned(),
            slot: self.slot,
            commit: commit.id,
            claimed_at: self.claimed_at,
        };
        match store.is_conditional() {
            true => self.together(log, store, &lead, commit),
            false => Ok(self.in_turn(log, store, &lead, commit)?),
        }
    }

    /// Runs the two steps of the portable protocol: creates a ref in the log, then the commit in the stream's slot. In the
    /// opposite order, a writer that died between the steps would leave a commit without a ref, which no reader of the log
    /// would ever deliver. Readers pass a ref without a commit.
    fn in_turn<S: Slots>(
        &self,
        log: &mut Log,
        store: &Store<S>,
        lead: &Ref,
        commit: &mut Commit,
    ) -> Result<bool, StoreError> {
        commit.position = log.claim(store, self.stream, lead)?.first_position();
        let bytes = records::encode(commit)?;
        let written = store.create(&store.keys().slot(self.stream, self.slot), &bytes)?;
        Ok(written == Written::Ours)
    }

    /// Runs the two steps of the atomic protocol: draws a log slot, then creates the commit, its ref and the command's claim
    /// together.
    ///
    /// The writer draws after it has seen the stream's slot before. So the drawn slot comes after that of the stream's last
    /// commit, and the log keeps the order of the stream. A reader that meets the drawn slot absent waits for the grace
    /// period, and then fills it. In that case the creation fails as a whole, and the writer draws again.
    fn together<S: Slots>(
        &self,
        log: &mut Log,
        store: &Store<S>,
        lead: &Ref,
        commit: &mut Commit,
    ) -> Result<bool, AppendError> {
        const COMMIT: usize = 0;
        const REF: usize = 1;
        let slot = store.keys().slot(self.stream, self.slot);
        let lead = records::encode(lead)?;
        for _ in 0..MAX_DRAWS {
            let drawn = log.draw(store, self.stream)?;
            commit.position = drawn.first_position();
            let bytes = records::encode(commit)?;
            let at = store.keys().log(drawn);
            let mut entries: Vec<(&str, &[u8])> = vec![(&slot, &bytes), (&at, &lead)];
            entries.extend(
                self.claim
                    .map(|claim| (&*claim.key, claim.bytes.as_slice())),
            );
            match store.create_all(&entries, COMMIT)? {
                GroupWritten::Ours => {
                    log.took(store, drawn);
                    return Ok(true);
                }
                GroupWritten::Taken(COMMIT) => {
                    log.give_up(store, drawn);
                    return Ok(false);
                }
                GroupWritten::Taken(REF) => log.missed(store, drawn)?,
                GroupWritten::Taken(_) => {
                    log.give_up(store, drawn);
                    return Err(AppendError::Claimed);
                }
            }
        }
        Err(StoreError::Unavailable(format!(
            "readers or other writers have filled {MAX_DRAWS} drawn slots of the log in a row"
        ))
        .into())
    }
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
