//! Reads streams, slot after slot. The end is always seen, never guessed: an absent slot.

use crate::error::StoreError;
use crate::log::{EventLog, PAGE_BYTES, Place};
use crate::model::{Event, Head, Metadata, NewEvent, Page, RecordedEvent, StreamPage};
use crate::name::StreamName;
use crate::probe;
use crate::records::{Commit, StreamRecord};
use crate::slots::Slots;

impl<S: Slots> EventLog<S> {
    /// Events for folding, after a head that was given before. Ends after `limit` records (at
    /// least one is read), or when the payloads reach about 1 MiB.
    ///
    /// # Errors
    /// What the store says; [`StoreError::Invalid`] if the stream never stood at that head.
    pub fn load(&mut self, stream: &str, after: Head, limit: u32) -> Result<Page, StoreError> {
        let stream = StreamName::parse(stream)?;
        let known = self
            .remembered(stream)
            .filter(|place| place.cursor == after.cursor);
        if known.is_some_and(|place| place.after.version != after.version) {
            return Err(stood_elsewhere(stream, after));
        }
        let mut page = Page {
            events: Vec::new(),
            head: known.map_or(after, Place::head),
            end: false,
        };
        let mut records = 0;
        let mut bytes = 0;
        while records < limit.max(1) && bytes < PAGE_BYTES {
            let Some(record) = self.next(stream, page.head)? else {
                page.end = true;
                break;
            };
            let place = Place {
                cursor: page.head.cursor + 1,
                after: record.after(),
            };
            records += 1;
            if let Some(commit) = record.into_commit() {
                bytes += commit.payload_bytes();
                page.events.reserve(commit.events.len());
                page.events.extend(
                    commit
                        .events
                        .into_iter()
                        .zip(commit.first_version..)
                        .map(Event::from),
                );
            }
            page.head = place.head();
            self.remember(stream, place);
        }
        Ok(page)
    }

    /// Events after a version, whole records; nothing if the stream has no events at all. Ends
    /// after `limit` events (at least one is read), or when the payloads reach about 1 MiB.
    ///
    /// # Errors
    /// What the store says.
    pub fn read_stream(
        &mut self,
        stream: &str,
        after: u64,
        limit: u32,
    ) -> Result<Option<StreamPage>, StoreError> {
        let stream = StreamName::parse(stream)?;
        let limit = limit.max(1) as usize;
        let mut head = self.find_version(stream, after)?;
        let mut page = StreamPage {
            events: Vec::new(),
            version: 0,
            end: false,
        };
        let mut bytes = 0;
        while page.events.len() < limit && bytes < PAGE_BYTES {
            let Some(record) = self.next(stream, head)? else {
                page.end = true;
                break;
            };
            let place = Place {
                cursor: head.cursor + 1,
                after: record.after(),
            };
            self.remember(stream, place);
            head = place.head();
            if let Some(commit) = record.into_commit() {
                let passed = after.saturating_sub(commit.first_version - 1) as usize;
                for event in commit
                    .recorded()
                    .skip(passed)
                    .take(limit - page.events.len())
                {
                    bytes += event.payload.len();
                    page.events.push(event);
                }
            }
        }
        if page.end && page.events.is_empty() && head.version == 0 {
            return Ok(None);
        }
        page.version = page
            .events
            .last()
            .map_or(head.version, |event| event.version);
        Ok(Some(page))
    }

