//! The listing of a store's keys, which only the tools need.

use std::collections::{BTreeMap, BTreeSet};

use crate::layout::{Area, Parsed};
use annals_event_log::StreamName;
use annals_event_log::internals::Keys;
use annals_event_log::internals::unescape;
use annals_event_log::records::reactions::{CheckpointRecord, ViewEntry};
use annals_event_log::records::{self, Commit, OutcomeRecord, Record, StoreRecord, Void};
use annals_event_log::{MemorySlots, Slots};
use annals_event_log::{SlotError, StoreError};

/// An entry in the listing of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listed<'a> {
    /// The key.
    Key(&'a str),
    /// For a store that replaces long keys by digests: the key's digest
    /// ([`file_name::digest`](annals_event_log::file_name::digest)) and its value.
    Digest(&'a str, &'a [u8]),
    /// An entry that is not a key, under the store's own name for it.
    Foreign(&'a str),
}

/// Slots whose keys can be listed.
pub trait Listing: Slots {
    /// Visits every stored entry once, in any order. Stops at an error of the visitor. The listing may miss concurrent
    /// writes.
    ///
    /// # Errors
    /// The visitor's error; [`SlotError::Unavailable`] if the store cannot be listed.
    fn visit(
        &self,
        each: &mut dyn FnMut(Listed<'_>) -> Result<(), SlotError>,
    ) -> Result<(), SlotError>;
}

impl<L: Listing + ?Sized> Listing for &L {
    fn visit(
        &self,
        each: &mut dyn FnMut(Listed<'_>) -> Result<(), SlotError>,
    ) -> Result<(), SlotError> {
        (**self).visit(each)
    }
}

impl Listing for MemorySlots {
    fn visit(
        &self,
        each: &mut dyn FnMut(Listed<'_>) -> Result<(), SlotError>,
    ) -> Result<(), SlotError> {
        self.dump()
            .keys()
            .try_for_each(|key| each(Listed::Key(key)))
    }
}

/// The name of the stream in a record of a stream's slot.
pub(crate) fn owner(key: &str, bytes: &[u8]) -> Result<String, StoreError> {
    Ok(match records::kind(key, bytes)? {
        Commit::KIND => records::decode::<Commit>(key, bytes)?.stream,
        OutcomeRecord::KIND => records::decode::<OutcomeRecord>(key, bytes)?.stream,
        Void::KIND => records::decode::<Void>(key, bytes)?.stream,
        other => {
            return Err(StoreError::corrupt(
                key,
                format!("kind {other} cannot lie in a stream's slot"),
            ));
        }
    })
}

/// The number of partitions of a store's log; `None` if the store has no log yet, or if a release without partitions
/// created it.
pub(crate) fn partitions<S: Slots>(slots: &S, keys: &Keys) -> Result<Option<u32>, StoreError> {
    let key = keys.store();
    let found = slots.get(&key).map_err(StoreError::harmless)?;
    found
        .map(|bytes| Ok(records::decode::<StoreRecord>(&key, &bytes)?.partitions))
        .transpose()
}

/// The content of a store under one root.
pub(crate) struct Content {
    /// The last slot of the log with the given number of partitions.
    pub log_end: u64,
    /// Names of the streams that have a first slot. The memory of the tools grows with the number of streams.
    pub streams: BTreeSet<String>,
    /// Names of the handlers that have a checkpoint.
    pub handlers: BTreeSet<String>,
    /// Names of the views that have a list of rows.
    pub views: BTreeSet<String>,
}

/// Determines the content under a root from the listing. A probe could mistake a hole of missing slots for the end.
pub(crate) fn content<S: Listing>(slots: &S, keys: &Keys) -> Result<Content, StoreError> {
    let mut log_end = 0;
    let mut names = BTreeSet::new();
    // Digests of stream names, each with a key whose record contains the name.
    let mut hashed: BTreeMap<String, String> = BTreeMap::new();
    let (mut handlers, mut views) = (BTreeSet::new(), BTreeSet::new());
    // Keys with a hashed name: only the record contains the name. For handlers, these are the keys of all revisions.
    let mut unnamed = Vec::new();
    let mut newer = None;
    slots
        .visit(&mut |listed| {
            match listed {
                Listed::Key(key) => match Parsed::of(key) {
                    Some(slot) if slot.area == Area::Stream && slot.root == keys.root() => {
                        if !slot.hashed {
                            names.extend(unescape(slot.text));
                        } else if !hashed.contains_key(slot.text) {
                            hashed.insert(slot.text.to_owned(), key.to_owned());
                        }
                    }
                    Some(slot) if slot.root == keys.root() && slot.area == Area::Checkpoint => {
                        match slot.hashed {
                            // The last revision of each chain is not a tombstone and contains the handler's name.
                            true => unnamed.push(key.to_owned()),
                            false => handlers.extend(unescape(slot.text)),
                        }
                    }
                    Some(slot)
                        if slot.root == keys.root()
                            && slot.area == Area::List
                            && slot.number == 1 =>
                    {
                        match slot.hashed {
                            true => unnamed.push(key.to_owned()),
                            false => views.extend(unescape(slot.text)),
                        }
                    }
                    Some(slot) if slot.area == Area::Log && keys.log(slot.number.into()) == key => {
                        log_end = log_end.max(slot.number);
                    }
                    _ => {}
                },
                // The loop over `names` below checks by the first slot whether the stream is under this root.
                Listed::Digest(digest, bytes) => match reaction(digest, bytes) {
                    Ok(Some(Named::Handler(name))) => handlers.extend([name]),
                    Ok(Some(Named::View(name))) => views.extend([name]),
                    Ok(None) => names.extend(owner(digest, bytes).ok()),
                    // Only a newer release can determine the owner of this record.
                    Err(error) => newer = newer.take().or(Some(error)),
                },
                Listed::Foreign(_) => {}
            }
            Ok(())
        })
        .map_err(StoreError::harmless)?;
    if let Some(newer) = newer {
        return Err(newer);
    }
    for key in hashed.values() {
        if let Some(bytes) = slots.get(key).map_err(StoreError::harmless)? {
            names.insert(owner(key, &bytes)?);
        }
    }
    for key in unnamed {
        let found = slots.get(&key).map_err(StoreError::harmless)?;
        let named = match found {
            Some(bytes) => reaction(&key, &bytes)?,
            None => None,
        };
        match named {
            Some(Named::Handler(name)) => handlers.extend([name]),
            Some(Named::View(name)) => views.extend([name]),
            // A tombstone, a repair's record, or damage, which `verify` reports.
            None => {}
        }
    }
    let mut streams = BTreeSet::new();
    for name in names {
        let Ok(stream) = StreamName::parse(&name) else {
            continue;
        };
        let first = slots.get(&keys.slot(stream, 1.into()));
        if first.map_err(StoreError::harmless)?.is_some() {
            streams.insert(name);
        }
    }
    Ok(Content {
        log_end,
        streams,
        handlers,
        views,
    })
}

/// The owner of a record: a handler or a view.
enum Named {
    Handler(String),
    View(String),
}

/// Returns the owner of a record: the handler of a checkpoint, or the view of a list entry. `None` for a record of
/// another kind and for a damaged one.
///
/// # Errors
/// [`StoreError::Newer`] for any record of a newer release: it may belong to a handler or a view.
fn reaction(key: &str, bytes: &[u8]) -> Result<Option<Named>, StoreError> {
    let kind = match records::kind(key, bytes) {
        Ok(kind) => kind,
        Err(error @ StoreError::Newer { .. }) => return Err(error),
        Err(_) => return Ok(None),
    };
    Ok(match kind {
        CheckpointRecord::KIND => records::decode::<CheckpointRecord>(key, bytes)
            .ok()
            .filter(|record| !record.is_blank())
            .map(|record| Named::Handler(record.handler)),
        ViewEntry::KIND => records::decode::<ViewEntry>(key, bytes)
            .ok()
            .map(|entry| Named::View(entry.view)),
        _ => None,
    })
}
