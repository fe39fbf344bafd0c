//! What deliveries to reactions keep: checkpoints and the rows of views, by compare-and-set.

use crate::error::{StoreError, WriteError};
use crate::log::EventLog;
use crate::model::{Checkpoint, Row, RowPage};
use crate::slots::Slots;

fn absent<T>() -> Result<T, StoreError> {
    Err(StoreError::Unavailable("not yet".into()))
}

impl<S: Slots> EventLog<S> {
    /// How far a handler is; nothing if it never said.
    ///
    /// # Errors
    /// What the store says.
    pub fn load_checkpoint(&mut self, _handler: &str) -> Result<Option<Checkpoint>, StoreError> {
        absent()
    }

    /// Keeps how far a handler is. `next.revision` is the revision that was read, 0 if there was none.
    ///
    /// # Errors
    /// [`WriteError::Stale`] if another revision is stored; what the store says.
    pub fn save_checkpoint(&mut self, _handler: &str, _next: Checkpoint) -> Result<(), WriteError> {
        Ok(absent()?)
    }

    /// A row, if it is there.
    ///
    /// # Errors
    /// What the store says.
    pub fn get_row(&mut self, _view: &str, _key: &str) -> Result<Option<Row>, StoreError> {
        absent()
    }

    /// Replaces a row that reflects exactly `seen` (0: there is none) by one that reflects a later position.
    ///
    /// # Errors
    /// [`WriteError::Stale`]; what the store says.
    pub fn put_row(&mut self, _view: &str, _row: Row, _seen: u64) -> Result<(), WriteError> {
        Ok(absent()?)
    }

    /// Deletes a row that reflects exactly `seen`; that it was deleted at `position` is remembered.
    ///
    /// # Errors
    /// [`WriteError::Stale`]; what the store says.
    pub fn delete_row(
        &mut self,
        _view: &str,
        _key: &str,
        _seen: u64,
        _position: u64,
    ) -> Result<(), WriteError> {
        Ok(absent()?)
    }

    /// Rows in the order of their keys' bytes, after a key.
    ///
    /// # Errors
    /// What the store says.
    pub fn scan_rows(
        &mut self,
        _view: &str,
        _after: Option<&str>,
        _limit: u32,
    ) -> Result<RowPage, StoreError> {
        absent()
    }
}
