//! The final contents of the store, read by a separate connection after all clients have stopped.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use annals_event_log::{Event, LogFilter, StoreError};
use annals_store_conformance::Store;

use super::now;
use crate::record::{
    Action, Kept, Last, LastStream, Logged, Operation, Recorder, Token, digest, lean_digest,
};

const PAGE: u32 = 1000;

/// Queries the outcome of each claimed command.
pub(super) fn ask(store: &mut Recorder<'_>, clients: &[Vec<Operation>], patience: Duration) {
    // No event of a command is older than the first cursor of its claims.
    let mut commands: BTreeMap<&str, (u32, u64)> = BTreeMap::new();
    for operation in clients.iter().flatten() {
        if let Action::Claim {
            stream,
            command,
            cursor,
        } = &operation.action
        {
            let (_, first) = commands.entry(command).or_insert((*stream, *cursor));
            *first = (*first).min(*cursor);
        }
    }
    for (command, (stream, cursor)) in commands {
        retried(patience, || store.find(command, stream, cursor)).ok();
    }
}

/// Reads everything that can be read. Waits until the log holds what the streams hold, as long as
/// patience lasts.
pub(super) fn read(store: &mut dyn Store, streams: &[String], patience: Duration) -> Last {
    let mut last = Last::default();
    for stream in streams {
        let mut kept = LastStream::default();
        if let Err(error) = read_stream(store, stream, patience, &mut kept) {
            last.unread.push(format!("stream {stream}: {error}"));
        }
        last.streams.push(kept);
    }
    if let Err(error) = read_log(store, patience, &mut last) {
        last.unread.push(format!("the log: {error}"));
    }
    last
}

fn read_log(store: &mut dyn Store, patience: Duration, last: &mut Last) -> Result<(), StoreError> {
    let events: usize = last.streams.iter().map(|stream| stream.events.len()).sum();
    let since = Instant::now();
    let mut after = 0;
    loop {
        let page = retried(patience, || {
            store.read_log(after, PAGE, &LogFilter::default(), now())
        })?;
        last.log.extend(page.events.iter().map(|event| Logged {
            position: event.position,
            stream: event.stream.clone(),
            version: event.version,
            id: event.id.clone(),
            digest: digest(event),
        }));
        let goes_on = page.next > after;
        after = page.next;
        if page.end && last.log.len() >= events {
            return Ok(());
        }
        // A store whose pages never end must not block the audit.
        if (page.end || !goes_on) && since.elapsed() > patience {
            return Ok(());
        }
        if page.end {
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

fn read_stream(
    store: &mut dyn Store,
    stream: &str,
    patience: Duration,
    kept: &mut LastStream,
) -> Result<(), StoreError> {
    loop {
        let head = kept.head;
        let page = retried(patience, || store.load(stream, head, PAGE))?;
        kept.head = page.head;
        if page.end || page.head == head {
            break;
        }
    }
    let mut after = 0;
    while let Some(page) = retried(patience, || store.read_stream(stream, after, PAGE))? {
        kept.events
            .extend(page.events.into_iter().map(|event| Kept {
                token: Token::of(&event.payload),
                digest: digest(&event),
                id: event.id,
                version: event.version,
                position: event.position,
                recorded_at: event.recorded_at,
                command: event.metadata.command_id,
                lean: lean_digest(&Event {
                    version: event.version,
                    event_type: event.event_type,
                    schema_version: event.schema_version,
                    content_type: event.content_type,
                    payload: event.payload,
                }),
            }));
        if page.end || page.version <= after {
            break;
        }
        after = page.version;
    }
    Ok(())
}

fn retried<T>(
    patience: Duration,
    mut call: impl FnMut() -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let since = Instant::now();
    loop {
        match call() {
            Err(StoreError::Unavailable(_) | StoreError::InDoubt(_))
                if since.elapsed() < patience =>
            {
                std::thread::sleep(Duration::from_millis(2));
            }
            answer => return answer,
        }
    }
}
