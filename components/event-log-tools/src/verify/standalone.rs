//! Verifies standalone records: claims, hints, snapshots and other records that form no sequence. Each must match the
//! stream or view to which it refers.

use std::collections::BTreeMap;

use super::scan::{Home, Scan, Stem};
use super::segments::number;
use super::{DELETE, FOREIGN, PUT_BACK, Walk};
use crate::Listing;
use crate::layout::{Area, Parsed};
use crate::listing::Listed;
use annals_event_log::StreamName;
use annals_event_log::file_name;
use annals_event_log::internals::COPY_ENTRIES;
use annals_event_log::internals::Chain;
use annals_event_log::internals::Keys;
use annals_event_log::internals::decode_counter;
use annals_event_log::records::reactions::{
    CheckpointRecord, DroppedView, RowRecord, Tombstone, ViewCopy, ViewEntry,
};
use annals_event_log::records::{
    self, ClaimRecord, Commit, Hint, OutcomeRecord, Record, Segment, SnapshotRecord, StreamRecord,
    Void,
};
use annals_event_log::{SlotError, StoreError};

/// A value whose key is unknown, with the key's digest.
type Unnamed = (String, Vec<u8>);
/// Builds the key of a record.
type MakeKey = Box<dyn Fn(&Keys) -> Option<String>>;

