//! Storage of dead letters: events that a reaction failed to accept, and commands of process managers that
//! failed.
//!
//! Dead letters are rows of an internal view. The position of such a row counts the row's revisions instead
//! of naming a log position, so every change of a row is a compare-and-set.

use super::dead_letter::DeadLetter;
use crate::annals::es::reaction_store::{StoredRow, WriteError};
use crate::annals::es::types::StoreError;
use crate::annals::es::types::{OutgoingCommand, RowKey};
use crate::catalogue::Reaction;
use crate::encoding;
use crate::exports::annals::es::administration::{self as exports, ParkedCommand};
use crate::ports::ReactionStore;
use serde::{Deserialize, Serialize};

/// The internal view of dead letters.
const VIEW: &str = "~dead-letters";

/// The stored value of a dead letter's row.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct StoredDeadLetter {
    dead_letter: DeadLetter,
    waiting: Vec<String>,
}

/// A stored dead letter, with the revision that was read.
pub struct Found {
    pub id: String,
    pub revision: u64,
    pub dead_letter: DeadLetter,
    /// Processes that take no events until this dead letter is retried or skipped.
    pub waiting: Vec<String>,
}

impl Found {
    pub fn describe(self, reactions: &[Reaction]) -> exports::DeadLetter {
        let dead_letter = self.dead_letter;
        let mut known = reactions.iter();
        let reaction = known.find(|reaction| reaction.key == dead_letter.reaction);
        exports::DeadLetter {
            id: self.id,
            reaction: reaction.map_or(dead_letter.reaction, |reaction| reaction.name.clone()),
            event_id: dead_letter.event_id,
            event_type: dead_letter.event_type,
            stream: dead_letter.stream,
            position: dead_letter.position,
            command: dead_letter.command.map(|(id, command)| ParkedCommand {
                process: command.process,
                id,
                command: OutgoingCommand {
                    command_type: command.command_type,
                    content_type: command.content_type,
                    payload: command.payload,
                    deliver_at: None,
                    name: None,
                },
            }),
            waiting: self.waiting,
            attempts: dead_letter.attempts,
            reason: dead_letter.reason,
            parked_at: dead_letter.parked_at,
        }
    }
}

fn key(id: &str) -> RowKey {
    RowKey {
        view: VIEW.into(),
        key: id.into(),
    }
}

fn write(
    store: &impl ReactionStore,
    id: &str,
    seen: u64,
    stored: &StoredDeadLetter,
) -> Result<(), WriteError> {
    let row = StoredRow {
        key: id.into(),
        content_type: "application/octet-stream".into(),
        value: encoding::encode(stored),
        position: seen + 1,
    };
    store.put_row(VIEW, &row, seen)
}

/// Stores a dead letter unless it was stored before.
pub fn file(
    store: &impl ReactionStore,
    id: &str,
    dead_letter: &DeadLetter,
    waiting: &[String],
) -> Result<(), StoreError> {
    let stored = StoredDeadLetter {
        dead_letter: dead_letter.clone(),
        waiting: waiting.to_vec(),
    };
    match write(store, id, 0, &stored) {
        // `Stale`: the dead letter is stored already, or was stored and has been resolved.
        Ok(()) | Err(WriteError::Stale) => Ok(()),
        Err(WriteError::Store(error)) => Err(error),
    }
}

/// Replaces a dead letter, provided that it has not changed since it was read.
pub fn update(store: &impl ReactionStore, found: &Found) -> Result<(), WriteError> {
    let stored = StoredDeadLetter {
        dead_letter: found.dead_letter.clone(),
        waiting: found.waiting.clone(),
    };
    write(store, &found.id, found.revision, &stored)
}

/// Deletes a dead letter. The row's tombstone prevents a late deliverer from storing it again.
pub fn remove(store: &impl ReactionStore, id: &str) -> Result<(), StoreError> {
    loop {
        let Some(found) = find(store, id)? else {
            return Ok(());
        };
        match store.delete_row(&key(id), found.revision, found.revision + 1) {
            Ok(()) => return Ok(()),
            Err(WriteError::Stale) => {}
            Err(WriteError::Store(error)) => return Err(error),
        }
    }
}

pub fn find(store: &impl ReactionStore, id: &str) -> Result<Option<Found>, StoreError> {
    if id.is_empty() || id.len() > 1024 {
        return Ok(None);
    }
    store.get_row(&key(id))?.map(found).transpose()
}

/// A page of dead letters in the order of their ids.
pub struct Page {
    pub dead_letters: Vec<Found>,
    /// Id after which the next page begins.
    pub next: Option<String>,
    pub end: bool,
}

/// Reads the dead letters after an id.
pub fn list(
    store: &impl ReactionStore,
    after: Option<&str>,
    limit: u32,
) -> Result<Page, StoreError> {
    let page = store.scan_rows(VIEW, after, limit)?;
    let dead_letters = page.rows.into_iter().map(found).collect::<Result<_, _>>()?;
    Ok(Page {
        dead_letters,
        next: page.next,
        end: page.end,
    })
}

fn found(row: StoredRow) -> Result<Found, StoreError> {
    let StoredDeadLetter {
        dead_letter,
        waiting,
    } = encoding::decode(&row.value)
        .map_err(|reason| StoreError::Corrupt(format!("{VIEW}/{}: {reason}", row.key)))?;
    Ok(Found {
        id: row.key,
        revision: row.position,
        dead_letter,
        waiting,
    })
}
