//! The `EventLog`: what it remembers, how it creates, and where streams end.

use std::collections::HashMap;

use crate::ahead::Ahead;
use crate::error::{SlotError, StoreError};
use crate::keys::Keys;
use crate::memory::{Memory, REMEMBERED};
use crate::model::Head;
use crate::name::StreamName;
use crate::probe;
use crate::records::{self, After, Hint, StreamRecord};
use crate::slots::{Creation, Slots};

/// A hint is written every so many slots.
pub(crate) const HINT_EVERY: u64 = 16;
/// Lost races for a tail before it is searched for anew.
pub(crate) const PATIENCE: u32 = 4;
/// How often a creation in doubt is tried again.
pub(crate) const ATTEMPTS: u32 = 3;
/// Payload bytes after which a page ends.
pub(crate) const PAGE_BYTES: usize = 1 << 20;

/// Positions that belong to one log slot.
pub(crate) const PER_COMMIT: u64 = crate::model::MAX_EVENTS as u64;

/// Most partitions. Whoever reads the log's end looks at one slot of each.
pub const MAX_PARTITIONS: u32 = 64;

/// How an [`EventLog`] works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Goes before every key: two prefixes are two worlds.
    pub prefix: String,
    /// Logs that streams are spread over, 1 to [`MAX_PARTITIONS`]. Cannot be changed once there are events.
    pub partitions: u32,
    /// Milliseconds after which a writer that has claimed a log slot and not written is taken for dead.
    pub grace_ms: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            prefix: String::new(),
            partitions: 1,
            grace_ms: 5000,
        }
    }
}

/// Where a stream stands. True for ever once it was read, since slots never change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    pub cursor: u64,
    pub after: After,
}

impl Place {
    pub fn head(self) -> Head {
        self.after.head(self.cursor)
    }
}

/// What became of a creation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Written {
    /// Ours is there.
    Ours,
    /// Another's is there.
    Taken,
}

/// The event store over some [`Slots`].
///
/// It may be opened anew for every call; while it lives it remembers where streams and the log
/// were last seen to stand, which saves reads. Any number may work on the same slots at once.
#[derive(Debug)]
pub struct EventLog<S> {
    pub(crate) slots: S,
    pub(crate) keys: Keys,
    pub(crate) grace_ms: u64,
    /// Of each partition, a row that exists; 0: none known.
    pub(crate) ends: Vec<u64>,
    /// Streams that are being read in order.
    pub(crate) ahead: Ahead,
    /// Places that were read.
    places: HashMap<String, Place>,
    /// What reactions keep, as far as it was read.
    pub(crate) reactions: Memory,
}

impl<S: Slots> EventLog<S> {
    /// Opens the store. Reads and writes nothing.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] for settings that are not supported.
    pub fn open(slots: S, settings: &Settings) -> Result<Self, StoreError> {
        if !(1..=MAX_PARTITIONS).contains(&settings.partitions) {
            return Err(StoreError::Invalid(format!(
                "[store] partitions = {} is not possible, only 1 to {MAX_PARTITIONS}",
                settings.partitions
            )));
        }
        Ok(Self {
            slots,
            keys: Keys::new(&settings.prefix, settings.partitions),
            grace_ms: settings.grace_ms,
            ends: vec![0; settings.partitions as usize],
            ahead: Ahead::default(),
            places: HashMap::new(),
            reactions: Memory::default(),
        })
    }

    /// Can the store be read, and is what it begins with readable?
    ///
    /// # Errors
    /// Why not.
    pub fn health(&self) -> Result<(), StoreError> {
        match self.read_log_slot(1)? {
            Some(_) => Ok(()),
            None => self.check_store(),
        }
    }

    /// To be called after each operation.
    pub fn rest(&self) {
        self.slots.rest();
    }

