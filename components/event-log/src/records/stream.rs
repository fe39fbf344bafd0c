//! The records that a stream's slot can hold.

use super::{After, Commit, OutcomeRecord, Record, Void, decode};
use crate::error::StoreError;
use crate::numbers::Version;

/// One of the records that a stream's slot can hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StreamRecord {
    Commit(Commit),
    Outcome(OutcomeRecord),
    Void(Void),
}

impl StreamRecord {
    /// Decodes a stream slot's record.
    pub fn decode(key: &str, stream: &str, bytes: &[u8]) -> Result<Self, StoreError> {
        const VOID: u8 = <Void as Record>::KIND;
        let record = match bytes.get(1) {
            Some(&OutcomeRecord::KIND) => Self::Outcome(decode(key, bytes)?),
            Some(&VOID) => Self::Void(decode(key, bytes)?),
            // Any other kind is an error, which the decoder of commits reports.
            _ => Self::Commit(decode(key, bytes)?),
        };
        let (Self::Commit(Commit { stream: owner, .. })
        | Self::Outcome(OutcomeRecord { stream: owner, .. })
        | Self::Void(Void { stream: owner, .. })) = &record;
        if owner != stream {
            return Err(StoreError::corrupt(
                key,
                format!("it belongs to stream {owner:?}, not {stream:?}"),
            ));
        }
        if let Self::Commit(commit) = &record {
            let count = commit.events.len() as u64;
            let next = commit.first_version.get().checked_add(count);
            // Readers add to these numbers, so a record whose sum would overflow counts as damaged.
            if commit.position.get().checked_add(count).is_none() {
                return Err(StoreError::corrupt(key, "its position is too high"));
            }
            if commit.events.is_empty()
                || commit.first_version == Version::default()
                || next.is_none_or(|next| next - 1 != commit.after.version.get())
            {
                return Err(StoreError::corrupt(
                    key,
                    "its versions do not fit the number of its events",
                ));
            }
        }
        Ok(record)
    }

    /// The stream's state after this slot.
    pub fn after(&self) -> After {
        match self {
            Self::Commit(commit) => commit.after,
            Self::Outcome(outcome) => outcome.after,
            Self::Void(void) => void.after,
        }
    }

    /// The stream's version before this slot.
    pub fn version_before(&self) -> Version {
        match self {
            // A commit's first version is at least 1: the decoder has checked it.
            Self::Commit(commit) => commit.first_version.before().unwrap_or_default(),
            Self::Outcome(_) | Self::Void(_) => self.after().version,
        }
    }

    /// The commit, if the slot holds one.
    pub fn into_commit(self) -> Option<Commit> {
        match self {
            Self::Commit(commit) => Some(commit),
            Self::Outcome(_) | Self::Void(_) => None,
        }
    }

    /// The command that ended in this slot.
    pub fn command_id(&self) -> Option<&str> {
        match self {
            Self::Commit(Commit { metadata, .. })
            | Self::Outcome(OutcomeRecord { metadata, .. }) => Some(&metadata.command_id),
            Self::Void(_) => None,
        }
    }
}
