//! Decides slots whose creator died halfway.
//!
//! Only a store without an atomic creation has such slots ([`Slots::settle`]). Nobody can pass
//! them: they exist for whoever wants to create them, and do not for whoever reads. What is
//! written there must mean nothing, and must be the same whoever repairs and how often.

use crate::error::{SlotError, StoreError};
use crate::log::EventLog;
use crate::name::{StreamName, unescape};
use crate::records::{self, After, ClaimRecord, Skip, Void};
use crate::slots::{Settled, Slots};

impl<S: Slots> EventLog<S> {
    /// Decides the slot at a key, if somebody began to create it: a void in a stream's slot, a skip
    /// in the log, an open claim for a command id, what the store says of itself; in what reactions
    /// keep, a revision that changes nothing, or an entry for no row. The caller vouches that no
    /// writer that may have begun it is still alive. `name` is the stream, the command id, the handler, the view, or
    /// `view/key` for a row; it is needed only where the key holds a hash of it.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] if it is not the key of a slot of this store, or nobody can have
    /// begun to create it; what the store says.
    pub fn repair(&mut self, key: &str, name: Option<&str>) -> Result<Settled, StoreError> {
        let Some(filler) = self.filler(key, name)? else {
            return Ok(Settled::Decided);
        };
        self.slots
            .settle(key, &filler)
            .map_err(|error| match error {
                SlotError::Unavailable(why) => StoreError::Unavailable(why),
                SlotError::InDoubt(why) => StoreError::InDoubt(why),
            })
    }

    /// What to write at a key; nothing if it has a record.
    fn filler(&self, key: &str, name: Option<&str>) -> Result<Option<Vec<u8>>, StoreError> {
        let segments: Vec<&str> = key.split('.').collect();
        let told = |escaped| match name {
            Some(name) => Ok(name.to_owned()),
            None => unescape(escaped).ok_or_else(|| invalid(key, "it has no legal name in it")),
        };
        let given = || {
            let why = "it holds a hash: `name` must say of what (`view/key` for a row)";
            name.ok_or_else(|| invalid(key, why))
        };
        let filler = match segments[..] {
            [_, "store"] => {
                self.must_be(key, &self.keys.store())?;
                self.store_record()
            }
            [_, log, index] if log.starts_with("log") => self.skip_at(key, number(key, index)?),
            [_, "stream", escaped, slot] => self.void_for(key, &told(escaped)?, number(key, slot)?),
            [_, "stream-sha256", _, slot] => self.void_for(key, given()?, number(key, slot)?),
            [_, "command", escaped] => self.open_claim(key, &told(escaped)?),
            [_, "command-sha256", _] => self.open_claim(key, given()?),
            [_, "checkpoint", escaped, revision] => {
                return self.checkpoint_filler(key, &told(escaped)?, revision);
            }
            [_, "checkpoint-sha256", _, revision] => {
                return self.checkpoint_filler(key, given()?, revision);
            }
            [_, "row", view, row, revision] => {
                let illegal = || invalid(key, "it has no legal name in it");
                let view = unescape(view).ok_or_else(illegal)?;
                let row = unescape(row).ok_or_else(illegal)?;
                return self.row_filler(key, (&view, &row), revision);
            }
            [_, "row-sha256", _, revision] => {
                let other = || invalid(key, "it is not the row that `name` says");
                let row = self.row_of(key, given()?, revision).ok_or_else(other)?;
                return self.row_filler(key, row, revision);
            }
            [_, "view", escaped, index] => {
                return self.entry_filler(key, &told(escaped)?, index);
            }
            [_, "view-sha256", _, index] => return self.entry_filler(key, given()?, index),
            [_, "view-dropped", escaped] => return self.dropped_filler(key, &told(escaped)?),
            [_, "view-dropped-sha256", _] => return self.dropped_filler(key, given()?),
            _ => Err(invalid(key, "it looks like none of them")),
        };
        filler.map(Some)
    }

    fn skip_at(&self, key: &str, index: u64) -> Result<Vec<u8>, StoreError> {
        self.must_be(key, &self.keys.log(index))?;
        let before = index.saturating_sub(self.partitions());
        if index == 0 || (before > 0 && self.read_log_slot(before)?.is_none()) {
            return Err(gap(key));
        }
        records::encode(&Skip { index })
    }

    fn void_for(&self, key: &str, stream: &str, slot: u64) -> Result<Vec<u8>, StoreError> {
        let stream = StreamName::parse(stream)?;
        self.must_be(key, &self.keys.slot(stream, slot))?;
        let after = match slot {
            0 => return Err(gap(key)),
            1 => After::default(),
            _ => self
                .read_slot(stream, slot - 1)?
                .ok_or_else(|| gap(key))?
                .after(),
        };
        records::encode(&Void {
            stream: stream.as_str().to_owned(),
            after,
        })
    }

    fn open_claim(&self, key: &str, command_id: &str) -> Result<Vec<u8>, StoreError> {
        self.must_be(key, &self.keys.command(command_id))?;
        records::encode(&ClaimRecord {
            command_id: command_id.to_owned(),
            stream: String::new(),
            cursor: 0,
            fingerprint: 0,
        })
    }

    /// A key is only what this store makes of its parts.
    pub(crate) fn must_be(&self, key: &str, made: &str) -> Result<(), StoreError> {
        if key == made {
            return Ok(());
        }
        Err(invalid(
            key,
            &format!("what it seems to be would lie at {made}"),
        ))
    }
}

fn invalid(key: &str, why: &str) -> StoreError {
    StoreError::Invalid(format!(
        "{key:?} is not the key of a slot of this store: {why}"
    ))
}

pub(crate) fn gap(key: &str) -> StoreError {
    StoreError::Invalid(format!(
        "{key} cannot have been begun: the slot before it is absent"
    ))
}

pub(crate) fn number(key: &str, digits: &str) -> Result<u64, StoreError> {
    u64::from_str_radix(digits, 16).map_err(|_| invalid(key, "it ends in no number"))
}
