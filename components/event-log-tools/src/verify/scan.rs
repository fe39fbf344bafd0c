//! The first pass over a store. It visits every key once, in the order of the store's listing.

use std::collections::{BTreeMap, BTreeSet};

use super::{FOREIGN, PUT_BACK, Walk};
use crate::Listing;
use crate::layout::{Area, Parsed};
use crate::listing::{Listed, owner, partitions};
use annals_event_log::MAX_PARTITIONS;
use annals_event_log::StoreError;
use annals_event_log::StreamName;
use annals_event_log::internals::Keys;
use annals_event_log::records::reactions::ViewEntry;
use annals_event_log::records::{self, Commit, OutcomeRecord, Record, Void};

/// The search for a stream's slots among digests ends after this many absent slots in a row.
const MAX_ABSENT_IN_A_ROW: u64 = 4096;

/// The extent of a sequence of numbered slots.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Extent {
    /// The highest number.
    pub last: u64,
    /// Number of slots that exist.
    pub count: u64,
}

impl Extent {
    fn add(&mut self, number: u64) {
        self.last = self.last.max(number);
        self.count += 1;
    }
}

/// A name as it appears in keys: escaped or hashed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Stem {
    pub hashed: bool,
    pub text: String,
}

/// The keys found under one prefix.
pub(super) struct Home {
    pub keys: Keys,
    /// Partitions of the log.
    pub partitions: u32,
    /// The rows of each partition, by the log's number of partitions. A damaged store may have a second log with
    /// another number.
    pub logs: BTreeMap<u32, Vec<Extent>>,
    pub streams: BTreeMap<Stem, Extent>,
    /// Checkpoints, rows, and lists of rows, by key prefix.
    pub chains: BTreeMap<String, (Extent, Area)>,
    /// Dropped views.
    pub dropped: BTreeSet<Stem>,
    /// Views whose lists have keys too long for file names, under any prefix of the store.
    pub long_views: BTreeSet<String>,
}

impl Home {
    fn new(root: &str) -> Self {
        Self {
            keys: Keys::of_root(root, 1),
            partitions: 1,
            logs: BTreeMap::new(),
            streams: BTreeMap::new(),
            chains: BTreeMap::new(),
            dropped: BTreeSet::new(),
            long_views: BTreeSet::new(),
        }
    }

    /// The last row of a partition.
    pub fn log_end(&self, partitions: u32, partition: u64) -> u64 {
        let log = self.logs.get(&partitions);
        let extent = log.and_then(|rows| rows.get(usize::try_from(partition).ok()?));
        extent.map_or(0, |extent| extent.last)
    }

    fn add(&mut self, key: &str, parsed: &Parsed<'_>) {
        match parsed.area {
            Area::Log => {
                let partitions = parsed.partitions.max(1);
                let rows = self
                    .logs
                    .entry(partitions)
                    .or_insert_with(|| vec![Extent::default(); partitions as usize]);
                let (before, partitions) = (parsed.number - 1, u64::from(partitions));
                if let Some(extent) = rows.get_mut((before % partitions) as usize) {
                    extent.add(before / partitions + 1);
                }
            }
            Area::Stream => self
                .streams
                .entry(Stem::of(parsed))
                .or_default()
                .add(parsed.number),
            area @ (Area::Checkpoint | Area::Row | Area::List) => {
                let front = key.rsplit_once('.').map_or(key, |(front, _)| front);
                match self.chains.get_mut(front) {
                    Some((extent, _)) => extent.add(parsed.number),
                    None => {
                        let mut extent = Extent::default();
                        extent.add(parsed.number);
                        self.chains.insert(front.to_owned(), (extent, area));
                    }
                }
            }
            Area::Dropped => {
                self.dropped.insert(Stem::of(parsed));
            }
            Area::Store
            | Area::LogHint
            | Area::LogCounter
            | Area::Segment
            | Area::Head
            | Area::Command
            | Area::Snapshot
            | Area::Hint
            | Area::ListHead
            | Area::ListCopy => {}
        }
    }

    /// The last slot of a stream; 0 if there is none.
    pub fn end(&self, stem: &Stem) -> u64 {
        self.streams.get(stem).map_or(0, |extent| extent.last)
    }

    /// The last slot of a stream, by name; 0 if there is none.
    pub fn end_of(&self, stream: StreamName<'_>) -> u64 {
        Parsed::of(&self.keys.slot(stream, 1.into())).map_or(0, |slot| self.end(&Stem::of(&slot)))
    }
}

impl Stem {
    pub fn of(parsed: &Parsed<'_>) -> Self {
        Self {
            hashed: parsed.hashed,
            text: parsed.text.to_owned(),
        }
    }
}

/// The keys of a store, sorted.
pub(super) struct Scan {
    /// Number of records.
    pub keys: u64,
    pub homes: Vec<Home>,
}

