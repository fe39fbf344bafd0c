//! Which rows a view has: a list of keys that only grows.
//!
//! Nobody is asked to list keys of the store. Before the first revision of a row is created, its
//! key is entered into the view's list, so a row that exists is listed. The list's slots are taken
//! without gaps, like the log's; entries never change. A key may be entered more than once (two
//! writers at once, or one that died in between), and stays when its row is deleted.
//!
//! # What a scan costs
//!
//! One read for every entry of the list, the first time that an instance scans the view, or two for every 256 entries that
//! somebody has read before (see `view_copies`); from then on only what is new is read. Then one or two reads for every row that is looked at, deleted
//! ones too. The list is held in memory as a whole during a scan, about 100 bytes and the key for
//! each entry; it is kept afterwards as long as all lists together are not too large.

#[cfg(feature = "tools")]
use std::collections::BTreeSet;
use std::mem;
use std::ops::Bound;

use crate::error::StoreError;
use crate::log::{EventLog, PAGE_BYTES, PATIENCE, Written};
use crate::memory::{Listing, remember};
use crate::model::RowPage;
use crate::probe;
use crate::reactions::check_name;
use crate::records;
use crate::records::reactions::ViewEntry;
use crate::slots::Slots;
use crate::view_copies::{COPIED, copy_from};

/// Deleted rows after which a page ends: each costs one or two reads, and a caller's time is bounded. A page that went
/// on over all of them would be given up and begun again, for ever.
const DELETED_PER_PAGE: usize = 1024;

/// Which keys of a view are wanted, in the order of their bytes.
#[derive(Clone, Copy, Debug, Default)]
pub struct KeyRange<'a> {
    /// This key and those behind it.
    pub from: Option<&'a str>,
    /// Those behind this key.
    pub after: Option<&'a str>,
    /// Those before this key.
    pub to: Option<&'a str>,
}

impl<'a> KeyRange<'a> {
    fn start(self) -> Bound<&'a str> {
        match (self.from, self.after) {
            (Some(from), Some(after)) if from > after => Bound::Included(from),
            (_, Some(after)) => Bound::Excluded(after),
            (Some(from), None) => Bound::Included(from),
            (None, None) => Bound::Unbounded,
        }
    }
}

