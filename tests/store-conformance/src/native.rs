//! The library itself, without WebAssembly.

use annals_event_log::{
    AppendError, AppendRequest, Appended, Checkpoint, Claim, EventLog, Head, LogFilter, LogPage,
    Metadata, Outcome, Page, Rejection, Row, RowPage, Settings, Slots, Snapshot, StoreError,
    StreamPage, WriteError,
};

use crate::store::{Backend, Store};

/// The library over slots that are shared by all connections.
#[derive(Debug)]
pub struct Native<S> {
    name: String,
    slots: S,
    settings: Settings,
}

impl<S: Slots + Clone + Send + Sync + 'static> Native<S> {
    /// A store over these slots.
    pub fn new(name: impl Into<String>, slots: S, settings: Settings) -> Self {
        Self {
            name: name.into(),
            slots,
            settings,
        }
    }
}

impl<S: Slots + Clone + Send + Sync + 'static> Backend for Native<S> {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn connect(&self, prefix: &str) -> Box<dyn Store + Send> {
        let settings = Settings {
            prefix: prefix.to_owned(),
            ..self.settings.clone()
        };
        match EventLog::open(self.slots.clone(), &settings) {
            Ok(log) => Box::new(log),
            Err(error) => panic!("{}: {error}", self.name),
        }
    }
}

impl<S: Slots> Store for EventLog<S> {
    fn health(&mut self) -> Result<(), StoreError> {
        EventLog::health(self)
    }
    fn load(&mut self, stream: &str, after: Head, limit: u32) -> Result<Page, StoreError> {
        EventLog::load(self, stream, after, limit)
    }
    fn append(&mut self, request: AppendRequest) -> Result<Appended, AppendError> {
        EventLog::append(self, request)
    }
    fn claim_command(
        &mut self,
        command_id: &str,
        fingerprint: u64,
        stream: &str,
        cursor: u64,
    ) -> Result<Claim, StoreError> {
        EventLog::claim_command(self, command_id, fingerprint, stream, cursor)
    }
    fn find_outcome(
        &mut self,
        command_id: &str,
        stream: &str,
        cursor: u64,
    ) -> Result<Option<Outcome>, StoreError> {
        EventLog::find_outcome(self, command_id, stream, cursor)
    }
    fn record_outcome(
        &mut self,
        stream: &str,
        at: Head,
        metadata: Metadata,
        rejection: Option<Rejection>,
        recorded_at: u64,
    ) -> Result<(), AppendError> {
        EventLog::record_outcome(self, stream, at, metadata, rejection, recorded_at)
    }
    fn read_stream(
        &mut self,
        stream: &str,
        after: u64,
        limit: u32,
    ) -> Result<Option<StreamPage>, StoreError> {
        EventLog::read_stream(self, stream, after, limit)
    }
    fn read_stream_backward(
        &mut self,
        stream: &str,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Option<StreamPage>, StoreError> {
        EventLog::read_stream_backward(self, stream, before, limit)
    }
    fn read_log(
        &mut self,
        after: u64,
        limit: u32,
        filter: &LogFilter,
        now: u64,
    ) -> Result<LogPage, StoreError> {
        EventLog::read_log(self, after, limit, filter, now)
    }
    fn load_snapshot(
        &mut self,
        stream: &str,
        decider: &str,
    ) -> Result<Option<Snapshot>, StoreError> {
        EventLog::load_snapshot(self, stream, decider)
    }
    fn save_snapshot(
        &mut self,
        stream: &str,
        decider: &str,
        snapshot: Snapshot,
    ) -> Result<(), StoreError> {
        EventLog::save_snapshot(self, stream, decider, snapshot)
    }
    fn delete_snapshot(&mut self, stream: &str, decider: &str) -> Result<(), StoreError> {
        EventLog::delete_snapshot(self, stream, decider)
    }
    fn load_checkpoint(&mut self, handler: &str) -> Result<Option<Checkpoint>, StoreError> {
        EventLog::load_checkpoint(self, handler)
    }
    fn save_checkpoint(&mut self, handler: &str, next: Checkpoint) -> Result<(), WriteError> {
        EventLog::save_checkpoint(self, handler, next)
    }
    fn get_row(&mut self, view: &str, key: &str) -> Result<Option<Row>, StoreError> {
        EventLog::get_row(self, view, key)
    }
    fn put_row(&mut self, view: &str, row: Row, seen: u64) -> Result<(), WriteError> {
        EventLog::put_row(self, view, row, seen)
    }
    fn delete_row(
        &mut self,
        view: &str,
        key: &str,
        seen: u64,
        position: u64,
    ) -> Result<(), WriteError> {
        EventLog::delete_row(self, view, key, seen, position)
    }
    fn scan_rows(
        &mut self,
        view: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<RowPage, StoreError> {
        EventLog::scan_rows(self, view, after, limit)
    }
}
