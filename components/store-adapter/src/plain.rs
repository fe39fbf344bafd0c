//! The exported `reaction-store` of an application without reactions. Its dispatcher stores the record of the
//! application in a checkpoint and calls nothing else.

use crate::Backend;
use crate::adapter::Adapter;
use crate::bindings::exports::annals::es::event_store::StoreError;
use crate::bindings::exports::annals::es::reaction_store::{
    Checkpoint, FoundRow, Guest, KeyRange, RowKey, RowPage, StoredRow, WriteError,
};

fn refused() -> StoreError {
    StoreError::Invalid("this application was composed without reactions".into())
}

impl<B: Backend> Guest for Adapter<B> {
    fn load_checkpoint(handler: String) -> Result<Option<Checkpoint>, StoreError> {
        Self::load(&handler)
    }

    fn save_checkpoint(handler: String, next: Checkpoint) -> Result<(), WriteError> {
        Self::save(&handler, next)
    }

    fn get_hint(_: String) -> Result<u64, StoreError> {
        Err(refused())
    }

    fn put_hint(_: String, _: u64) -> Result<(), StoreError> {
        Err(refused())
    }

    fn find_row(_: RowKey) -> Result<FoundRow, StoreError> {
        Err(refused())
    }

    fn get_row(_: RowKey) -> Result<Option<StoredRow>, StoreError> {
        Err(refused())
    }

    fn put_row(_: String, _: StoredRow, _: u64) -> Result<(), WriteError> {
        Err(WriteError::Store(refused()))
    }

    fn delete_row(_: RowKey, _: u64, _: u64) -> Result<(), WriteError> {
        Err(WriteError::Store(refused()))
    }

    fn scan_rows(_: String, _: KeyRange, _: u32) -> Result<RowPage, StoreError> {
        Err(refused())
    }

    fn drop_rows(_: String, _: u32) -> Result<bool, StoreError> {
        Err(refused())
    }
}
