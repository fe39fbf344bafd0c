//! Storage of reactions: checkpoints, rows of views, and hints.
//!
//! | module | job |
//! |---|---|
//! | `name` | names of handlers and views, keys of rows |
//! | `chain` | mutable values: chains of revisions |
//! | `checkpoints` | checkpoints of handlers, by compare-and-set |
//! | `rows` | rows of views, by compare-and-set |
//! | `lists` | the list of a view's keys |
//! | `list_copies` | copies of many entries of a list |
//! | `scan` | rows in the order of their keys |
//! | `drop` | deletes views that are no longer used |
//! | `hints` | numbers that deliverers share |
//! | `remember` | maps of bounded size |

mod chain;
mod checkpoints;
mod drop;
pub mod hints;
mod list_copies;
mod lists;
mod name;
mod remember;
mod rows;
mod scan;

pub use chain::Chain;

pub use list_copies::COPY_ENTRIES;
pub use lists::{List, is_dropped, read_entry};
pub use rows::RowPlace;
pub use scan::KeyRange;

use crate::error::{StoreError, WriteError};
use crate::model::{FoundRow, Row, RowPage};
use crate::slots::Slots;
use crate::store::Store;
use checkpoints::Checkpoints;
use lists::Lists;
use rows::Rows;

/// An instance's cache of checkpoints, rows and lists. An evicted entry costs only additional reads.
#[derive(Debug, Default)]
pub struct Reactions {
    /// Checkpoints of handlers.
    pub checkpoints: Checkpoints,
    rows: Rows,
    lists: Lists,
}

impl Reactions {
    /// See [`EventLog::get_row`](crate::EventLog::get_row).
    ///
    /// # Errors
    /// As there.
    pub fn get_row<S: Slots>(
        &mut self,
        store: &Store<S>,
        view: &str,
        key: &str,
    ) -> Result<Option<Row>, StoreError> {
        name::check_row(view, key)?;
        Ok(self.place_row(store, view, key)?.1)
    }

    /// See [`EventLog::find_row`](crate::EventLog::find_row).
    ///
    /// # Errors
    /// As there.
    pub fn find_row<S: Slots>(
        &mut self,
        store: &Store<S>,
        view: &str,
        key: &str,
    ) -> Result<FoundRow, StoreError> {
        name::check_row(view, key)?;
        let (place, row) = self.place_row(store, view, key)?;
        Ok(FoundRow {
            position: place.position.get(),
            row,
        })
    }

    /// Reads the place of a row's newest revision, and the row unless it is absent. Does not check the names.
    ///
    /// # Errors
    /// As for [`Reactions::get_row`].
    pub fn place_row<S: Slots>(
        &mut self,
        store: &Store<S>,
        view: &str,
        key: &str,
    ) -> Result<(RowPlace, Option<Row>), StoreError> {
        self.rows.place(store, &mut self.lists, view, key)
    }

    /// See [`EventLog::put_row`](crate::EventLog::put_row).
    ///
    /// # Errors
    /// As there.
    pub fn put_row<S: Slots>(
        &mut self,
        store: &Store<S>,
        view: &str,
        row: Row,
        seen: u64,
    ) -> Result<(), WriteError> {
        self.rows
            .put(store, &mut self.lists, view, row, seen.into())
    }

    /// See [`EventLog::delete_row`](crate::EventLog::delete_row).
    ///
    /// # Errors
    /// As there.
    pub fn delete_row<S: Slots>(
        &mut self,
        store: &Store<S>,
        view: &str,
        key: &str,
        seen: u64,
        position: u64,
    ) -> Result<(), WriteError> {
        let (seen, position) = (seen.into(), position.into());
        self.rows
            .delete(store, &mut self.lists, view, key, seen, position)
    }

    /// See [`EventLog::scan_range`](crate::EventLog::scan_range).
    ///
    /// # Errors
    /// As there.
    pub fn scan<S: Slots>(
        &mut self,
        store: &Store<S>,
        view: &str,
        range: KeyRange<'_>,
        limit: u32,
    ) -> Result<RowPage, StoreError> {
        scan::scan(&mut self.rows, &mut self.lists, store, view, range, limit)
    }

    /// See [`EventLog::drop_rows`](crate::EventLog::drop_rows).
    ///
    /// # Errors
    /// As there.
    pub fn drop_rows<S: Slots>(
        &mut self,
        store: &Store<S>,
        view: &str,
        limit: u32,
    ) -> Result<bool, StoreError> {
        name::check("a view's name", view)?;
        self.rows.forget();
        self.lists.forget(view);
        drop::drop_rows(store, view, limit)
    }
}
