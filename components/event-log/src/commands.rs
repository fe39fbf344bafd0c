//! Command ids take effect once.
//!
//! The first attempt leaves a claim that says from which slot on it wrote. Every later attempt
//! looks through the stream from there on, and so does an append before it takes a slot. Two
//! attempts compete for the same slots, so the second one to come meets the first.

use crate::append::Contest;
use crate::error::{AppendError, SlotError, StoreError};
use crate::limits::check_extensions;
use crate::log::{ATTEMPTS, EventLog, Place, Written};
use crate::model::{Appended, Claim, Head, Metadata, Outcome, Precondition, Rejection};
use crate::name::StreamName;
use crate::records::{self, After, ClaimRecord, OutcomeRecord, StreamRecord};
use crate::slots::{Creation, Slots};

/// Most bytes of a command id.
const MAX_COMMAND_ID_BYTES: usize = 1024;

impl<S: Slots> EventLog<S> {
    /// Takes a command id before its decision is written. `fingerprint` stands for the command's
    /// content; up to slot `cursor` of the stream no attempt has written.
    ///
    /// # Errors
    /// What the store says. A claim in doubt is [`StoreError::Unavailable`]: claiming again is safe.
    pub fn claim_command(
        &mut self,
        command_id: &str,
        fingerprint: u64,
        stream: &str,
        cursor: u64,
    ) -> Result<Claim, StoreError> {
        let stream = StreamName::parse(stream)?;
        check_id(command_id)?;
        let key = self.keys.command(command_id);
        let claim = ClaimRecord {
            command_id: command_id.to_owned(),
            stream: stream.as_str().to_owned(),
            cursor,
            fingerprint,
        };
        let bytes = records::encode(&claim)?;
        if self.claim(&key, &bytes)? {
            return Ok(Claim::Fresh);
        }
        let Some(found) = self.get(&key)? else {
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
        if first.is_repaired() {
            // Whose it was is not known, only that no attempt has written: look from the start.
            return Ok(self
                .search(stream, command_id, 0)?
                .map_or(Claim::Pending, Claim::Done));
        }
        if first.stream != claim.stream || first.fingerprint != fingerprint {
            return Ok(Claim::Mismatch);
        }
        Ok(self
            .search(stream, command_id, first.cursor)?
            .map_or(Claim::Pending, Claim::Done))
    }

    /// Creates a claim; `false` if there is one. Not through `self.create`: two attempts may write
    /// the same bytes, so to find them there does not mean that nobody else was first. A claim in
    /// doubt that is there counts as another's, which is always safe.
    fn claim(&self, key: &str, bytes: &[u8]) -> Result<bool, StoreError> {
        let mut doubt = String::new();
        for _ in 0..ATTEMPTS {
            match self.slots.create(key, bytes) {
                Ok(creation) => return Ok(creation == Creation::Created),
                Err(SlotError::Unavailable(why)) => return Err(StoreError::Unavailable(why)),
                Err(SlotError::InDoubt(why)) => doubt = why,
            }
            if self.get(key)?.is_some() {
                return Ok(false);
            }
        }
        Err(StoreError::Unavailable(doubt))
    }

    /// How a command ended, looking from the cursor on.
    ///
    /// # Errors
    /// What the store says.
    pub fn find_outcome(
        &mut self,
        command_id: &str,
        stream: &str,
        cursor: u64,
    ) -> Result<Option<Outcome>, StoreError> {
        check_id(command_id)?;
        self.search(StreamName::parse(stream)?, command_id, cursor)
    }

    /// Records that a command ended without events, by a rejection or not, so that the same id
    /// keeps getting the same answer. Competes with appends for the slot after `at`.
    ///
    /// # Errors
    /// [`AppendError::Conflict`] if the stream has moved on, or the command has ended; never
    /// [`AppendError::Closed`].
    pub fn record_outcome(
        &mut self,
        stream: &str,
        at: Head,
        metadata: Metadata,
        rejection: Option<Rejection>,
        recorded_at: u64,
    ) -> Result<(), AppendError> {
        let stream = StreamName::parse(stream)?;
        check_id(&metadata.command_id)?;
        check_extensions(&metadata.extensions)?;
        let start = self.place_at(stream, at.cursor)?;
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
        self.contest(&contest, start, false, |log, place| {
            outcome.after = After {
                recorded_at: recorded_at.max(place.after.recorded_at),
                ..place.after
            };
            let bytes = records::encode(&outcome)?;
            let behind = Place {
                cursor: place.cursor + 1,
                after: outcome.after,
            };
            // Equal bytes are as good as ours: they tell the same outcome of the same command.
            if log.create(&log.keys.slot(stream, behind.cursor), &bytes)? == Written::Taken {
                return Ok(None);
            }
            log.created(stream, behind);
            Ok(Some(behind))
        })?;
        Ok(())
    }

    fn search(
        &mut self,
        stream: StreamName<'_>,
        command_id: &str,
        cursor: u64,
    ) -> Result<Option<Outcome>, StoreError> {
        let mut cursor = cursor;
        while let Some(record) = self.read_on(stream, cursor.saturating_add(1))? {
            cursor += 1;
            let after = record.after();
            self.remember(stream, Place { cursor, after });
            if record.command_id() != Some(command_id) {
                continue;
            }
            return Ok(match record {
                StreamRecord::Commit(commit) => Some(Outcome::Accepted(commit.appended(cursor))),
                StreamRecord::Outcome(OutcomeRecord {
                    rejection: Some(rejection),
                    ..
                }) => Some(Outcome::Rejected(rejection)),
                StreamRecord::Outcome(_) | StreamRecord::Void(_) => {
                    Some(Outcome::Accepted(Appended {
                        version: after.version,
                        position: 0,
                        cursor,
                        events: Vec::new(),
                    }))
                }
            });
        }
        Ok(None)
    }
}

fn check_id(command_id: &str) -> Result<(), StoreError> {
    match command_id.len() {
        1..=MAX_COMMAND_ID_BYTES => Ok(()),
        bytes => Err(StoreError::Invalid(format!(
            "a command id has {bytes} bytes, it must have 1 to {MAX_COMMAND_ID_BYTES}"
        ))),
    }
}
