//! What the tests of the event log share.
#![allow(dead_code, clippy::unwrap_used)]

use std::collections::BTreeSet;

use annals_event_log::*;

pub mod faults;
pub mod sourcer;

pub const NOW: u64 = 1_700_000_000_000;
pub const LATER: u64 = NOW + 60_000;

/// Empty slots. With the environment variable `ANNALS_ATOMIC` they have steps on several keys, so the tests exercise the
/// atomic protocol.
pub fn empty_slots() -> MemorySlots {
    MemorySlots::new().made_conditional(is_atomic())
}

pub fn is_atomic() -> bool {
    std::env::var_os("ANNALS_ATOMIC").is_some()
}

pub fn open<S: Slots>(slots: S) -> EventLog<S> {
    EventLog::open(slots, &Settings::default()).unwrap()
}

pub fn event(event_type: &str, payload: &[u8]) -> NewEvent {
    NewEvent {
        event_type: event_type.into(),
        schema_version: 1,
        content_type: "application/json".into(),
        payload: payload.into(),
        tags: Vec::new(),
    }
}

pub fn metadata(command_id: &str) -> Metadata {
    Metadata {
        command_id: command_id.into(),
        command_type: "Do".into(),
        correlation_id: command_id.into(),
        causation_id: command_id.into(),
        actor: Some("ann".into()),
        traceparent: None,
        extensions: Vec::new(),
    }
}

pub fn request(
    stream: &str,
    expected: Precondition,
    command_id: &str,
    seed: u64,
    types: &[&str],
) -> AppendRequest {
    AppendRequest {
        stream: stream.into(),
        expected,
        cursor: None,
        events: types.iter().map(|t| event(t, t.as_bytes())).collect(),
        close: false,
        metadata: metadata(command_id),
        recorded_at: NOW,
        seed,
        claim: None,
    }
}

/// Appends commits of the given sizes.
pub fn fill<S: Slots>(log: &mut EventLog<S>, stream: &str, sizes: &[usize]) {
    for (i, size) in sizes.iter().enumerate() {
        let names: Vec<String> = (0..*size).map(|k| format!("E{i}-{k}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        log.append(request(
            stream,
            Precondition::Any,
            &format!("fill-{stream}-{i}"),
            i as u64,
            &names,
        ))
        .unwrap();
    }
}

/// The whole stream, by `load` in pages of `limit` commits.
pub fn load_all<S: Slots>(log: &mut EventLog<S>, stream: &str, limit: u32) -> (Vec<Event>, Head) {
    let (mut events, mut head) = (Vec::new(), Head::default());
    loop {
        let page = log.load(stream, head, limit).unwrap();
        events.extend(page.events);
        head = page.head;
        if page.end {
            return (events, head);
        }
    }
}

/// The whole stream, by `read_stream` in pages of `limit` events.
pub fn read_all<S: Slots>(log: &mut EventLog<S>, stream: &str, limit: u32) -> Vec<RecordedEvent> {
    let (mut events, mut after) = (Vec::new(), 0);
    while let Some(page) = log.read_stream(stream, after, limit).unwrap() {
        events.extend(page.events);
        after = page.version;
        if page.end {
            break;
        }
    }
    events
}

/// The whole log, in pages of `limit` events.
pub fn log_all<S: Slots>(log: &mut EventLog<S>, limit: u32, now: u64) -> Vec<RecordedEvent> {
    let (mut events, mut after) = (Vec::new(), 0);
    loop {
        let page = log
            .read_log(after, limit, &LogFilter::default(), now)
            .unwrap();
        assert!(page.next >= after);
        events.extend(page.events);
        after = page.next;
        if page.end {
            return events;
        }
    }
}

/// What must be true of every store at any time; returns the log's events.
pub fn check<S: Slots>(slots: S, streams: &[&str]) -> Vec<RecordedEvent> {
    let mut log = open(slots);
    let all = log_all(&mut log, 7, LATER);
    assert!(
        all.is_sorted_by(|a, b| a.position < b.position),
        "positions increase strictly"
    );
    let ids: BTreeSet<&str> = all.iter().map(|e| e.id.as_str()).collect();
    assert_eq!(
        ids.len(),
        all.len(),
        "ids are unique, nothing is delivered twice"
    );
    for stream in streams {
        let events = read_all(&mut log, stream, 5);
        let versions: Vec<u64> = events.iter().map(|e| e.version).collect();
        assert_eq!(
            versions,
            (1..=events.len() as u64).collect::<Vec<_>>(),
            "versions are contiguous"
        );
        assert!(
            events.is_sorted_by(|a, b| a.recorded_at <= b.recorded_at),
            "time never goes back"
        );
        let in_log: Vec<_> = all
            .iter()
            .filter(|e| e.stream == *stream)
            .cloned()
            .collect();
        assert_eq!(in_log, events, "the log and the stream agree");
        let (loaded, head) = load_all(&mut log, stream, 3);
        assert_eq!(loaded.len(), events.len());
        assert_eq!(head.version, events.len() as u64);
    }
    all
}

pub fn checkpoint(position: u64, generation: u32, revision: u64) -> Checkpoint {
    Checkpoint {
        state: format!("state of {position}").into_bytes(),
        position,
        generation,
        revision,
    }
}

pub fn row(key: &str, value: &str, position: u64) -> Row {
    Row {
        key: key.into(),
        content_type: "text/plain".into(),
        value: value.into(),
        position,
    }
}