impl<S: Listing> Walk<'_, S> {
    pub(super) fn standalone(&mut self, scan: &Scan, only: Option<&str>) -> Result<(), StoreError> {
        let slots = self.slots;
        // Collect the hints with unknown keys: a hint does not contain the name of its stream or view.
        let mut hints: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        slots
            .visit(&mut |listed| {
                match listed {
                    Listed::Key(key) => {
                        if let Some(parsed) = Parsed::of(key)
                            && let Some(home) = find(scan, parsed.root)
                        {
                            self.single(home, key, &parsed).map_err(slot_error)?;
                        }
                    }
                    Listed::Digest(digest, bytes) => {
                        if let Some((digest, bytes)) = self
                            .unnamed(scan, only, digest, bytes)
                            .map_err(slot_error)?
                        {
                            hints.insert(digest, bytes);
                        }
                    }
                    Listed::Foreign(_) => {}
                }
                Ok(())
            })
            .map_err(StoreError::harmless)?;
        self.unnamed_hints(scan, only, hints)
    }

    fn single(&mut self, home: &Home, key: &str, parsed: &Parsed<'_>) -> Result<(), StoreError> {
        // The walks have already verified the numbered slots.
        if matches!(
            parsed.area,
            Area::Log | Area::Stream | Area::Checkpoint | Area::Row | Area::List
        ) {
            return Ok(());
        }
        // The record was deleted after the listing. In these areas only disposable records are deleted.
        let Some(bytes) = self.get(key)? else {
            return Ok(());
        };
        self.count(&bytes);
        match parsed.area {
            // The scan has read the store's record.
            Area::Log | Area::Stream | Area::Checkpoint | Area::Row | Area::List | Area::Store => {}
            Area::LogHint => {
                let end = home.log_end(parsed.partitions, parsed.number);
                self.hint(key, &bytes, end);
            }
            Area::LogCounter => {
                if let Err(error) = decode_counter(key, &bytes) {
                    self.corrupt(key, &error, PUT_BACK);
                }
            }
            // The list of a dropped view may be gone, so its hint may exceed the list's end.
            Area::ListHead if home.dropped.contains(&Stem::of(parsed)) => self.summary.hints += 1,
            Area::Dropped => self.dropped(home, key, &bytes),
            Area::ListHead => {
                let list = key.replacen(".view-head", ".view", 1);
                let end = home.chains.get(&list).map_or(0, |(extent, _)| extent.last);
                self.hint(key, &bytes, end);
            }
            // Copies of a dropped list may remain.
            Area::ListCopy if home.dropped.contains(&Stem::of(parsed)) => self.summary.hints += 1,
            Area::ListCopy => self.list_copy(home, key, &bytes),
            Area::Segment => self.segment(home, key, &bytes)?,
            Area::Head => self.hint(key, &bytes, home.end(&Stem::of(parsed))),
            // Some of these hints contain times, so any number is legal.
            Area::Hint => self.hint(key, &bytes, u64::MAX),
            Area::Command => match records::decode::<ClaimRecord>(key, &bytes) {
                Ok(claim) => self.claim(home, key, &claim)?,
                Err(error) => self.corrupt(key, &error, PUT_BACK),
            },
            Area::Snapshot => match records::decode::<SnapshotRecord>(key, &bytes) {
                Ok(snapshot) => self.snapshot(home, key, &snapshot)?,
                Err(error) => self.corrupt(key, &error, DELETE),
            },
        }
        Ok(())
    }

    fn hint(&mut self, key: &str, bytes: &[u8], end: u64) {
        self.summary.hints += 1;
        match records::decode::<Hint>(key, bytes) {
            Ok(hint) if hint.slot <= end => {}
            Ok(hint) => {
                let what = format!("slot {} existed, and the last one is {end}", hint.slot);
                self.lost(key, what);
            }
            Err(error) => self.corrupt(key, &error, DELETE),
        }
    }

    /// Verifies a copy of entries of a view's list.
    fn list_copy(&mut self, home: &Home, key: &str, bytes: &[u8]) {
        self.summary.hints += 1;
        let copy = match records::decode::<ViewCopy>(key, bytes) {
            Ok(copy) => copy,
            Err(error) => return self.corrupt(key, &error, DELETE),
        };
        if home.keys.view_copy(&copy.view, copy.number) != key {
            let what = format!("it is copy {} of view {:?}", copy.number, copy.view);
            return self.error(key, what, DELETE);
        }
        let entry = home.keys.view_entry(&copy.view, 1);
        let list = entry.rsplit_once('.').map_or("", |(list, _)| list);
        let end = match home.long_views.contains(&copy.view) {
            // The scan did not determine the length of this list.
            true => u64::MAX,
            false => home.chains.get(list).map_or(0, |(extent, _)| extent.last),
        };
        let last = copy.number.saturating_mul(COPY_ENTRIES);
        if last > end {
            let what = format!("entry {last} existed, and the last one is {end}");
            self.lost(key, what);
        }
    }

    fn claim(&mut self, home: &Home, key: &str, claim: &ClaimRecord) -> Result<(), StoreError> {
        self.summary.claims += 1;
        if home.keys.command(&claim.command_id) != key {
            let what = format!("it belongs to command {:?}", claim.command_id);
            self.error(key, what, PUT_BACK);
            return Ok(());
        }
        let stream = match StreamName::parse(&claim.stream) {
            Ok(stream) => stream,
            Err(error) => {
                self.error(key, error.to_string(), PUT_BACK);
                return Ok(());
            }
        };
        let end = home.end_of(stream);
        if claim.cursor.get() > end {
            let what = format!(
                "it has seen slot {} of {stream}, whose last one is {end}",
                claim.cursor
            );
            self.lost(key, what);
            return Ok(());
        }
        let mut is_known = self.hidden == 0;
        for slot in claim.cursor.get() + 1..=end {
            let at = home.keys.slot(stream, slot.into());
            // The walk through the stream reports absent and damaged slots.
            let record = match self.get(&at)? {
                Some(bytes) => StreamRecord::decode(&at, &claim.stream, &bytes),
                None => continue,
            };
            match record {
                Ok(record) if record.command_id() == Some(&claim.command_id) => return Ok(()),
                Err(StoreError::Newer { .. }) => is_known = false,
                _ => {}
            }
        }
        if !is_known {
            return Ok(());
        }
        self.summary.pending_claims += 1;
        let what = format!("command {:?} on {stream} has not ended", claim.command_id);
        self.pending(key, what);
        Ok(())
    }

    fn snapshot(
        &mut self,
        home: &Home,
        key: &str,
        snapshot: &SnapshotRecord,
    ) -> Result<(), StoreError> {
        self.summary.snapshots += 1;
        let stream = match StreamName::parse(&snapshot.stream) {
            Ok(stream) if home.keys.snapshot(stream, &snapshot.decider) == key => stream,
            _ => {
                let what = format!(
                    "it is the state of {:?} for {:?}",
                    snapshot.stream, snapshot.decider
                );
                self.error(key, what, DELETE);
                return Ok(());
            }
        };
        let end = home.end_of(stream);
        if snapshot.cursor.get() > end {
            let what = format!(
                "it reflects slot {} of {stream}, whose last one is {end}",
                snapshot.cursor
            );
            self.lost(key, what);
            return Ok(());
        }
        let at = home.keys.slot(stream, snapshot.cursor);
        if let Some(bytes) = self.get(&at)?
            && let Ok(record) = StreamRecord::decode(&at, &snapshot.stream, &bytes)
            && (record.after().version, record.after().closed)
                != (snapshot.version, snapshot.closed)
        {
            let what = format!(
                "it says version {} at slot {} of {stream}, which says {}",
                snapshot.version,
                snapshot.cursor,
                record.after().version
            );
            self.error(key, what, DELETE);
        }
        Ok(())
    }

    /// Verifies a record that the listing shows only with its key's digest. The record's content determines its key. A
    /// hint's content does not, so this method returns a hint instead.
    fn unnamed(
        &mut self,
        scan: &Scan,
        only: Option<&str>,
        digest: &str,
        bytes: &[u8],
    ) -> Result<Option<Unnamed>, StoreError> {
        let key_in: MakeKey = match records::kind(digest, bytes) {
            Ok(Hint::KIND) => return Ok(Some((digest.to_owned(), bytes.to_vec()))),
            Ok(ClaimRecord::KIND) => match records::decode::<ClaimRecord>(digest, bytes) {
                Ok(claim) => Box::new(move |keys| Some(keys.command(&claim.command_id))),
                Err(error) => {
                    self.corrupt(digest, &error, PUT_BACK);
                    return Ok(None);
                }
            },
            Ok(SnapshotRecord::KIND) => match records::decode::<SnapshotRecord>(digest, bytes) {
                Ok(snapshot) => Box::new(move |keys| {
                    let stream = StreamName::parse(&snapshot.stream).ok()?;
                    Some(keys.snapshot(stream, &snapshot.decider))
                }),
                Err(error) => {
                    self.corrupt(digest, &error, DELETE);
                    return Ok(None);
                }
            },
            Ok(Segment::KIND) => match records::decode::<Segment>(digest, bytes) {
                Ok(segment) => Box::new(move |keys| {
                    let stream = StreamName::parse(&segment.stream).ok()?;
                    Some(keys.segment(stream, number(&segment)))
                }),
                Err(error) => {
                    self.corrupt(digest, &error, DELETE);
                    return Ok(None);
                }
            },
            // A tombstone contains no name, so it cannot be verified.
            Ok(
                CheckpointRecord::KIND
                | RowRecord::KIND
                | ViewEntry::KIND
                | ViewCopy::KIND
                | DroppedView::KIND,
            ) => match reaction_key(digest, bytes) {
                Ok(key_in) => key_in,
                Err(error) => {
                    self.corrupt(digest, &error, PUT_BACK);
                    return Ok(None);
                }
            },
            Ok(Tombstone::KIND) => return Ok(None),
            // The scan has counted slots of streams and reported unreadable records.
            Err(_) | Ok(Commit::KIND | OutcomeRecord::KIND | Void::KIND) => return Ok(None),
            Ok(kind) => {
                let what = format!("a record of kind {kind} lies under a long key");
                self.error(digest, what, FOREIGN);
                return Ok(None);
            }
        };
        for home in &scan.homes {
            let key = key_in(&home.keys).filter(|key| file_name::digest(key) == digest);
            if let Some(key) = key
                && let Some(parsed) = Parsed::of(&key)
            {
                self.single(home, &key, &parsed)?;
                return Ok(None);
            }
        }
        if only.is_none() {
            let what = "its content belongs under another key";
            self.error(digest, what, FOREIGN);
        }
        Ok(None)
    }

    fn dropped(&mut self, home: &Home, key: &str, bytes: &[u8]) {
        self.summary.dropped_views += 1;
        match records::decode::<DroppedView>(key, bytes) {
            Ok(mark) if home.keys.dropped_view(&mark.view) == key => {}
            Ok(mark) => {
                let what = format!("it belongs to view {:?}", mark.view);
                self.error(key, what, PUT_BACK);
            }
            Err(error) => self.corrupt(key, &error, PUT_BACK),
        }
    }

    fn unnamed_hints(
        &mut self,
        scan: &Scan,
        only: Option<&str>,
        mut hints: BTreeMap<String, Vec<u8>>,
    ) -> Result<(), StoreError> {
        if hints.is_empty() {
            return Ok(());
        }
        for home in &scan.homes {
            for stem in home.streams.keys() {
                let word = if stem.hashed { "head-sha256" } else { "head" };
                let key = format!("{}.{word}.{}", home.keys.root(), stem.text);
                if let Some(bytes) = hints.remove(&file_name::digest(&key)) {
                    self.count(&bytes);
                    self.hint(&key, &bytes, home.end(stem));
                }
            }
        }
        for home in &scan.homes {
            for view in &home.long_views {
                let key = home.keys.view_hint(view);
                if let Some(bytes) = hints.remove(&file_name::digest(&key)) {
                    self.count(&bytes);
                    // The scan did not determine the length of this list.
                    self.hint(&key, &bytes, u64::MAX);
                }
            }
        }
        if only.is_none() {
            for digest in hints.keys() {
                self.error(digest, "it is a hint for no stream and no view", DELETE);
            }
        }
        Ok(())
    }
}