    /// Events before a version (nothing: from the end on), newest first; nothing if the stream has
    /// no events at all. The page's version is that of its oldest event, its end is version 1. Ends
    /// like [`EventLog::read_stream`].
    ///
    /// # Errors
    /// What the store says.
    pub fn read_stream_backward(
        &mut self,
        stream: &str,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Option<StreamPage>, StoreError> {
        let stream = StreamName::parse(stream)?;
        let limit = limit.max(1) as usize;
        let before = before.unwrap_or(u64::MAX);
        // Looked at once: events that come later are not in the page either.
        let tail = self.tail(stream)?;
        if tail.after.version == 0 {
            return Ok(None);
        }
        // The commit that holds the version lies behind the last place that is not past it.
        let mut cursor = match before {
            0 | 1 => 0,
            u64::MAX => tail.cursor,
            _ => self.find_version(stream, before - 1)?.cursor + 1,
        };
        let mut page = StreamPage {
            events: Vec::new(),
            version: 0,
            end: true,
        };
        let mut bytes = 0;
        while cursor > 0 {
            if page.events.len() >= limit || bytes >= PAGE_BYTES {
                break;
            }
            let record = self.read_slot(stream, cursor)?;
            cursor -= 1;
            let Some(commit) = record.and_then(StreamRecord::into_commit) else {
                continue;
            };
            let room = limit - page.events.len();
            let events: Vec<_> = commit.recorded().filter(|e| e.version < before).collect();
            for event in events.into_iter().rev().take(room) {
                bytes += event.payload.len();
                page.version = event.version;
                page.events.push(event);
            }
        }
        page.end = page.events.is_empty() || page.version == 1;
        Ok(Some(page))
    }

    /// The record after a head. Its versions must go on from there.
    fn next(
        &mut self,
        stream: StreamName<'_>,
        head: Head,
    ) -> Result<Option<StreamRecord>, StoreError> {
        let slot = head.cursor.saturating_add(1);
        let Some(record) = self.read_on(stream, slot)? else {
            return Ok(None);
        };
        let before = match &record {
            StreamRecord::Commit(commit) => commit.first_version - 1,
            StreamRecord::Outcome(_) | StreamRecord::Void(_) => record.after().version,
        };
        if before == head.version {
            return Ok(Some(record));
        }
        // Either the caller's head is wrong or the record is. What lies before it tells.
        let stood = match head.cursor {
            0 => 0,
            cursor => self
                .read_slot(stream, cursor)?
                .map_or(before, |record| record.after().version),
        };
        Err(if stood == head.version {
            let reason = format!("it goes on from version {before}, the stream was at {stood}");
            StoreError::corrupt(&self.keys.slot(stream, slot), reason)
        } else {
            stood_elsewhere(stream, head)
        })
    }

    /// The last place that is not past a version.
    fn find_version(&self, stream: StreamName<'_>, version: u64) -> Result<Head, StoreError> {
        if version == 0 {
            return Ok(Head::default());
        }
        // Most commits hold one event, so the slot of a version is near its number.
        let guess = match self.remembered(stream) {
            Some(place) if place.after.version <= version => place.cursor,
            Some(place) => place.cursor.min(version),
            None => version,
        };
        let mut seen = Head::default();
        let cursor = probe::last(guess, |slot| {
            let record = self.read_slot(stream, slot)?;
            let after = record
                .map(|record| record.after())
                .filter(|after| after.version <= version);
            if let Some(after) = after {
                seen = after.head(slot);
            }
            Ok::<_, StoreError>(after.is_some())
        })?;
        // The last one that held was the last one seen to hold, unless none did.
        Ok(if cursor == 0 { Head::default() } else { seen })
    }
}

fn stood_elsewhere(stream: StreamName<'_>, head: Head) -> StoreError {
    let Head {
        cursor, version, ..
    } = head;
    StoreError::Invalid(format!(
        "stream {stream} was not at version {version} at cursor {cursor}"
    ))
}

impl Commit {
    pub(crate) fn payload_bytes(&self) -> usize {
        self.events.iter().map(|event| event.payload.len()).sum()
    }

    /// The events with everything that is known of them.
    pub(crate) fn recorded(self) -> impl Iterator<Item = RecordedEvent> {
        let id = self.id;
        let Self {
            stream,
            after,
            first_version,
            position,
            metadata,
            events,
            ..
        } = self;
        let recorded_at = after.recorded_at;
        (0u64..)
            .zip(events)
            .map(move |(index, event)| RecordedEvent {
                id: Self::event_id(&id, index),
                stream: stream.clone(),
                version: first_version + index,
                position: position + index,
                recorded_at,
                event_type: event.event_type,
                schema_version: event.schema_version,
                content_type: event.content_type,
                payload: event.payload,
                metadata: Metadata::clone(&metadata),
                tags: event.tags,
            })
    }
}

impl From<(NewEvent, u64)> for Event {
    fn from((event, version): (NewEvent, u64)) -> Self {
        let NewEvent {
            event_type,
            schema_version,
            content_type,
            payload,
            tags: _,
        } = event;
        Self {
            version,
            event_type,
            schema_version,
            content_type,
            payload,
        }
    }
}
