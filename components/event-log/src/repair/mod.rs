//! Repairs slots whose creator died during the creation.
//!
//! Only a store whose creation is not atomic has such slots ([`Slots::settle`]). Such a slot blocks its stream, log or
//! list: a writer that tries to create it finds that it exists, and a reader finds that it is absent. A repair writes a
//! record without effect. Every repair of the same slot must write the same bytes.

mod reactions;

use crate::error::StoreError;
use crate::log::Division;
use crate::name::{StreamName, unescape};
use crate::numbers::{LogSlot, Slot};
use crate::records::{self, After, ClaimRecord, Skip, Void};
use crate::slots::{Settled, Slots};
use crate::store::Store;

/// See [`EventLog::repair`](crate::EventLog::repair).
///
/// # Errors
/// As there.
pub fn repair<S: Slots>(
    store: &Store<S>,
    division: Division,
    key: &str,
    name: Option<&str>,
) -> Result<Settled, StoreError> {
    match filler(store, division, key, name)? {
        Some(filler) => store.settle(key, &filler),
        None => Ok(Settled::Decided),
    }
}

/// The record that a repair writes at a key; `None` if the slot already has a record.
fn filler<S: Slots>(
    store: &Store<S>,
    division: Division,
    key: &str,
    name: Option<&str>,
) -> Result<Option<Vec<u8>>, StoreError> {
    let segments: Vec<&str> = key.split('.').collect();
    let named = |escaped| match name {
        Some(name) => Ok(name.to_owned()),
        None => unescape(escaped).ok_or_else(|| invalid(key, "it has no legal name in it")),
    };
    let given = || {
        let why = "it holds a hash: `name` must say of what (`view/key` for a row)";
        name.ok_or_else(|| invalid(key, why))
    };
    let filler = match segments[..] {
        [_, "store"] => {
            must_be(key, &store.keys().store())?;
            division.record()
        }
        [_, log, index] if log.starts_with("log") => {
            skip(store, division, key, number(key, index)?.into())
        }
        [_, "stream", escaped, slot] => {
            void(store, key, &named(escaped)?, number(key, slot)?.into())
        }
        [_, "stream-sha256", _, slot] => void(store, key, given()?, number(key, slot)?.into()),
        [_, "command", escaped] => open_claim(store, key, &named(escaped)?),
        [_, "command-sha256", _] => open_claim(store, key, given()?),
        [_, "checkpoint", escaped, revision] => {
            return reactions::checkpoint(store, key, &named(escaped)?, revision);
        }
        [_, "checkpoint-sha256", _, revision] => {
            return reactions::checkpoint(store, key, given()?, revision);
        }
        [_, "row", view, row, revision] => {
            let illegal = || invalid(key, "it has no legal name in it");
            let view = unescape(view).ok_or_else(illegal)?;
            let row = unescape(row).ok_or_else(illegal)?;
            return reactions::row(store, key, (&view, &row), revision);
        }
        [_, "row-sha256", _, revision] => {
            let other = || invalid(key, "it is not the row that `name` says");
            let row = reactions::row_named(store, key, given()?, revision).ok_or_else(other)?;
            return reactions::row(store, key, row, revision);
        }
        [_, "view", escaped, index] => {
            return reactions::entry(store, key, &named(escaped)?, index);
        }
        [_, "view-sha256", _, index] => return reactions::entry(store, key, given()?, index),
        [_, "view-dropped", escaped] => return reactions::dropped(store, key, &named(escaped)?),
        [_, "view-dropped-sha256", _] => return reactions::dropped(store, key, given()?),
        _ => Err(invalid(key, "it looks like none of them")),
    };
    filler.map(Some)
}

fn skip<S: Slots>(
    store: &Store<S>,
    Division(partitions): Division,
    key: &str,
    slot: LogSlot,
) -> Result<Vec<u8>, StoreError> {
    must_be(key, &store.keys().log(slot))?;
    let before = slot.get().saturating_sub(partitions.into());
    if slot.get() == 0 || (before > 0 && store.read_log_slot(before.into())?.is_none()) {
        return Err(gap(key));
    }
    records::encode(&Skip { index: slot })
}

fn void<S: Slots>(
    store: &Store<S>,
    key: &str,
    stream: &str,
    slot: Slot,
) -> Result<Vec<u8>, StoreError> {
    let stream = StreamName::parse(stream)?;
    must_be(key, &store.keys().slot(stream, slot))?;
    let after = match slot.before() {
        None => return Err(gap(key)),
        Some(before) if before.get() == 0 => After::default(),
        Some(before) => store
            .read_slot(stream, before)?
            .ok_or_else(|| gap(key))?
            .after(),
    };
    records::encode(&Void {
        stream: stream.as_str().to_owned(),
        after,
    })
}

fn open_claim<S: Slots>(
    store: &Store<S>,
    key: &str,
    command_id: &str,
) -> Result<Vec<u8>, StoreError> {
    must_be(key, &store.keys().command(command_id))?;
    records::encode(&ClaimRecord {
        command_id: command_id.to_owned(),
        stream: String::new(),
        cursor: Slot::default(),
        fingerprint: 0,
    })
}

/// Checks that a key equals the key that this store builds from its parts.
fn must_be(key: &str, made: &str) -> Result<(), StoreError> {
    if key == made {
        return Ok(());
    }
    Err(invalid(
        key,
        &format!("what it seems to be would lie at {made}"),
    ))
}

fn invalid(key: &str, why: &str) -> StoreError {
    StoreError::Invalid(format!(
        "{key:?} is not the key of a slot of this store: {why}"
    ))
}

fn gap(key: &str) -> StoreError {
    StoreError::Invalid(format!(
        "{key} cannot have been begun: the slot before it is absent"
    ))
}

fn number(key: &str, digits: &str) -> Result<u64, StoreError> {
    u64::from_str_radix(digits, 16).map_err(|_| invalid(key, "it ends in no number"))
}
