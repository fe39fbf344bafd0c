//! Deletes views that nobody uses any more.
//!
//! Elsewhere a slot is never deleted, because a slow writer could create it a second time, and
//! what it writes would count. Here it does not: the caller vouches that nobody reads the view and
//! that its name is never used again, which holds for the generations of views, whose names have a number that
//! only grows. What a slow writer may still leave behind is garbage, and nothing is decided upon it.
//!
//! # The order
//!
//! First of all a mark is made that the view is dropped. It stays: whoever comes to the view's list
//! anew is refused, whoever still remembers rows is told that there are none, and the tools know garbage from
//! damage. Then entries of the list from the last one to the first, before each of them the revisions of its row from the
//! newest to the first. A copy of entries goes before the last of them. So at every moment there is a list without gaps, of rows without gaps, and
//! a drop that was interrupted anywhere is taken up by the next one, which finds their ends as
//! everybody does. A row whose key was entered twice is gone when the second entry's turn comes.

use crate::chain::Chain;
use crate::error::StoreError;
use crate::log::EventLog;
use crate::probe;
use crate::reactions::check_name;
use crate::records;
use crate::records::reactions::{DroppedView, Tombstone};
use crate::slots::Slots;
use crate::view_copies::COPIED;

/// Most revisions that one call deletes: a row that changed often has many.
const MOST_REVISIONS: u32 = 4096;

impl<S: Slots> EventLog<S> {
    /// Deletes the remains of a view that nobody reads or writes any more and whose name is never
    /// used again, at most so many rows of it (at least one entry of its list is looked at), and
    /// less where they have changed often. Answers whether nothing is left.
    ///
    /// # Errors
    /// What the store says. Whatever was deleted stays deleted; calling again goes on.
    pub fn drop_rows(&mut self, view: &str, limit: u32) -> Result<bool, StoreError> {
        check_name("a view's name", view)?;
        self.reactions.forget_view(view);
        let mark = DroppedView {
            view: view.to_owned(),
        };
        // Others write the same.
        self.create(&self.keys.dropped_view(view), &records::encode(&mark)?)
            .map_err(|error| match error {
                StoreError::InDoubt(why) => StoreError::Unavailable(why),
                other => other,
            })?;
        let hint = self.keys.view_hint(view);
        let mut end = self.list_end(view, self.hinted(&hint)?)?;
        let mut revisions = MOST_REVISIONS;
        for _ in 0..limit.max(1) {
            if end == 0 {
                break;
            }
            if let Some(entry) = self.read_entry(view, end)?
                && !entry.is_blank()
                && !self.drop_row(view, &entry.key, &mut revisions)?
            {
                return Ok(false);
            }
            if end.is_multiple_of(COPIED) {
                self.delete(&self.keys.view_copy(view, end / COPIED))?;
            }
            self.delete(&self.keys.view_entry(view, end))?;
            end -= 1;
        }
        if end > 0 {
            return Ok(false);
        }
        self.delete(&hint)?;
        Ok(true)
    }

    /// Was the view dropped, at least in part?
    pub(crate) fn is_dropped(&self, view: &str) -> Result<bool, StoreError> {
        self.has(&self.keys.dropped_view(view))
    }

    /// Deletes a row, as many revisions as may still be; `false` if that was not enough.
    fn drop_row(&self, view: &str, key: &str, revisions: &mut u32) -> Result<bool, StoreError> {
        let chain = Chain(self.keys.row(view, key));
        let first = chain.key(1);
        let Some(bytes) = self.get(&first)? else {
            return Ok(true);
        };
        let guess =
            records::decode::<Tombstone>(&first, &bytes).map_or(1, |hint| hint.known.max(1));
        let newest = probe::last(guess, |revision| {
            Ok::<_, StoreError>(revision <= 1 || self.has(&chain.key(revision))?)
        })?;
        for revision in (1..=newest).rev() {
            if *revisions == 0 {
                return Ok(false);
            }
            self.delete(&chain.key(revision))?;
            *revisions -= 1;
        }
        Ok(true)
    }

    /// Deleting again does no harm, so a deletion in doubt is one that was not done.
    fn delete(&self, key: &str) -> Result<(), StoreError> {
        self.slots.delete(key).map_err(StoreError::harmless)
    }
}
