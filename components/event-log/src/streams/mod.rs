//! Streams: sequences of slots. Exactly one writer wins each slot.
//!
//! | module | job |
//! |---|---|
//! | this one | the cache of the last known places of streams |
//! | `read_ahead` | the read-ahead for reading one stream in order |
//! | `segments` | copies of many slots, so that reading a long stream takes few reads |
//! | `contest` | the competition of writers for a stream's next slot |
//! | `append` | appends the events of a decision |
//! | `commands` | ensures that each command id takes effect at most once |
//! | `read` | pages of events |
//! | `snapshots` | disposable states of deciders |

pub mod append;
pub mod commands;
mod contest;
pub mod read;
mod read_ahead;
mod segments;
pub mod snapshots;

pub use read_ahead::SEGMENT_SLOTS;

use std::collections::HashMap;

use foldhash::fast::RandomState;

use crate::error::StoreError;
use crate::limits::MAX_REMEMBERED;
use crate::model::Head;
use crate::name::StreamName;
use crate::numbers::Slot;
use crate::probe;
use crate::records::{After, StreamRecord};
use crate::slots::Slots;
use crate::store::Store;
use read_ahead::ReadAhead;

/// A stream's state after a slot. It stays valid, since slots never change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    pub cursor: Slot,
    pub after: After,
}

impl Place {
    pub fn head(self) -> Head {
        self.after.head(self.cursor)
    }

    /// The place after the next slot, which holds this record.
    fn behind(self, record: &StreamRecord) -> Self {
        Self {
            cursor: self.cursor.next(),
            after: record.after(),
        }
    }
}

/// An instance's cache of streams. An evicted entry costs only additional reads.
#[derive(Debug, Default)]
pub struct Streams {
    /// The last known place of each stream.
    places: HashMap<String, Place, RandomState>,
    read_ahead: ReadAhead,
}

impl Streams {
    /// The last known place of a stream.
    fn remembered(&self, stream: StreamName<'_>) -> Option<Place> {
        self.places.get(stream.as_str()).copied()
    }

    fn remember(&mut self, stream: StreamName<'_>, place: Place) {
        match self.places.get_mut(stream.as_str()) {
            Some(known) if known.cursor > place.cursor => {}
            Some(known) => *known = place,
            None => {
                if self.places.len() >= MAX_REMEMBERED {
                    self.places.clear();
                }
                self.places.insert(stream.as_str().to_owned(), place);
            }
        }
    }

    /// The stream's place after a slot that the caller has read.
    fn place_at<S: Slots>(
        &mut self,
        store: &Store<S>,
        stream: StreamName<'_>,
        cursor: Slot,
    ) -> Result<Place, StoreError> {
        if cursor.get() == 0 {
            return Ok(Place::default());
        }
        if let Some(place) = self
            .remembered(stream)
            .filter(|place| place.cursor == cursor)
        {
            return Ok(place);
        }
        // Refuse an absent slot: a writer that continued after it would leave a permanent gap.
        let record = store.read_slot(stream, cursor)?.ok_or_else(|| {
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

    /// Finds the place at the stream's end.
    ///
    /// # Errors
    /// As for [`Store::read_slot`].
    pub fn tail<S: Slots>(
        &mut self,
        store: &Store<S>,
        stream: StreamName<'_>,
    ) -> Result<Place, StoreError> {
        let guess = match self.remembered(stream) {
            Some(place) => place.cursor.get(),
            None => store.hinted(&store.keys().stream_hint(stream))?,
        };
        let mut seen = Place::default();
        let cursor = probe::last(guess, |slot| {
            let slot = Slot::from(slot);
            let record = store.read_slot(stream, slot)?;
            if let Some(record) = &record {
                seen = Place {
                    cursor: slot,
                    after: record.after(),
                };
            }
            Ok::<_, StoreError>(record.is_some())
        })?;
        if seen.cursor.get() != cursor {
            return self.place_at(store, stream, cursor.into());
        }
        self.remember(stream, seen);
        Ok(seen)
    }

    /// Reads the record in a stream's slot. Uses the read-ahead, since the caller is likely to read the following slots
    /// next.
    fn read_on<S: Slots>(
        &mut self,
        store: &Store<S>,
        stream: StreamName<'_>,
        slot: Slot,
    ) -> Result<Option<StreamRecord>, StoreError> {
        self.read_ahead.go_to(stream.as_str(), slot);
        if self.read_ahead.wants_segment() {
            let copies = segments::read(store, stream, slot)?;
            self.read_ahead.bring(copies);
        }
        if let Some(slots) = self.read_ahead.wants_slots()
            && store.is_conditional()
        {
            let keys: Vec<_> = (slot.get()..slot.get().saturating_add(slots))
                .map(|slot| store.keys().slot(stream, slot.into()))
                .collect();
            let values = store.get_many(&keys)?;
            let mut copies: Vec<_> = values.into_iter().map_while(|value| value).collect();
            if copies.is_empty() {
                return Ok(None);
            }
            copies.reverse();
            self.read_ahead.bring_slots(copies);
        }
        let copy = self.read_ahead.take().and_then(|bytes| {
            let copy = StreamRecord::decode("a segment", stream.as_str(), &bytes);
            // Ignore a damaged copy: this slot and the slots after it are read one by one instead.
            copy.inspect_err(|_| self.read_ahead.distrust()).ok()
        });
        let record = match copy {
            Some(record) => Some(record),
            None => store.read_slot(stream, slot)?,
        };
        if record.is_some() && self.read_ahead.go_on() {
            // All slots of the segment exist, and no writer has copied them.
            segments::copy_behind(store, stream, slot);
        }
        Ok(record)
    }

    /// Caches the place of a slot that the caller has created. Stores a hint and a segment at their intervals.
    fn created<S: Slots>(&mut self, store: &Store<S>, stream: StreamName<'_>, place: Place) {
        self.remember(stream, place);
        store.hint(place.cursor.get(), || store.keys().stream_hint(stream));
        segments::copy_behind(store, stream, place.cursor);
    }
}