impl<S: Slots> EventLog<S> {
    /// Rows in the order of their keys' bytes, after a key. Ends after `limit` rows (0 counts as 1), when the values reach
    /// about 1 MiB, or after 1,024 keys of deleted rows. Unless the page is the end, a row may follow.
    ///
    /// A row that was there before the scan began and is not deleted meanwhile is never missed.
    ///
    /// # Errors
    /// What the store says.
    pub fn scan_rows(
        &mut self,
        view: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<RowPage, StoreError> {
        let range = KeyRange {
            after,
            ..KeyRange::default()
        };
        self.scan_range(view, range, limit)
    }

    /// The same for the keys of a range.
    ///
    /// # Errors
    /// What the store says.
    pub fn scan_range(
        &mut self,
        view: &str,
        range: KeyRange<'_>,
        limit: u32,
    ) -> Result<RowPage, StoreError> {
        check_name("a view's name", view)?;
        let mut listing = self.reactions.listings.take(view);
        let page = self
            .read_list(view, &mut listing)
            .and_then(|()| self.scan(view, &listing, range, limit.max(1) as usize));
        self.reactions.listings.keep(view, listing);
        page
    }

    fn scan(
        &mut self,
        view: &str,
        listing: &Listing,
        range: KeyRange<'_>,
        limit: usize,
    ) -> Result<RowPage, StoreError> {
        let mut page = RowPage {
            rows: Vec::new(),
            next: None,
            end: false,
        };
        let (mut bytes, mut deleted) = (0, 0);
        for key in listing
            .keys
            .range::<str, _>((range.start(), Bound::Unbounded))
        {
            if range.to.is_some_and(|to| key.as_str() >= to) {
                break;
            }
            if page.rows.len() >= limit || bytes >= PAGE_BYTES || deleted >= DELETED_PER_PAGE {
                return Ok(page);
            }
            match self.place_row(view, key)? {
                (_, Some(row)) => {
                    bytes += row.value.len();
                    page.rows.push(row);
                }
                (_, None) => deleted += 1,
            }
            page.next = Some(key.clone());
        }
        page.end = true;
        Ok(page)
    }

    /// Reads what is new in the list.
    fn read_list(&self, view: &str, listing: &mut Listing) -> Result<(), StoreError> {
        self.read_entries(view, listing, |number, keys| {
            self.leave_copy(view, number, keys);
        })
    }

    /// The same; `copy` is given the keys of entries that no copy has yet.
    fn read_entries(
        &self,
        view: &str,
        listing: &mut Listing,
        mut copy: impl FnMut(u64, Vec<String>),
    ) -> Result<(), StoreError> {
        loop {
            if let Some(number) = copy_from(listing.read)
                && let Some(keys) = self.read_copy(view, number)?
            {
                listing.read = number * COPIED;
                listing.since.clear();
                keys.into_iter().for_each(|key| listing.add(key));
                continue;
            }
            let Some(entry) = self.read_entry(view, listing.read + 1)? else {
                return Ok(());
            };
            listing.read = entry.index;
            listing.since.push(entry.key.clone());
            listing.add(entry.key);
            if listing.read.is_multiple_of(COPIED) {
                let keys = mem::take(&mut listing.since);
                if keys.len() as u64 == COPIED {
                    copy(listing.read / COPIED, keys);
                }
            }
        }
    }

    /// All keys that a view may have rows under.
    #[cfg(feature = "tools")]
    pub(crate) fn listed(&mut self, view: &str) -> Result<BTreeSet<String>, StoreError> {
        let mut listing = Listing::default();
        // The tools change nothing.
        self.read_entries(view, &mut listing, |_, _| {})?;
        Ok(listing.keys)
    }

    /// An entry of the list, if it is there.
    pub(crate) fn read_entry(
        &self,
        view: &str,
        index: u64,
    ) -> Result<Option<ViewEntry>, StoreError> {
        let key = self.keys.view_entry(view, index);
        let Some(bytes) = self.get(&key)? else {
            return Ok(None);
        };
        let entry: ViewEntry = records::decode(&key, &bytes)?;
        if entry.view != view || entry.index != index {
            let reason = format!("it is entry {} of view {:?}", entry.index, entry.view);
            return Err(StoreError::corrupt(&key, reason));
        }
        Ok(Some(entry))
    }

    /// Enters a key into the list. Who writes the same entry at once, or has died before creating
    /// the row, does no harm.
    pub(crate) fn list_row(&mut self, view: &str, key: &str) -> Result<(), StoreError> {
        let listings = &self.reactions.listings;
        if let Some(listing) = listings.lists.get(view)
            && listing.keys.contains(key)
        {
            return Ok(());
        }
        let mut end = match listings.end(view) {
            0 if self.is_dropped(view)? => {
                return Err(StoreError::Invalid(format!("view {view} was dropped")));
            }
            0 => self.list_end(view, self.hinted(&self.keys.view_hint(view))?)?,
            end => end,
        };
        let mut lost = 0;
        loop {
            let entry = ViewEntry {
                view: view.to_owned(),
                index: end + 1,
                key: key.to_owned(),
            };
            let bytes = records::encode(&entry)?;
            let written = self
                .create(&self.keys.view_entry(view, entry.index), &bytes)
                .map_err(|error| match error {
                    StoreError::InDoubt(why) => StoreError::Unavailable(why),
                    other => other,
                })?;
            end = entry.index;
            if written == Written::Ours {
                self.hint(&self.keys.view_hint(view), end);
                remember(&mut self.reactions.listings.ends, view.to_owned(), end);
                return Ok(());
            }
            lost += 1;
            if lost % PATIENCE == 0 {
                end = self.list_end(view, end)?;
            }
        }
    }

    /// The last entry of the list; 0 if it has none.
    pub(crate) fn list_end(&self, view: &str, guess: u64) -> Result<u64, StoreError> {
        probe::last(guess, |index| self.has(&self.keys.view_entry(view, index)))
    }
}