    pub(crate) fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.slots.get(key).map_err(StoreError::harmless)
    }

    pub(crate) fn has(&self, key: &str) -> Result<bool, StoreError> {
        self.slots.has(key).map_err(StoreError::harmless)
    }

    /// Creates a slot with bytes that nobody else writes (they hold a unique id, or are the same
    /// whoever writes them), and finds out the truth when the answer is in doubt: a write that
    /// may still be under way is tried again until the slot is seen to be somebody's.
    pub(crate) fn create(&self, key: &str, bytes: &[u8]) -> Result<Written, StoreError> {
        let mut doubt: Option<String> = None;
        for _ in 0..ATTEMPTS {
            match (self.slots.create(key, bytes), &doubt) {
                (Ok(Creation::Created), _) => return Ok(Written::Ours),
                (Ok(Creation::Exists), None) => return Ok(Written::Taken),
                (Err(SlotError::Unavailable(why)), None) => {
                    return Err(StoreError::Unavailable(why));
                }
                // An earlier attempt may have got through.
                (Ok(Creation::Exists), Some(_)) => {}
                (Err(SlotError::Unavailable(why)), Some(_)) => {
                    return Err(StoreError::InDoubt(why));
                }
                (Err(SlotError::InDoubt(why)), _) => doubt = Some(why),
            }
            match self.slots.get(key) {
                Ok(Some(found)) if found == bytes => return Ok(Written::Ours),
                Ok(Some(_)) => return Ok(Written::Taken),
                Ok(None) => {}
                Err(SlotError::Unavailable(why) | SlotError::InDoubt(why)) => {
                    return Err(StoreError::InDoubt(why));
                }
            }
        }
        Err(StoreError::InDoubt(doubt.unwrap_or_else(|| {
            format!("{key} exists and cannot be read")
        })))
    }

    /// What lies in a stream's slot.
    pub(crate) fn read_slot(
        &self,
        stream: StreamName<'_>,
        slot: u64,
    ) -> Result<Option<StreamRecord>, StoreError> {
        // The highest number is never used, so there is a next one after every slot.
        if slot == u64::MAX {
            return Ok(None);
        }
        let key = self.keys.slot(stream, slot);
        self.get(&key)?
            .map(|bytes| StreamRecord::decode(&key, stream.as_str(), &bytes))
            .transpose()
    }

    /// The place of a stream, if one was read.
    pub(crate) fn remembered(&self, stream: StreamName<'_>) -> Option<Place> {
        self.places.get(stream.as_str()).copied()
    }

    pub(crate) fn remember(&mut self, stream: StreamName<'_>, place: Place) {
        match self.places.get_mut(stream.as_str()) {
            Some(known) if known.cursor > place.cursor => {}
            Some(known) => *known = place,
            None => {
                // Forgetting costs reads only.
                if self.places.len() >= REMEMBERED {
                    self.places.clear();
                }
                self.places.insert(stream.as_str().to_owned(), place);
            }
        }
    }

    /// Where the stream stood after a slot that the caller has seen.
    pub(crate) fn place_at(
        &mut self,
        stream: StreamName<'_>,
        cursor: u64,
    ) -> Result<Place, StoreError> {
        if cursor == 0 {
            return Ok(Place::default());
        }
        if let Some(place) = self
            .remembered(stream)
            .filter(|place| place.cursor == cursor)
        {
            return Ok(place);
        }
        // To go on behind a slot that is absent would leave a gap for ever.
        let record = self.read_slot(stream, cursor)?.ok_or_else(|| {
            StoreError::Invalid(format!(
                "cursor {cursor} lies behind the end of stream {stream}"
            ))
        })?;
        let place = Place {
            cursor,
            after: record.after(),
        };
        self.remember(stream, place);
        Ok(place)
    }

    /// Where the stream stands now.
    pub(crate) fn tail(&mut self, stream: StreamName<'_>) -> Result<Place, StoreError> {
        let guess = match self.remembered(stream) {
            Some(place) => place.cursor,
            None => self.hinted(&self.keys.stream_hint(stream))?,
        };
        let mut seen = Place::default();
        let cursor = probe::last(guess, |slot| {
            let record = self.read_slot(stream, slot)?;
            if let Some(record) = &record {
                seen = Place {
                    cursor: slot,
                    after: record.after(),
                };
            }
            Ok::<_, StoreError>(record.is_some())
        })?;
        if seen.cursor != cursor {
            return self.place_at(stream, cursor);
        }
        self.remember(stream, seen);
        Ok(seen)
    }

    /// After a slot of ours was created: remembers it, and leaves a hint for others now and then.
    pub(crate) fn created(&mut self, stream: StreamName<'_>, place: Place) {
        self.remember(stream, place);
        self.hint(&self.keys.stream_hint(stream), place.cursor);
        self.consolidate_behind(stream, place.cursor);
    }

    pub(crate) fn hint(&self, key: &str, slot: u64) {
        if slot.is_multiple_of(HINT_EVERY)
            && let Ok(bytes) = records::encode(&Hint { slot })
        {
            // What was acknowledged must not fail because a hint did.
            let _ = self.slots.put(key, &bytes);
        }
    }

    /// A slot that probably exists. A damaged hint is as good as none.
    pub(crate) fn hinted(&self, key: &str) -> Result<u64, StoreError> {
        let hint = self
            .get(key)?
            .and_then(|bytes| records::decode::<Hint>(key, &bytes).ok());
        Ok(hint.map_or(0, |hint| hint.slot))
    }
}
