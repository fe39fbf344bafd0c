//! The first look at a store: every key once, in whatever order they come.

use std::collections::BTreeMap;

use super::{FOREIGN, PUT_BACK, Walk};
use crate::error::StoreError;
use crate::keys::Keys;
use crate::name::StreamName;
use crate::record::{self, Commit, OutcomeRecord, Record, Void};
use crate::tools::Listing;
use crate::tools::layout::{Area, Parsed};
use crate::tools::listing::{Listed, owner};

/// Absent slots after which the search for a stream's slots among digests gives up.
const PATIENCE: u64 = 4096;

/// Slots of one row.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Extent {
    /// The highest number.
    pub last: u64,
    /// How many there are.
    pub count: u64,
}

impl Extent {
    fn add(&mut self, number: u64) {
        self.last = self.last.max(number);
        self.count += 1;
    }
}

/// A stream as its keys name it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Stem {
    pub hashed: bool,
    pub text: String,
}

/// What lies under one prefix.
pub(super) struct Home {
    pub keys: Keys,
    pub log: Extent,
    pub streams: BTreeMap<Stem, Extent>,
}

impl Home {
    fn new(root: &str) -> Self {
        Self {
            keys: Keys::of_root(root),
            log: Extent::default(),
            streams: BTreeMap::new(),
        }
    }

    /// The last slot of a stream; 0 if there is none.
    pub fn end(&self, stem: &Stem) -> u64 {
        self.streams.get(stem).map_or(0, |extent| extent.last)
    }

    /// The last slot of the stream that a key belongs to.
    pub fn end_of(&self, stream: StreamName<'_>) -> u64 {
        Parsed::of(&self.keys.slot(stream, 1)).map_or(0, |slot| self.end(&Stem::of(&slot)))
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

/// What there is.
pub(super) struct Survey {
    /// Records, all in all.
    pub keys: u64,
    pub homes: Vec<Home>,
}

impl Survey {
    pub fn take<S: Listing>(
        walk: &mut Walk<'_, S>,
        only: Option<&str>,
    ) -> Result<Self, StoreError> {
        let slots = walk.slots;
        let mut keys = 0;
        let mut homes: BTreeMap<String, Home> = BTreeMap::new();
        // Streams whose keys are too long for file names, and how many slots they have.
        let mut digests: BTreeMap<String, u64> = BTreeMap::new();
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
                        match parsed.area {
                            Area::Log => home.log.add(parsed.number),
                            Area::Stream => home
                                .streams
                                .entry(Stem::of(&parsed))
                                .or_default()
                                .add(parsed.number),
                            Area::LogHint | Area::Head | Area::Command | Area::Snapshot => {}
                        }
                    }
                    Listed::Digest(digest, bytes) => {
                        keys += 1;
                        match record::kind(digest, bytes) {
                            Err(error) => walk.corrupt(digest, &error, PUT_BACK),
                            Ok(Commit::KIND | OutcomeRecord::KIND | Void::KIND) => {
                                match owner(digest, bytes) {
                                    Ok(name) => *digests.entry(name).or_default() += 1,
                                    Err(error) => walk.corrupt(digest, &error, PUT_BACK),
                                }
                            }
                            // The singles: looked at later.
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
    /// Finds the slots of a stream whose keys the listing cannot tell, by asking for each.
    fn place(&mut self, home: &mut Home, name: &str, count: u64) -> Result<u64, StoreError> {
        let Ok(stream) = StreamName::parse(name) else {
            return Ok(0);
        };
        let mut extent = Extent::default();
        let mut slot = 0;
        while extent.count < count && slot - extent.last < PATIENCE {
            slot += 1;
            if self.get(&home.keys.slot(stream, slot))?.is_some() {
                extent.add(slot);
            }
        }
        let first = home.keys.slot(stream, 1);
        if let Some(parsed) = Parsed::of(&first).filter(|_| extent.count > 0) {
            home.streams.insert(Stem::of(&parsed), extent);
        }
        Ok(extent.count)
    }
}
