//! Reads streams and the log page by page, and checks every page against the rules of paging.

use std::collections::BTreeSet;

use annals_event_log::{Event, Head, LogFilter, RecordedEvent};

use crate::scene::{Connection, Scene, later};

/// A stream's events after a version, in pages of `limit` events; none if the stream is unknown.
#[track_caller]
pub(crate) fn stream_after(
    store: &mut Connection,
    stream: &str,
    after: u64,
    limit: u32,
) -> Vec<RecordedEvent> {
    let (mut events, mut after) = (Vec::new(), after);
    loop {
        let page = store.read_stream(stream, after, limit);
        let Some(page) = page.expect("reading a stream") else {
            assert!(events.is_empty(), "{stream} was there and is unknown now");
            return events;
        };
        assert!(page.events.len() <= limit as usize, "a page is too long");
        assert!(page.end || !page.events.is_empty(), "a page without news");
        assert!(
            page.events.is_sorted_by(|a, b| a.version < b.version),
            "a page forward is not in order"
        );
        if let Some(last) = page.events.last() {
            assert_eq!(page.version, last.version, "a page's version is its last");
        }
        after = page.version;
        events.extend(page.events);
        if page.end {
            return events;
        }
    }
}

/// All events of a stream.
#[track_caller]
pub(crate) fn stream(store: &mut Connection, stream: &str) -> Vec<RecordedEvent> {
    stream_after(store, stream, 0, 500)
}

/// A stream's events before a version, newest first, in pages of `limit` events.
#[track_caller]
pub(crate) fn stream_before(
    store: &mut Connection,
    stream: &str,
    before: Option<u64>,
    limit: u32,
) -> Vec<RecordedEvent> {
    let (mut events, mut before) = (Vec::new(), before);
    loop {
        let page = store.read_stream_backward(stream, before, limit);
        let Some(page) = page.expect("reading a stream backward") else {
            assert!(events.is_empty(), "{stream} was there and is unknown now");
            return events;
        };
        assert!(page.events.len() <= limit as usize, "a page is too long");
        assert!(page.end || !page.events.is_empty(), "a page without news");
        assert!(
            page.events.is_sorted_by(|a, b| a.version > b.version),
            "a page backward is not newest first"
        );
        if let Some(last) = page.events.last() {
            assert_eq!(page.version, last.version, "a page's version is its last");
        }
        before = Some(page.version);
        events.extend(page.events);
        if page.end {
            return events;
        }
    }
}

/// A stream's events for folding, after a head, in pages of `limit` records.
#[track_caller]
pub(crate) fn fold_after(
    store: &mut Connection,
    stream: &str,
    after: Head,
    limit: u32,
) -> (Vec<Event>, Head) {
    let (mut events, mut head) = (Vec::new(), after);
    loop {
        let page = store.load(stream, head, limit).expect("loading a stream");
        assert!(
            page.end || page.head.cursor > head.cursor,
            "a page that gets nowhere"
        );
        events.extend(page.events);
        head = page.head;
        if page.end {
            return (events, head);
        }
    }
}

/// All events of a stream for folding.
#[track_caller]
pub(crate) fn fold(store: &mut Connection, stream: &str) -> (Vec<Event>, Head) {
    fold_after(store, stream, Head::default(), 500)
}

/// The part of a recorded event that folding needs.
pub(crate) fn lean(event: &RecordedEvent) -> Event {
    Event {
        version: event.version,
        event_type: event.event_type.clone(),
        schema_version: event.schema_version,
        content_type: event.content_type.clone(),
        payload: event.payload.clone(),
    }
}

/// The log's events after a position that match a filter, in pages of `limit` events, read at a given time.
#[track_caller]
pub(crate) fn log_at(
    store: &mut Connection,
    after: u64,
    limit: u32,
    filter: &LogFilter,
    now: u64,
) -> (Vec<RecordedEvent>, u64) {
    let (mut events, mut after) = (Vec::new(), after);
    loop {
        let page = store.read_log(after, limit, filter, now);
        let page = page.expect("reading the log");
        assert!(page.events.len() <= limit as usize, "a page is too long");
        assert!(page.next >= after, "`next` goes back");
        assert!(page.end || page.next > after, "a page that gets nowhere");
        for event in &page.events {
            assert!(
                after < event.position && event.position <= page.next,
                "a page from {after} to {} has an event at {}",
                page.next,
                event.position
            );
            after = event.position;
        }
        after = page.next;
        events.extend(page.events);
        if page.end {
            return (events, after);
        }
    }
}

/// The log's events after a position that match a filter.
#[track_caller]
pub(crate) fn log(store: &mut Connection, after: u64, filter: &LogFilter) -> Vec<RecordedEvent> {
    log_at(store, after, 500, filter, later()).0
}

/// A filter for these categories, with any type.
pub(crate) fn of_categories(categories: &[&str]) -> LogFilter {
    LogFilter {
        event_types: Vec::new(),
        categories: categories.iter().map(ToString::to_string).collect(),
        tags: Vec::new(),
    }
}

/// A filter for these types, in any category.
pub(crate) fn of_types(types: &[&str]) -> LogFilter {
    LogFilter {
        event_types: types.iter().map(ToString::to_string).collect(),
        categories: Vec::new(),
        tags: Vec::new(),
    }
}

/// Asserts that two lists are equal, and reports the first difference.
#[track_caller]
pub(crate) fn assert_same<T: PartialEq + std::fmt::Debug>(found: &[T], expected: &[T], what: &str) {
    let differ = found.iter().zip(expected).position(|(a, b)| a != b);
    if let Some(at) = differ {
        panic!(
            "{what}: number {at} is {:?}, not {:?}",
            found[at], expected[at]
        );
    }
    let (found, expected) = (found.len(), expected.len());
    assert_eq!(found, expected, "{what}: so many there are");
}

/// Checks the invariants of streams: the streams and the log must have the same events. `after` is a position before
/// their first events. Returns the log's events of the case.
#[track_caller]
pub(crate) fn check(scene: &Scene<'_>, after: u64, streams: &[String]) -> Vec<RecordedEvent> {
    let store = &mut scene.connect();
    let all = log(store, after, &of_categories(&[scene.category()]));
    let ids: BTreeSet<&str> = all.iter().map(|event| event.id.as_str()).collect();
    assert_eq!(ids.len(), all.len(), "ids are unique, nothing comes twice");
    for name in streams {
        let events = stream(store, name);
        for (event, version) in events.iter().zip(1..) {
            assert_eq!(event.version, version, "versions are without gaps");
            assert_eq!(event.stream, *name, "an event of another stream");
        }
        assert!(
            events.is_sorted_by_key(|event| event.recorded_at),
            "time goes back in {name}"
        );
        let in_log: Vec<_> = all.iter().filter(|e| e.stream == *name).cloned().collect();
        assert_same(
            &in_log,
            &events,
            &format!("the log and {name} tell the same"),
        );
        let (folded, head) = fold(store, name);
        let lean: Vec<_> = events.iter().map(lean).collect();
        assert_same(&folded, &lean, "folding");
        assert_eq!(head.version, events.len() as u64);
    }
    all
}
