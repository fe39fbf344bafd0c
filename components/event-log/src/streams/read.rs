//! Pages of events. A page reports the stream's end only after the reader has found the next slot absent.

use super::{Place, Streams};
use crate::error::StoreError;
use crate::limits::PAGE_BYTES;
use crate::model::{Event, Head, Page, StreamPage};
use crate::name::StreamName;
use crate::numbers::{Slot, Version};
use crate::probe;
use crate::records::StreamRecord;
use crate::slots::Slots;
use crate::store::Store;

/// See [`EventLog::load`](crate::EventLog::load).
///
/// # Errors
/// As there.
pub fn load<S: Slots>(
    streams: &mut Streams,
    store: &Store<S>,
    stream: &str,
    after: Head,
    limit: u32,
) -> Result<Page, StoreError> {
    let stream = StreamName::parse(stream)?;
    let known = streams
        .remembered(stream)
        .filter(|place| place.cursor.get() == after.cursor);
    if known.is_some_and(|place| place.after.version.get() != after.version) {
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
        let Some(record) = next(streams, store, stream, page.head)? else {
            page.end = true;
            break;
        };
        let place = Place {
            cursor: Slot::from(page.head.cursor).next(),
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
                    .zip(commit.first_version.get()..)
                    .map(Event::from),
            );
        }
        page.head = place.head();
        streams.remember(stream, place);
    }
    Ok(page)
}

/// See [`EventLog::read_stream`](crate::EventLog::read_stream).
///
/// # Errors
/// As there.
pub fn forward<S: Slots>(
    streams: &mut Streams,
    store: &Store<S>,
    stream: &str,
    after: Version,
    limit: u32,
) -> Result<Option<StreamPage>, StoreError> {
    let stream = StreamName::parse(stream)?;
    let limit = limit.max(1) as usize;
    let mut head = find_version(streams, store, stream, after)?;
    let mut page = StreamPage {
        events: Vec::new(),
        version: 0,
        end: false,
    };
    let mut bytes = 0;
    while page.events.len() < limit && bytes < PAGE_BYTES {
        let Some(record) = next(streams, store, stream, head)? else {
            page.end = true;
            break;
        };
        let place = Place {
            cursor: Slot::from(head.cursor).next(),
            after: record.after(),
        };
        streams.remember(stream, place);
        head = place.head();
        if let Some(commit) = record.into_commit() {
            let first = commit.first_version.get();
            let passed = after.get().saturating_sub(first - 1) as usize;
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

/// See [`EventLog::read_stream_backward`](crate::EventLog::read_stream_backward).
///
/// # Errors
/// As there.
pub fn backward<S: Slots>(
    streams: &mut Streams,
    store: &Store<S>,
    stream: &str,
    before: Option<Version>,
    limit: u32,
) -> Result<Option<StreamPage>, StoreError> {
    let stream = StreamName::parse(stream)?;
    let limit = limit.max(1) as usize;
    let before = before.map_or(u64::MAX, Version::get);
    // Find the end once: the page does not contain events that are appended later.
    let tail = streams.tail(store, stream)?;
    if tail.after.version.get() == 0 {
        return Ok(None);
    }
    // The commit with the version before `before` may lie one slot after the last place at or below that version.
    let mut cursor = match before {
        0 | 1 => 0,
        u64::MAX => tail.cursor.get(),
        _ => {
            let head = find_version(streams, store, stream, (before - 1).into())?;
            head.cursor + 1
        }
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
        let record = store.read_slot(stream, cursor.into())?;
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

/// Reads the record after a head. The record's versions must continue from the head's version.
fn next<S: Slots>(
    streams: &mut Streams,
    store: &Store<S>,
    stream: StreamName<'_>,
    head: Head,
) -> Result<Option<StreamRecord>, StoreError> {
    let slot = Slot::from(head.cursor).next();
    let Some(record) = streams.read_on(store, stream, slot)? else {
        return Ok(None);
    };
    let before = record.version_before();
    if before.get() == head.version {
        return Ok(Some(record));
    }
    // Either the caller's head or the record is wrong. The record in the slot before shows which one.
    let stood = match head.cursor {
        0 => Version::default(),
        cursor => store
            .read_slot(stream, cursor.into())?
            .map_or(before, |record| record.after().version),
    };
    Err(if stood.get() == head.version {
        let reason = format!("it goes on from version {before}, the stream was at {stood}");
        StoreError::corrupt(&store.keys().slot(stream, slot), reason)
    } else {
        stood_elsewhere(stream, head)
    })
}

/// Finds the last head whose version is at most `version`.
fn find_version<S: Slots>(
    streams: &Streams,
    store: &Store<S>,
    stream: StreamName<'_>,
    version: Version,
) -> Result<Head, StoreError> {
    if version.get() == 0 {
        return Ok(Head::default());
    }
    // Most commits hold one event, so the slot of a version is near its number.
    let guess = match streams.remembered(stream) {
        Some(place) if place.after.version <= version => place.cursor.get(),
        Some(place) => place.cursor.get().min(version.get()),
        None => version.get(),
    };
    let mut seen = Head::default();
    let cursor = probe::last(guess, |slot| {
        let slot = Slot::from(slot);
        let record = store.read_slot(stream, slot)?;
        let after = record
            .map(|record| record.after())
            .filter(|after| after.version <= version);
        if let Some(after) = after {
            seen = after.head(slot);
        }
        Ok::<_, StoreError>(after.is_some())
    })?;
    // `seen` is the head at `cursor`, because the probe last saw the predicate hold at `cursor`. At 0 the predicate
    // never held.
    Ok(if cursor == 0 { Head::default() } else { seen })
}

fn stood_elsewhere(stream: StreamName<'_>, head: Head) -> StoreError {
    let Head {
        cursor, version, ..
    } = head;
    StoreError::Invalid(format!(
        "stream {stream} was not at version {version} at cursor {cursor}"
    ))
}
