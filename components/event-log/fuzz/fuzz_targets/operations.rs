//! Arbitrary operations by two instances over one store act like one simple model.
#![no_main]

use std::collections::BTreeMap;

use annals_event_log::*;
use arbitrary::Arbitrary;

#[path = "../../tests/common/mod.rs"]
mod common;
use common::sourcer::submit;
use common::{LATER, check, checkpoint, event, metadata, open, row};

/// Only the last one is ever closed, and is sent no commands.
const STREAMS: [&str; 3] = ["a-1", "b-1", "c-1"];
const CLOSES: usize = 2;
const NAMES: [&str; 2] = ["v", "V.1"];
const KEYS: [&str; 3] = ["a", "a/b", "é"];

#[derive(Arbitrary, Debug)]
enum Operation {
    Append {
        stream: u8,
        expected: Expected,
        events: u8,
        close: bool,
        /// From where the instance has last loaded, instead of from the end.
        known: bool,
    },
    Submit {
        stream: bool,
        command: u8,
        rejects: bool,
    },
    /// The writer dies before its commit.
    Die {
        stream: u8,
    },
    Load {
        stream: u8,
        limit: u8,
    },
    Read {
        stream: u8,
        after: u8,
        limit: u8,
    },
    Backward {
        stream: u8,
        before: Option<u8>,
        limit: u8,
    },
    Log {
        after: u8,
        limit: u8,
        of: Option<u8>,
    },
    SaveSnapshot {
        stream: u8,
    },
    LoadSnapshot {
        stream: u8,
    },
    Save {
        handler: bool,
        position: u8,
        generation: u8,
        revision: u8,
    },
    Advance {
        handler: bool,
    },
    LoadCheckpoint {
        handler: bool,
    },
    Write {
        view: bool,
        key: u8,
        position: u8,
        seen: u8,
        delete: bool,
    },
    Next {
        view: bool,
        key: u8,
        delete: bool,
    },
    Get {
        view: bool,
        key: u8,
    },
    Scan {
        view: bool,
        after: Option<u8>,
        limit: u8,
    },
    Forget,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Expected {
    Any,
    NoStream,
    StreamExists,
    At(u8),
    Now,
}

#[derive(Default)]
struct Stream {
    /// Ids of events.
    events: Vec<String>,
    closed: bool,
}

#[derive(Default)]
struct Model {
    streams: [Stream; 3],
    /// Stream and id of every event.
    log: Vec<(usize, String)>,
    outcomes: BTreeMap<String, Outcome>,
    /// The version that the last snapshot of each stream has.
    snapshots: [Option<u64>; 3],
    checkpoints: BTreeMap<bool, Checkpoint>,
    /// Position, and the row unless it is deleted.
    rows: BTreeMap<(bool, &'static str), (u64, Option<Row>)>,
}

/// Refuses to create slots of streams: the writer died after it took its place in the log.
struct Dying<'a>(&'a MemorySlots);

impl Slots for Dying<'_> {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, SlotError> {
        self.0.get(key)
    }
    fn create(&self, key: &str, value: &[u8]) -> Result<Creation, SlotError> {
        if key.contains(".stream.") {
            return Err(SlotError::Unavailable("dead".into()));
        }
        self.0.create(key, value)
    }
    fn put(&self, key: &str, value: &[u8]) -> Result<(), SlotError> {
        self.0.put(key, value)
    }
    fn delete(&self, key: &str) -> Result<(), SlotError> {
        self.0.delete(key)
    }
}

struct Play<'a> {
    slots: &'a MemorySlots,
    logs: [EventLog<&'a MemorySlots>; 2],
    /// What each instance has last loaded of each stream.
    heads: [[Head; 3]; 2],
    model: Model,
    step: u64,
}

fn pick(stream: u8) -> usize {
    usize::from(stream) % STREAMS.len()
}

fn ids(appended: &Appended) -> impl Iterator<Item = String> {
    appended.events.iter().map(|event| event.id.clone())
}

