//! The exported `reaction-store` and its types.

use annals_event_log as log;

use crate::Backend;
use crate::adapter::Adapter;
use crate::bindings::exports::annals::es::event_store::StoreError;
use crate::bindings::exports::annals::es::reaction_store::{
    Checkpoint, FoundRow, Guest, KeyRange, RowKey, RowPage, StoredRow, WriteError,
};
use crate::convert::{all, same_fields};

impl<B: Backend> Guest for Adapter<B> {
    fn load_checkpoint(handler: String) -> Result<Option<Checkpoint>, StoreError> {
        Self::load(&handler)
    }

    fn save_checkpoint(handler: String, next: Checkpoint) -> Result<(), WriteError> {
        Self::save(&handler, next)
    }

    fn get_hint(name: String) -> Result<u64, StoreError> {
        Ok(Self::run(|log| log.get_hint(&name))?)
    }

    fn put_hint(name: String, number: u64) -> Result<(), StoreError> {
        Ok(Self::run(|log| log.put_hint(&name, number))?)
    }

    fn get_row(row: RowKey) -> Result<Option<StoredRow>, StoreError> {
        Ok(Self::run(|log| log.get_row(&row.view, &row.key))?.map(Into::into))
    }

    fn find_row(row: RowKey) -> Result<FoundRow, StoreError> {
        let found = Self::run(|log| log.find_row(&row.view, &row.key))?;
        Ok(FoundRow {
            position: found.position,
            row: found.row.map(Into::into),
        })
    }

    fn put_row(view: String, row: StoredRow, seen: u64) -> Result<(), WriteError> {
        Ok(Self::run(|log| log.put_row(&view, row.into(), seen))?)
    }

    fn delete_row(row: RowKey, seen: u64, position: u64) -> Result<(), WriteError> {
        Ok(Self::run(|log| {
            log.delete_row(&row.view, &row.key, seen, position)
        })?)
    }

    fn scan_rows(view: String, keys: KeyRange, limit: u32) -> Result<RowPage, StoreError> {
        let range = log::KeyRange {
            from: keys.first.as_deref(),
            after: keys.after.as_deref(),
            to: keys.before.as_deref(),
        };
        Ok(Self::run(|log| log.scan_range(&view, range, limit))?.into())
    }

    fn drop_rows(view: String, limit: u32) -> Result<bool, StoreError> {
        Ok(Self::run(|log| log.drop_rows(&view, limit))?)
    }
}

same_fields! {
    StoredRow => log::Row { key, content_type, value, position }
    log::Row => StoredRow { key, content_type, value, position }
}

impl From<log::RowPage> for RowPage {
    fn from(log::RowPage { rows, next, end }: log::RowPage) -> Self {
        Self {
            rows: all(rows),
            next,
            end,
        }
    }
}