impl Scan {
    pub fn of<S: Listing>(walk: &mut Walk<'_, S>, only: Option<&str>) -> Result<Self, StoreError> {
        let slots = walk.slots;
        let mut keys = 0;
        let mut homes: BTreeMap<String, Home> = BTreeMap::new();
        // Streams whose keys are too long for file names, and their numbers of slots.
        let mut digests: BTreeMap<String, u64> = BTreeMap::new();
        let mut long_views = BTreeSet::new();
        if let Some(root) = only {
            homes.insert(root.to_owned(), Home::new(root));
        }
        slots
            .visit(&mut |listed| {
                match listed {
                    Listed::Key(key) => {
                        let root = key.split('.').next().unwrap_or_default();
                        if only.is_some_and(|only| only != root) {
                            return Ok(());
                        }
                        let Some(parsed) = Parsed::of(key) else {
                            walk.error(key, "it is no key of this format", FOREIGN);
                            return Ok(());
                        };
                        keys += 1;
                        if !homes.contains_key(root) {
                            homes.insert(root.to_owned(), Home::new(root));
                        }
                        let Some(home) = homes.get_mut(root) else {
                            return Ok(());
                        };
                        home.add(key, &parsed);
                    }
                    Listed::Digest(digest, bytes) => {
                        keys += 1;
                        match records::kind(digest, bytes) {
                            Err(error) => walk.unnamed_damage(digest, &error),
                            Ok(Commit::KIND | OutcomeRecord::KIND | Void::KIND) => {
                                match owner(digest, bytes) {
                                    Ok(name) => *digests.entry(name).or_default() += 1,
                                    Err(error) => walk.unnamed_damage(digest, &error),
                                }
                            }
                            Ok(ViewEntry::KIND) => {
                                let entry = records::decode::<ViewEntry>(digest, bytes);
                                long_views.extend(entry.ok().map(|entry| entry.view));
                            }
                            // A later pass reads the standalone records.
                            Ok(_) => {}
                        }
                    }
                    Listed::Foreign(name) => {
                        if only.is_none() {
                            walk.error(name, "it is no key at all", FOREIGN);
                        }
                    }
                }
                Ok(())
            })
            .map_err(StoreError::harmless)?;
        let mut homes: Vec<Home> = homes.into_values().collect();
        for home in &mut homes {
            walk.divided(home)?;
            home.long_views.clone_from(&long_views);
        }
        for (name, count) in digests {
            let mut placed = 0;
            for home in &mut homes {
                placed += walk.place(home, &name, count)?;
            }
            if placed < count && only.is_none() {
                let what = format!(
                    "{} records of this stream lie in files that are no slots of it",
                    count - placed
                );
                walk.error(&name, what, FOREIGN);
            }
        }
        Ok(Self { keys, homes })
    }
}

impl<S: Listing> Walk<'_, S> {
    /// Reports an unreadable record whose key is unknown.
    fn unnamed_damage(&mut self, digest: &str, error: &StoreError) {
        self.hidden += u64::from(matches!(error, StoreError::Newer { .. }));
        self.corrupt(digest, error, PUT_BACK);
    }

    /// Determines the number of partitions of the log.
    fn divided(&mut self, home: &mut Home) -> Result<(), StoreError> {
        let key = home.keys.store();
        let stored = match partitions(self.slots, &home.keys) {
            Ok(stored) => stored,
            Err(StoreError::Corrupt { reason, .. }) => {
                self.error(&key, reason, PUT_BACK);
                home.logs.keys().next_back().copied()
            }
            Err(error) => return Err(error),
        };
        home.partitions = match stored {
            Some(partitions) if (1..=MAX_PARTITIONS).contains(&partitions) => partitions,
            None => {
                if home.logs.keys().any(|partitions| *partitions > 1) {
                    self.error(&key, "it is absent, and the log is in partitions", PUT_BACK);
                }
                home.logs.keys().next_back().copied().unwrap_or(1)
            }
            Some(partitions) => {
                self.error(&key, format!("it says {partitions} partitions"), PUT_BACK);
                1
            }
        };
        let root = home.keys.root().to_owned();
        home.keys = Keys::of_root(&root, home.partitions);
        for other in home.logs.keys().filter(|other| **other != home.partitions) {
            let what = format!(
                "the store's log is in {} partitions, and there is one in {other}",
                home.partitions
            );
            self.error(&Keys::of_root(&root, *other).log(1.into()), what, FOREIGN);
        }
        Ok(())
    }

    /// Finds the slots of a stream whose keys the listing shows only as digests, by reading the slots in order.
    fn place(&mut self, home: &mut Home, name: &str, count: u64) -> Result<u64, StoreError> {
        let Ok(stream) = StreamName::parse(name) else {
            return Ok(0);
        };
        let mut extent = Extent::default();
        let mut slot = 0;
        let count = count + self.hidden;
        while extent.count < count && slot - extent.last < MAX_ABSENT_IN_A_ROW {
            slot += 1;
            if self.get(&home.keys.slot(stream, slot.into()))?.is_some() {
                extent.add(slot);
            }
        }
        let first = home.keys.slot(stream, 1.into());
        if let Some(parsed) = Parsed::of(&first).filter(|_| extent.count > 0) {
            home.streams.insert(Stem::of(&parsed), extent);
        }
        Ok(extent.count)
    }
}