fn find<'s>(scan: &'s Scan, root: &str) -> Option<&'s Home> {
    scan.homes.iter().find(|home| home.keys.root() == root)
}

/// Converts a store error into a visitor's error. A visitor fails only if the store does.
fn slot_error(error: StoreError) -> SlotError {
    SlotError::Unavailable(error.to_string())
}

/// Builds the key of a record of a reaction.
fn reaction_key(digest: &str, bytes: &[u8]) -> Result<MakeKey, StoreError> {
    Ok(match records::kind(digest, bytes)? {
        CheckpointRecord::KIND => {
            let it: CheckpointRecord = records::decode(digest, bytes)?;
            Box::new(move |keys| Some(Chain(keys.checkpoint(&it.handler)).key(it.revision)))
        }
        RowRecord::KIND => {
            let it: RowRecord = records::decode(digest, bytes)?;
            Box::new(move |keys| Some(Chain(keys.row(&it.view, &it.key)).key(it.revision)))
        }
        ViewEntry::KIND => {
            let it: ViewEntry = records::decode(digest, bytes)?;
            Box::new(move |keys| Some(keys.view_entry(&it.view, it.index)))
        }
        ViewCopy::KIND => {
            let it: ViewCopy = records::decode(digest, bytes)?;
            Box::new(move |keys| Some(keys.view_copy(&it.view, it.number)))
        }
        _ => {
            let it: DroppedView = records::decode(digest, bytes)?;
            Box::new(move |keys| Some(keys.dropped_view(&it.view)))
        }
    })
}
