//! Decides who has a stream's next slot.

use sha2::{Digest, Sha256};

use crate::error::{AppendError, StoreError};
use crate::limits::{check_extensions, check_tags};
use crate::log::{EventLog, Place, Written};
use crate::model::{AppendRequest, Appended, MAX_EVENTS, Precondition, RecordedId};
use crate::name::StreamName;
use crate::records::{self, After, Commit, CommitId, Ref};
use crate::slots::Slots;

/// What it takes to win a slot.
pub(crate) struct Contest<'a> {
    pub stream: StreamName<'a>,
    pub expected: Precondition,
    /// Whoever meets this command in the stream has lost: it has taken effect.
    pub command_id: &'a str,
    /// Outcomes may be recorded in closed streams.
    pub even_closed: bool,
}

impl<S: Slots> EventLog<S> {
    /// Appends the events of one decision, all or none. Without events it writes nothing.
    ///
    /// Returns when the commit is durable. Slots of dead writers, and outcomes of other commands,
    /// change no version and are passed.
    ///
    /// # Errors
    /// [`AppendError::Conflict`] if the precondition does not hold, or the same command has taken
    /// effect after the cursor; [`AppendError::Closed`]; else what the store says.
    pub fn append(&mut self, request: AppendRequest) -> Result<Appended, AppendError> {
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
            Some(cursor) => self.place_at(stream, cursor)?,
            None => self.tail(stream)?,
        };
        let command_id = metadata.command_id.clone();
        let contest = Contest {
            stream,
            expected,
            command_id: &command_id,
            even_closed: false,
        };
        // A caller with `at` has seen that the next slot is absent; others may come with an old cursor.
        let look_first =
            events.is_empty() || (cursor.is_some() && !matches!(expected, Precondition::At(_)));

        let mut commit = Commit {
            stream: stream.as_str().to_owned(),
            after: After {
                version: 0,
                closed: close,
                recorded_at: 0,
            },
            id: CommitId::default(),
            first_version: 0,
            position: 0,
            metadata,
            events,
        };
        let place = self.contest(&contest, start, look_first, |log, place| {
            if commit.events.is_empty() {
                return Ok(Some(place));
            }
            let slot = place.cursor + 1;
            commit.first_version = place.after.version + 1;
            commit.after.version = place.after.version + commit.events.len() as u64;
            commit.after.recorded_at = recorded_at.max(place.after.recorded_at);
            commit.id = commit_id(seed, recorded_at, stream, slot, &command_id);
            log.write(stream, slot, &mut commit, recorded_at)
        })?;
        Ok(match commit.events.is_empty() {
            true => Appended {
                version: place.after.version,
                position: 0,
                cursor: place.cursor,
                events: Vec::new(),
            },
            false => commit.appended(place.cursor),
        })
    }

    /// The two steps of the protocol. In this order: a commit whose position is known to no
    /// log slot would never be delivered; a ref without its commit is only passed.
    fn write(
        &mut self,
        stream: StreamName<'_>,
        slot: u64,
        commit: &mut Commit,
        claimed_at: u64,
    ) -> Result<Option<Place>, StoreError> {
        let claim = Ref {
            stream: stream.as_str().to_owned(),
            slot,
            commit: commit.id,
            claimed_at,
        };
        commit.position = self.claim_log(stream, &claim)? * MAX_EVENTS as u64;
        let bytes = records::encode(commit)?;
        if self.create(&self.keys.slot(stream, slot), &bytes)? == Written::Taken {
            return Ok(None);
        }
        let place = Place {
            cursor: slot,
            after: commit.after,
        };
        self.created(stream, place);
        Ok(Some(place))
    }

    /// Goes from slot to slot until the precondition fails or `attempt` wins one. `attempt` is
    /// given the place in front of the slot, and returns the place behind it, or nothing if the
    /// slot was taken by somebody else.
    ///
    /// Never tries a slot before it has looked at all slots between the start and it: that is what
    /// makes a command take effect once, whatever becomes of earlier attempts.
    pub(crate) fn contest(
        &mut self,
        contest: &Contest<'_>,
        start: Place,
        look_first: bool,
        mut attempt: impl FnMut(&mut Self, Place) -> Result<Option<Place>, StoreError>,
    ) -> Result<Place, AppendError> {
        let expected = contest.expected;
        let mut place = start;
        let mut at_end = look_first;
        loop {
            if at_end {
                place = self.pass_all(contest, place)?;
            }
            if place.after.closed && !contest.even_closed {
                return Err(AppendError::Closed(place.after.version));
            }
            if expected.holds(place.after.version) {
                if let Some(place) = attempt(self, place)? {
                    return Ok(place);
                }
            } else if at_end {
                // What it failed at, not where the stream is by now: it may hold there.
                return Err(AppendError::Conflict {
                    expected,
                    actual: place.after.version,
                });
            } else if expected.is_past(place.after.version) {
                return Err(self.conflict(contest));
            }
            at_end = true;
        }
    }

    /// Looks at everything that follows a place.
    fn pass_all(&mut self, contest: &Contest<'_>, mut place: Place) -> Result<Place, AppendError> {
        while let Some(record) = self.read_on(contest.stream, place.cursor + 1)? {
            if record
                .command_id()
                .is_some_and(|id| id == contest.command_id && !id.is_empty())
            {
                return Err(self.conflict(contest));
            }
            place = Place {
                cursor: place.cursor + 1,
                after: record.after(),
            };
            self.remember(contest.stream, place);
        }
        Ok(place)
    }

    fn conflict(&mut self, contest: &Contest<'_>) -> AppendError {
        match self.tail(contest.stream) {
            Ok(place) => AppendError::Conflict {
                expected: contest.expected,
                actual: place.after.version,
            },
            Err(error) => error.into(),
        }
    }
}

impl Commit {
    /// What the writer is told, now or when asking again.
    pub(crate) fn appended(&self, cursor: u64) -> Appended {
        let events = (0u64..).zip(&self.events).map(|(index, event)| RecordedId {
            id: Self::event_id(&self.id, index),
            event_type: event.event_type.clone(),
            version: self.first_version + index,
        });
        Appended {
            version: self.after.version,
            position: self.position + self.events.len().saturating_sub(1) as u64,
            cursor,
            events: events.collect(),
        }
    }
}

/// The first 128 bits of a SHA-256 over everything that tells attempts apart. Two attempts of one
/// caller at one slot have different seeds.
fn commit_id(
    seed: u64,
    recorded_at: u64,
    stream: StreamName<'_>,
    slot: u64,
    command_id: &str,
) -> CommitId {
    let mut hash = Sha256::new();
    for number in [seed, recorded_at, slot, stream.as_str().len() as u64] {
        hash.update(number.to_le_bytes());
    }
    hash.update(stream.as_str());
    hash.update(command_id);
    let digest: [u8; 32] = hash.finalize().into();
    let mut id = CommitId::default();
    id.copy_from_slice(&digest[..16]);
    id
}
