//! Appends by several adapters at once, and the rules that must hold afterwards.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::adapter::event_store::{AppendRequest, RepairOutcome};
use crate::adapter::types::{Metadata, NewEvent, Precondition, RecordedEvent};
use crate::adapter::{Adapter, Kind, Stopped};
use crate::bucket::{Defects, Double};

/// The streams that the workload writes to.
pub const STREAMS: [&str; 2] = ["account-1", "account-2"];
const NOW: u64 = 1_700_000_000_000;
/// A time when every writer counts as dead.
const LATER: u64 = NOW + 600_000;

/// The result of one command.
#[derive(Clone, Debug)]
pub struct Told {
    /// The command id, which is also the payload of the only event.
    pub command: String,
    /// Its stream.
    pub stream: &'static str,
    /// The acknowledged version and position, or the reason why there are none.
    pub answer: Result<(u64, u64), Stopped>,
}

/// An append of one event.
#[must_use]
pub fn request(stream: &str, command: &str, seed: u64) -> AppendRequest {
    AppendRequest {
        stream: stream.into(),
        expected: Precondition::Any,
        cursor: None,
        events: vec![NewEvent {
            event_type: "Happened".into(),
            schema_version: 1,
            content_type: "text/plain".into(),
            payload: command.as_bytes().into(),
            tags: Vec::new(),
        }],
        close: false,
        metadata: Metadata {
            command_id: command.into(),
            command_type: "Do".into(),
            correlation_id: command.into(),
            causation_id: command.into(),
            actor: None,
            traceparent: None,
            extensions: Vec::new(),
        },
        recorded_at: NOW,
        seed,
        claim: None,
    }
}

/// A store with a first record on a healthy host, which then gets these defects.
///
/// # Panics
/// If the first append fails.
#[must_use]
pub fn begun(kind: Kind, seed: u64, defects: Defects) -> Arc<Double> {
    let double = Arc::new(Double::new(seed, Defects::default()));
    let first = request(STREAMS[0], "first", 1);
    Adapter::new(kind, &double, 99)
        .append(&first)
        .expect("a host without defects");
    double.become_like(defects);
    double
}

/// Runs several adapters that each append `commands` commands to both streams, in the order of the double's seed.
///
/// # Panics
/// If a thread panics.
#[must_use]
pub fn run(kind: Kind, double: &Arc<Double>, writers: usize, commands: usize) -> Vec<Told> {
    let adapters: Vec<_> = (0..writers)
        .map(|who| (who, Adapter::new(kind, double, who)))
        .collect();
    let parts: Vec<_> = (0..writers).map(|who| double.turns.join(who)).collect();
    std::thread::scope(|scope| {
        let threads: Vec<_> = adapters
            .into_iter()
            .zip(parts)
            .map(|((who, mut adapter), part)| {
                scope.spawn(move || {
                    let _part = part;
                    (0..commands)
                        .map(|n| {
                            let stream = STREAMS[n % STREAMS.len()];
                            let command = format!("w{who}-{n}");
                            let request = request(stream, &command, (who * 1000 + n) as u64);
                            let answer = adapter
                                .append(&request)
                                .map(|appended| (appended.version, appended.position));
                            Told {
                                command,
                                stream,
                                answer,
                            }
                        })
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().expect("a writer"))
            .collect()
    })
}

/// Removes a host's defects and makes its store usable: repairs the slots that the store reports, until every stream
/// accepts an append and the log can be read. Returns the repaired keys.
///
/// # Panics
/// If the store returns another error, or the repairs never end.
#[must_use]
pub fn recover(kind: Kind, double: &Arc<Double>) -> Vec<String> {
    recover_as(kind, double, Defects::default())
}

/// The same, on a host that keeps these defects.
///
/// # Panics
/// As [`recover`].
#[must_use]
pub fn recover_as(kind: Kind, double: &Arc<Double>, always: Defects) -> Vec<String> {
    double.become_like(always);
    let mut repaired = Vec::new();
    for round in 0..50 {
        // A new instance, which has no cached state of what other instances began.
        let mut adapter = Adapter::new(kind, double, 100 + round);
        let stopped = STREAMS
            .iter()
            .map(|stream| {
                let id = format!("recover-{round}-{stream}");
                adapter
                    .append(&request(stream, &id, round as u64))
                    .map(drop)
            })
            .chain([Adapter::new(kind, double, 200 + round)
                .read_log(0, LATER)
                .map(drop)])
            .find_map(Result::err);
        let Some(stopped) = stopped else {
            return repaired;
        };
        let Some(key) = stopped.to_repair() else {
            panic!("no key to repair: {stopped:?}");
        };
        let settled = Adapter::new(kind, double, 300 + round).repair(&key);
        assert!(
            matches!(settled, Ok(RepairOutcome::Written)),
            "{key}: {settled:?}"
        );
        repaired.push(key);
    }
    panic!("still stuck after {repaired:?}");
}

/// Checks the rules of the log on a usable store: no acknowledged event is lost, versions are contiguous, the log and
/// the streams agree, and no event is there twice.
///
/// # Errors
/// The first rule that is broken.
pub fn check(kind: Kind, double: &Arc<Double>, told: &[Told]) -> Result<(), String> {
    let mut adapter = Adapter::new(kind, double, 400);
    let said = |stopped| format!("{stopped:?}");
    let (mut log, mut after): (Vec<RecordedEvent>, _) = (Vec::new(), 0);
    loop {
        let page = adapter.read_log(after, LATER).map_err(said)?;
        log.extend(page.events);
        after = page.next;
        if page.end {
            break;
        }
    }
    if !log.is_sorted_by(|a, b| a.position < b.position) {
        return Err("positions do not increase".into());
    }
    let mut found = BTreeMap::new();
    for stream in STREAMS {
        let events = adapter.read_stream(stream).map_err(said)?;
        if !events
            .iter()
            .map(|event| event.version)
            .eq(1..=events.len() as u64)
        {
            return Err(format!("versions of {stream} are not contiguous"));
        }
        let ids: Vec<_> = events.iter().map(|event| &event.id).collect();
        let in_log = log.iter().filter(|event| event.stream == stream);
        if !in_log.map(|event| &event.id).eq(ids) {
            return Err(format!("the log and {stream} do not agree"));
        }
        for event in events {
            let command = event.metadata.command_id.clone();
            if found
                .insert(command, (event.version, event.position))
                .is_some()
            {
                return Err(format!("{} took effect twice", event.metadata.command_id));
            }
        }
    }
    for Told {
        command, answer, ..
    } in told
    {
        if let Ok(acknowledged) = answer
            && found.get(command) != Some(acknowledged)
        {
            return Err(format!(
                "{command} was acknowledged at {acknowledged:?}, and is at {:?}",
                found.get(command)
            ));
        }
    }
    Ok(())
}
