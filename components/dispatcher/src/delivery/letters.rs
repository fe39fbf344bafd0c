//! Dead letters: events that a reaction could not be brought to accept, and commands of process
//! managers that could not be brought to an end.
//!
//! They are rows of an internal view. A letter's row counts its own revisions instead of reflecting
//! a position: that makes every change of it a compare-and-set.

use super::dead_letter::Letter;
use crate::annals::es::reaction_store::{StoredRow, WriteError};
use crate::annals::es::types::StoreError;
use crate::annals::es::types::{OutgoingCommand, RowKey};
use crate::catalogue::Reaction;
use crate::encoding;
use crate::exports::annals::es::administration::{DeadLetter, ParkedCommand};
use crate::ports::ReactionStore;
use serde::{Deserialize, Serialize};

/// The view that holds them.
const VIEW: &str = "~dead-letters";

/// A letter, as it is stored.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Filed {
    letter: Letter,
    waiting: Vec<String>,
}

/// A letter with the revision that was read.
pub struct Found {
    pub id: String,
    pub revision: u64,
    pub letter: Letter,
    /// Processes that wait for it.
    pub waiting: Vec<String>,
}

impl Found {
    pub fn describe(self, reactions: &[Reaction]) -> DeadLetter {
        let letter = self.letter;
        let mut known = reactions.iter();
        let reaction = known.find(|reaction| reaction.key == letter.reaction);
        DeadLetter {
            id: self.id,
            reaction: reaction.map_or(letter.reaction, |reaction| reaction.name.clone()),
            event_id: letter.event_id,
            event_type: letter.event_type,
            stream: letter.stream,
            position: letter.position,
            command: letter.command.map(|(id, command)| ParkedCommand {
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
            attempts: letter.attempts,
            reason: letter.reason,
            parked_at: letter.parked_at,
        }
    }
}

fn key(id: &str) -> RowKey {
    RowKey {
        view: VIEW.into(),
        key: id.into(),
    }
}

fn write(store: &impl ReactionStore, id: &str, seen: u64, filed: &Filed) -> Result<(), WriteError> {
    let row = StoredRow {
        key: id.into(),
        content_type: "application/octet-stream".into(),
        value: encoding::encode(filed),
        position: seen + 1,
    };
    store.put_row(VIEW, &row, seen)
}

/// Files a letter, unless it is filed already.
pub fn file(
    store: &impl ReactionStore,
    id: &str,
    letter: &Letter,
    waiting: &[String],
) -> Result<(), StoreError> {
    let filed = Filed {
        letter: letter.clone(),
        waiting: waiting.to_vec(),
    };
    match write(store, id, 0, &filed) {
        // It lies there, or has been dealt with since.
        Ok(()) | Err(WriteError::Stale) => Ok(()),
        Err(WriteError::Store(error)) => Err(error),
    }
}

/// Writes a letter anew that has not changed since it was found.
pub fn update(store: &impl ReactionStore, found: &Found) -> Result<(), WriteError> {
    let filed = Filed {
        letter: found.letter.clone(),
        waiting: found.waiting.clone(),
    };
    write(store, &found.id, found.revision, &filed)
}

/// Takes a letter away for ever.
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

/// Dead letters in the order of their ids.
pub struct Page {
    pub letters: Vec<Found>,
    /// The next page begins after this id.
    pub next: Option<String>,
    pub end: bool,
}

/// Dead letters after an id.
pub fn list(
    store: &impl ReactionStore,
    after: Option<&str>,
    limit: u32,
) -> Result<Page, StoreError> {
    let page = store.scan_rows(VIEW, after, limit)?;
    let letters = page.rows.into_iter().map(found).collect::<Result<_, _>>()?;
    Ok(Page {
        letters,
        next: page.next,
        end: page.end,
    })
}

fn found(row: StoredRow) -> Result<Found, StoreError> {
    let Filed { letter, waiting } = encoding::decode(&row.value)
        .map_err(|reason| StoreError::Corrupt(format!("{VIEW}/{}: {reason}", row.key)))?;
    Ok(Found {
        id: row.key,
        revision: row.position,
        letter,
        waiting,
    })
}