impl Play<'_> {
    fn play(&mut self, who: usize, operation: Operation) {
        self.step += 1;
        match operation {
            Operation::Append {
                stream,
                expected,
                events,
                close,
                known,
            } => {
                self.append(who, pick(stream), expected, events % 4, close, known);
            }
            Operation::Submit {
                stream,
                command,
                rejects,
            } => {
                self.submit(who, usize::from(stream), command % 8, rejects);
            }
            Operation::Die { stream } => {
                let events = vec![event("Dead", b"")];
                let request = self.request(pick(stream), Precondition::Any, events);
                let died = open(Dying(self.slots)).append(request);
                assert!(died.is_err());
            }
            Operation::Load { stream, limit } => self.load(who, pick(stream), limit),
            Operation::Read {
                stream,
                after,
                limit,
            } => {
                let events = &self.model.streams[pick(stream)].events;
                let page = self.logs[who]
                    .read_stream(STREAMS[pick(stream)], after.into(), limit.into())
                    .expect("read");
                let Some(page) = page else {
                    assert!(events.is_empty());
                    return;
                };
                let rest = events.get(usize::from(after)..).unwrap_or_default();
                let found: Vec<_> = page.events.into_iter().map(|e| e.id).collect();
                assert_eq!(found, rest[..rest.len().min(limit.max(1).into())]);
                assert!(!page.end || found.len() == rest.len());
            }
            Operation::Backward {
                stream,
                before,
                limit,
            } => {
                let events = &self.model.streams[pick(stream)].events;
                let page = self.logs[who]
                    .read_stream_backward(
                        STREAMS[pick(stream)],
                        before.map(u64::from),
                        limit.into(),
                    )
                    .expect("read");
                let Some(page) = page else {
                    assert!(events.is_empty());
                    return;
                };
                let end = before.map_or(events.len(), |b| usize::from(b).saturating_sub(1));
                let rest = events[..end.min(events.len())].iter().rev();
                let rest: Vec<_> = rest.take(limit.max(1).into()).cloned().collect();
                let found: Vec<_> = page.events.into_iter().map(|e| e.id).collect();
                assert_eq!(found, rest);
            }
            Operation::Log { after, limit, of } => self.log(who, after, limit, of),
            Operation::SaveSnapshot { stream } => {
                let stream = pick(stream);
                let head = self.heads[who][stream];
                if head.cursor > 0 {
                    let snapshot = Snapshot {
                        state: vec![1],
                        state_version: 1,
                        head,
                    };
                    let saved = self.logs[who].save_snapshot(STREAMS[stream], "d", snapshot);
                    assert_eq!(saved, Ok(()));
                    self.model.snapshots[stream] = Some(head.version);
                }
            }
            Operation::LoadSnapshot { stream } => {
                let found = self.logs[who]
                    .load_snapshot(STREAMS[pick(stream)], "d")
                    .expect("read");
                let version = found.map(|snapshot| snapshot.head.version);
                assert_eq!(version, self.model.snapshots[pick(stream)]);
            }
            Operation::Save {
                handler,
                position,
                generation,
                revision,
            } => {
                let next = checkpoint(
                    (position % 16).into(),
                    (generation % 3).into(),
                    revision.into(),
                );
                self.save(who, handler, next);
            }
            Operation::Advance { handler } => {
                let stored = self.model.checkpoints.get(&handler).cloned();
                let stored = stored.unwrap_or(checkpoint(0, 0, 0));
                let position = stored.position + 1;
                self.save(who, handler, Checkpoint { position, ..stored });
            }
            Operation::LoadCheckpoint { handler } => assert_eq!(
                self.logs[who].load_checkpoint(NAMES[usize::from(handler)]),
                Ok(self.model.checkpoints.get(&handler).cloned())
            ),
            Operation::Write {
                view,
                key,
                position,
                seen,
                delete,
            } => {
                self.write(
                    who,
                    view,
                    key,
                    (position % 16).into(),
                    (seen % 16).into(),
                    delete,
                );
            }
            Operation::Next { view, key, delete } => {
                let stored = self.model.rows.get(&(view, KEYS[usize::from(key) % 3]));
                let (position, row) = stored.cloned().unwrap_or_default();
                let seen = row.map_or(0, |row| row.position);
                self.write(who, view, key, position + 1, seen, delete);
            }
            Operation::Get { view, key } => {
                let key = KEYS[usize::from(key) % 3];
                let stored = self.model.rows.get(&(view, key));
                assert_eq!(
                    self.logs[who].get_row(NAMES[usize::from(view)], key),
                    Ok(stored.and_then(|(_, row)| row.clone()))
                );
            }
            Operation::Scan { view, after, limit } => {
                let after = after.map(|after| KEYS[usize::from(after) % 3]);
                let page = self.logs[who]
                    .scan_rows(NAMES[usize::from(view)], after, (limit % 4).into())
                    .expect("read");
                let rows = self.model.rows.iter();
                let rows: Vec<Row> = rows
                    .filter(|((v, key), _)| *v == view && after.is_none_or(|after| *key > after))
                    .filter_map(|(_, (_, row))| row.clone())
                    .collect();
                let limit = usize::from(limit % 4).max(1);
                assert_eq!(page.rows, rows[..rows.len().min(limit)]);
                assert!(!page.end || page.rows.len() == rows.len());
            }
            Operation::Forget => {
                self.logs[who] = open(self.slots);
                self.heads[who] = Default::default();
            }
        }
    }

    fn request(
        &self,
        stream: usize,
        expected: Precondition,
        events: Vec<NewEvent>,
    ) -> AppendRequest {
        AppendRequest {
            stream: STREAMS[stream].into(),
            expected,
            cursor: None,
            events,
            close: false,
            metadata: metadata(&format!("append-{}", self.step)),
            recorded_at: common::NOW,
            seed: self.step,
            claim: None,
        }
    }

    fn append(
        &mut self,
        who: usize,
        stream: usize,
        expected: Expected,
        events: u8,
        close: bool,
        known: bool,
    ) {
        let before = &self.model.streams[stream];
        let version = before.events.len() as u64;
        let (expected, holds) = match expected {
            Expected::Any => (Precondition::Any, true),
            Expected::NoStream => (Precondition::NoStream, version == 0),
            Expected::StreamExists => (Precondition::StreamExists, version > 0),
            Expected::At(at) => (Precondition::At(at.into()), version == u64::from(at)),
            Expected::Now => (Precondition::At(version), true),
        };
        let head = self.heads[who][stream];
        // A cursor with `at` says that the caller has seen the stream at that version.
        let known = known && matches!(expected, Precondition::At(v) if v == head.version);
        let close = close && stream == CLOSES && events > 0;
        let new = (0..events).map(|_| event("E", b"payload")).collect();
        let request = AppendRequest {
            close,
            cursor: known.then_some(head.cursor),
            ..self.request(stream, expected, new)
        };
        let closed = before.closed;
        match self.logs[who].append(request) {
            Ok(appended) => {
                assert!(holds && !closed);
                assert_eq!(appended.version, version + u64::from(events));
                assert_eq!(appended.events.len(), usize::from(events));
                self.appended(stream, ids(&appended).collect());
                self.model.streams[stream].closed = close;
            }
            Err(AppendError::Conflict { actual, .. }) => {
                assert!(!holds && (!closed || known));
                assert_eq!(actual, version);
            }
            Err(AppendError::Closed(at)) => assert!(closed && at == version),
            Err(error @ (AppendError::Claimed | AppendError::Store(_))) => panic!("{error}"),
        }
    }

    fn appended(&mut self, stream: usize, ids: Vec<String>) {
        self.model
            .log
            .extend(ids.iter().map(|id| (stream, id.clone())));
        self.model.streams[stream].events.extend(ids);
    }

    fn submit(&mut self, who: usize, stream: usize, command: u8, rejects: bool) {
        let id = format!("c-{stream}-{command}");
        let seed = self.step;
        let told =
            submit(&mut self.logs[who], STREAMS[stream], &id, seed, |_| rejects).expect("submit");
        if let Some(first) = self.model.outcomes.get(&id) {
            assert_eq!(first, &told);
            return;
        }
        match &told {
            Outcome::Accepted(appended) => {
                assert!(!rejects);
                self.appended(stream, ids(appended).collect());
            }
            Outcome::Rejected(_) => assert!(rejects),
        }
        self.model.outcomes.insert(id, told);
    }

    fn load(&mut self, who: usize, stream: usize, limit: u8) {
        let head = self.heads[who][stream];
        let page = self.logs[who]
            .load(STREAMS[stream], head, limit.into())
            .expect("load");
        let all = &self.model.streams[stream].events;
        assert_eq!(page.head.version, head.version + page.events.len() as u64);
        assert!(
            page.events
                .iter()
                .map(|e| e.version)
                .eq(head.version + 1..=page.head.version)
        );
        assert!(!page.end || page.head.version == all.len() as u64);
        self.heads[who][stream] = page.head;
    }

    fn log(&mut self, who: usize, after: u8, limit: u8, of: Option<u8>) {
        let of = of.map(pick);
        let filter = LogFilter {
            event_types: Vec::new(),
            categories: of
                .map(|of| STREAMS[of][..1].to_owned())
                .into_iter()
                .collect(),
            tags: Vec::new(),
        };
        let everything = self.model.log.len();
        let passed = usize::from(after).min(everything);
        let mut found = Vec::new();
        // The position that so many events have.
        let mut next = match passed {
            0 => 0,
            n => {
                let id = &self.model.log[n - 1].1;
                let all = common::log_all(&mut self.logs[who], 1000, LATER);
                all.iter()
                    .find(|e| e.id == *id)
                    .expect("it is in the log")
                    .position
            }
        };
        loop {
            let page = self.logs[who]
                .read_log(next, limit.into(), &filter, LATER)
                .expect("read");
            assert!(page.end || page.next > next);
            next = page.next;
            found.extend(page.events.into_iter().map(|event| event.id));
            if page.end {
                break;
            }
        }
        let rest = self.model.log[passed..].iter();
        let wanted = rest.filter(|(stream, _)| of.is_none_or(|of| of == *stream));
        assert!(found.iter().eq(wanted.map(|(_, id)| id)));
    }

    fn save(&mut self, who: usize, handler: bool, next: Checkpoint) {
        let stored = self.model.checkpoints.get(&handler).cloned();
        let known = stored.unwrap_or(checkpoint(0, 0, 0));
        match self.logs[who].save_checkpoint(NAMES[usize::from(handler)], next.clone()) {
            Ok(()) => {
                assert_eq!(next.revision, known.revision);
                assert!((next.generation, next.position) >= (known.generation, known.position));
                let revision = next.revision + 1;
                self.model
                    .checkpoints
                    .insert(handler, Checkpoint { revision, ..next });
            }
            Err(WriteError::Stale) => assert_ne!(next.revision, known.revision),
            Err(WriteError::Store(StoreError::Invalid(_))) => {
                assert_eq!(next.revision, known.revision);
                assert!((next.generation, next.position) < (known.generation, known.position));
            }
            Err(WriteError::Store(error)) => panic!("{error}"),
        }
    }

    fn write(&mut self, who: usize, view: bool, key: u8, position: u64, seen: u64, delete: bool) {
        let (name, key) = (NAMES[usize::from(view)], KEYS[usize::from(key) % 3]);
        let new = (!delete).then(|| row(key, &self.step.to_string(), position));
        let log = &mut self.logs[who];
        let done = match new.clone() {
            Some(row) => log.put_row(name, row, seen),
            None => log.delete_row(name, key, seen, position),
        };
        let stored = self.model.rows.entry((view, key)).or_default();
        let there = stored.1.as_ref().map_or(0, |row| row.position);
        let admitted = position > stored.0 && seen == there;
        match done {
            Ok(()) => {
                assert!(admitted);
                *stored = (position, new);
            }
            Err(WriteError::Stale) => assert!(!admitted && position > 0),
            Err(WriteError::Store(StoreError::Invalid(_))) => assert_eq!(position, 0),
            Err(WriteError::Store(error)) => panic!("{error}"),
        }
    }
}

libfuzzer_sys::fuzz_target!(|operations: Vec<(bool, Operation)>| {
    let slots = MemorySlots::new();
    let mut play = Play {
        slots: &slots,
        logs: [open(&slots), open(&slots)],
        heads: Default::default(),
        model: Model::default(),
        step: 0,
    };
    for (who, operation) in operations {
        play.play(usize::from(who), operation);
    }
    let all: Vec<String> = check(&slots, &STREAMS)
        .into_iter()
        .map(|event| event.id)
        .collect();
    assert!(all.iter().eq(play.model.log.iter().map(|(_, id)| id)));
});
