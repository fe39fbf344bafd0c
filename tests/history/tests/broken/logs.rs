//! Broken stores: the order and completeness of the log.

use std::sync::Arc;
use std::time::Duration;

use annals_event_log::*;
use annals_history::check::Kind;
use annals_history::workload::Options;
use annals_store_conformance::{Backend, Native, Store};

use super::twist::{AUDIT, Every, Twist, Twisted};
use super::{caught, options, settings};

/// Slots that wait between the two steps of an append.
#[derive(Clone, Debug)]
struct Slow(Arc<MemorySlots>);

impl Slots for Slow {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, SlotError> {
        self.0.get(key)
    }
    fn create(&self, key: &str, value: &[u8]) -> Result<Creation, SlotError> {
        if key.contains(".stream.") {
            std::thread::sleep(Duration::from_micros(200));
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

/// Slots that show a void in every absent slot of a stream, without writing it. To a reader of the log, each writer
/// in progress seems dead.
#[derive(Debug)]
struct SeesVoids(Slow);

impl Slots for SeesVoids {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, SlotError> {
        let found = self.0.get(key)?;
        let stream = key.split('.').nth(2).filter(|_| key.contains(".stream."));
        Ok(found.or_else(|| stream.map(void)))
    }
    fn create(&self, _: &str, _: &[u8]) -> Result<Creation, SlotError> {
        Err(SlotError::Unavailable("it only reads".into()))
    }
    fn put(&self, _: &str, _: &[u8]) -> Result<(), SlotError> {
        Err(SlotError::Unavailable("it only reads".into()))
    }
    fn delete(&self, _: &str) -> Result<(), SlotError> {
        Err(SlotError::Unavailable("it only reads".into()))
    }
}

/// A void in the format of `docs/format.md`.
fn void(stream: &str) -> Vec<u8> {
    let mut body = vec![stream.len() as u8];
    body.extend(stream.as_bytes());
    body.extend([0, 0, 0]);
    let mut summed = vec![4, 1];
    summed.extend(&body);
    let mut record = vec![0xA5, 4, 1];
    record.extend(crc32fast::hash(&summed).to_le_bytes());
    record.extend(body);
    record
}

struct DoesNotWait(EventLog<SeesVoids>);
impl Twist for DoesNotWait {
    fn log(
        &mut self,
        store: &mut dyn Store,
        after: u64,
        limit: u32,
        filter: &LogFilter,
        now: u64,
    ) -> Result<LogPage, StoreError> {
        if limit >= AUDIT {
            return store.read_log(after, limit, filter, now);
        }
        self.0.read_log(after, limit, filter, now)
    }
}

#[test]
fn a_log_reader_that_does_not_wait_for_writers_is_caught() {
    let slots = Slow(Arc::new(MemorySlots::new()));
    // With this grace period, no reader treats a writer as dead.
    let settings = Settings {
        grace_ms: 60_000,
        ..settings()
    };
    let backend = Twisted {
        inner: Native::new("slow memory", slots.clone(), settings.clone()),
        name: "does not wait",
        twist: || DoesNotWait(EventLog::open(SeesVoids(slots.clone()), &settings).unwrap()),
    };
    caught(&backend, &options(), &[Kind::LogSkipped]);
}

/// A store that changes the pages that readers get.
struct Tampers {
    how: fn(&mut LogPage, &Option<RecordedEvent>),
    last: Option<RecordedEvent>,
    every: Every,
}

impl Twist for Tampers {
    fn log(
        &mut self,
        store: &mut dyn Store,
        after: u64,
        limit: u32,
        filter: &LogFilter,
        now: u64,
    ) -> Result<LogPage, StoreError> {
        let mut page = store.read_log(after, limit, filter, now)?;
        if limit < AUDIT && page.events.len() > 1 {
            let last = page.events.last().cloned();
            if page.events.len() < limit as usize && self.every.nth(5) {
                (self.how)(&mut page, &self.last);
            }
            self.last = last;
        }
        Ok(page)
    }
}

/// Every fifth short page with several events is changed. A reader that keeps up with the writers gets few of those,
/// so the run must be long.
fn long() -> Options {
    Options {
        operations: 10_000,
        ..options()
    }
}

fn tampers(name: &'static str, how: fn(&mut LogPage, &Option<RecordedEvent>)) -> impl Backend {
    Twisted {
        inner: Native::new("memory", Arc::new(MemorySlots::new()), settings()),
        name,
        twist: move || Tampers {
            how,
            last: None,
            every: Every::default(),
        },
    }
}

#[test]
fn a_log_that_repeats_events_is_caught() {
    // Repeats an event within a page, and one from the page before.
    let within = tampers("repeats", |page, _| {
        page.events.push(page.events[page.events.len() - 1].clone())
    });
    caught(&within, &long(), &[Kind::LogRepeated]);
    let across = tampers("repeats", |page, last| {
        if let Some(last) = last {
            page.events.insert(0, last.clone());
        }
    });
    caught(&across, &long(), &[Kind::LogRepeated, Kind::LogReordered]);
}

#[test]
fn a_log_that_reorders_events_is_caught() {
    caught(
        &tampers("reorders", |page, _| page.events.swap(0, 1)),
        &long(),
        &[Kind::LogReordered],
    );
}

#[test]
fn a_log_that_skips_events_is_caught() {
    caught(
        &tampers("skips", |page, _| drop(page.events.remove(0))),
        &long(),
        &[Kind::LogSkipped],
    );
}

#[test]
fn a_log_whose_events_change_is_caught() {
    caught(
        &tampers("changes", |page, _| page.events[0].recorded_at += 1),
        &long(),
        &[Kind::Altered],
    );
}
