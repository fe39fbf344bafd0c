//! Decides slots of what reactions keep whose creator died halfway; see [`repair`](crate::repair).
//!
//! A revision of a chain says again what the one before it says. The first one of a checkpoint is *blank*, it
//! names no handler and counts as none; the first one of a row says that the row was deleted at
//! position 0, before every event. An entry of a list has no key, and stands for no row.

use crate::chain::Chain;
use crate::error::StoreError;
use crate::log::EventLog;
use crate::records::reactions::{CheckpointRecord, DroppedView, RowRecord, ViewEntry};
use crate::records::{self, Record};
use crate::repair::{gap, number};
use crate::slots::Slots;

impl<S: Slots> EventLog<S> {
    /// What to write into a slot of a handler's checkpoint; nothing if it has a record.
    pub(crate) fn checkpoint_filler(
        &self,
        key: &str,
        handler: &str,
        digits: &str,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let chain = Chain(self.keys.checkpoint(handler));
        let revision = number(key, digits)?;
        let blank = CheckpointRecord {
            handler: String::new(),
            revision: 1,
            position: 0,
            generation: 0,
            state: Vec::new(),
        };
        let again = |before| CheckpointRecord { revision, ..before };
        self.revision_filler(key, &chain, revision, blank, again)
    }

    /// The same for a row.
    pub(crate) fn row_filler(
        &self,
        key: &str,
        (view, row): (&str, &str),
        digits: &str,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let chain = Chain(self.keys.row(view, row));
        let revision = number(key, digits)?;
        let absent = RowRecord {
            view: view.to_owned(),
            key: row.to_owned(),
            revision: 1,
            position: 0,
            content: None,
        };
        let again = |before| RowRecord { revision, ..before };
        self.revision_filler(key, &chain, revision, absent, again)
    }

    /// The view and the key of a row, of which a key only has the hash: `name` is both, with a `/`
    /// between them. Either may have more of them; the hash tells.
    pub(crate) fn row_of<'n>(
        &self,
        key: &str,
        name: &'n str,
        digits: &str,
    ) -> Option<(&'n str, &'n str)> {
        let mut splits = name.match_indices('/');
        splits.find_map(|(at, _)| {
            let both = (name.get(..at)?, name.get(at + 1..)?);
            let made = format!("{}.{digits}", self.keys.row(both.0, both.1));
            (made == key).then_some(both)
        })
    }

    /// The same for an entry of a view's list.
    pub(crate) fn entry_filler(
        &self,
        key: &str,
        view: &str,
        digits: &str,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let index = number(key, digits)?;
        self.must_be(key, &self.keys.view_entry(view, index))?;
        let before = index.checked_sub(1).ok_or_else(|| gap(key))?;
        if before > 0 && self.read_entry(view, before)?.is_none() {
            return Err(gap(key));
        }
        let view = view.to_owned();
        let key = String::new();
        records::encode(&ViewEntry { view, index, key }).map(Some)
    }

    /// The same for the mark of a view that is dropped.
    pub(crate) fn dropped_filler(
        &self,
        key: &str,
        view: &str,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        self.must_be(key, &self.keys.dropped_view(view))?;
        let view = view.to_owned();
        records::encode(&DroppedView { view }).map(Some)
    }

    fn revision_filler<R: Record>(
        &self,
        key: &str,
        chain: &Chain,
        revision: u64,
        first: R,
        again: impl FnOnce(R) -> R,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        self.must_be(key, &chain.key(revision))?;
        // What lies in front of it may be a tombstone by now.
        if self.get(key)?.is_some() {
            return Ok(None);
        }
        let filler = match revision {
            0 => return Err(gap(key)),
            1 => first,
            _ => {
                let front = chain.key(revision - 1);
                let bytes = self.get(&front)?.ok_or_else(|| gap(key))?;
                again(records::decode(&front, &bytes)?)
            }
        };
        records::encode(&filler).map(Some)
    }
}
