//! A store whose calls a test can change.

use annals_event_log::*;
use annals_store_conformance::{Backend, Store};

/// Changes some calls of one connection, and passes on the others.
pub trait Twist: Send {
    fn append(
        &mut self,
        store: &mut dyn Store,
        request: AppendRequest,
    ) -> Result<Appended, AppendError> {
        store.append(request)
    }
    fn claim(
        &mut self,
        store: &mut dyn Store,
        command: &str,
        fingerprint: u64,
        stream: &str,
        cursor: u64,
    ) -> Result<Claim, StoreError> {
        store.claim_command(command, fingerprint, stream, cursor)
    }
    fn find(
        &mut self,
        store: &mut dyn Store,
        command: &str,
        stream: &str,
        cursor: u64,
    ) -> Result<Option<Outcome>, StoreError> {
        store.find_outcome(command, stream, cursor)
    }
    fn load(
        &mut self,
        store: &mut dyn Store,
        stream: &str,
        after: Head,
        limit: u32,
    ) -> Result<Page, StoreError> {
        store.load(stream, after, limit)
    }
    fn read(
        &mut self,
        store: &mut dyn Store,
        stream: &str,
        after: u64,
        limit: u32,
    ) -> Result<Option<StreamPage>, StoreError> {
        store.read_stream(stream, after, limit)
    }
    fn log(
        &mut self,
        store: &mut dyn Store,
        after: u64,
        limit: u32,
        filter: &LogFilter,
        now: u64,
    ) -> Result<LogPage, StoreError> {
        store.read_log(after, limit, filter, now)
    }
}

/// Only the audit reads this many events at once. Its reads stay unchanged, because the store's contents are correct.
pub const AUDIT: u32 = 1000;

/// Counts calls, and returns true once in a fixed number of calls.
#[derive(Default)]
pub struct Every(u32);

impl Every {
    pub fn nth(&mut self, n: u32) -> bool {
        self.0 += 1;
        self.0.is_multiple_of(n)
    }
}

/// A backend that has a separate twist for each connection.
pub struct Twisted<B, F> {
    pub inner: B,
    pub name: &'static str,
    pub twist: F,
}

impl<B: Backend, T: Twist + 'static, F: Fn() -> T + Sync> Backend for Twisted<B, F> {
    fn name(&self) -> String {
        format!("{} on {}", self.name, self.inner.name())
    }
    fn connect(&self, prefix: &str) -> Box<dyn Store + Send> {
        Box::new(Connection {
            store: self.inner.connect(prefix),
            twist: (self.twist)(),
        })
    }
    fn crash(&self) -> bool {
        self.inner.crash()
    }
}

struct Connection<T> {
    store: Box<dyn Store + Send>,
    twist: T,
}

impl<T: Twist> Store for Connection<T> {
    fn health(&mut self) -> Result<(), StoreError> {
        self.store.health()
    }
    fn load(&mut self, stream: &str, after: Head, limit: u32) -> Result<Page, StoreError> {
        self.twist.load(&mut *self.store, stream, after, limit)
    }
    fn append(&mut self, request: AppendRequest) -> Result<Appended, AppendError> {
        self.twist.append(&mut *self.store, request)
    }
    fn claim_command(
        &mut self,
        command_id: &str,
        fingerprint: u64,
        stream: &str,
        cursor: u64,
    ) -> Result<Claim, StoreError> {
        self.twist
            .claim(&mut *self.store, command_id, fingerprint, stream, cursor)
    }
    fn find_outcome(
        &mut self,
        command_id: &str,
        stream: &str,
        cursor: u64,
    ) -> Result<Option<Outcome>, StoreError> {
        self.twist
            .find(&mut *self.store, command_id, stream, cursor)
    }
    fn record_outcome(
        &mut self,
        stream: &str,
        at: Head,
        metadata: Metadata,
        rejection: Option<Rejection>,
        recorded_at: u64,
    ) -> Result<(), AppendError> {
        self.store
            .record_outcome(stream, at, metadata, rejection, recorded_at)
    }
    fn read_stream(
        &mut self,
        stream: &str,
        after: u64,
        limit: u32,
    ) -> Result<Option<StreamPage>, StoreError> {
        self.twist.read(&mut *self.store, stream, after, limit)
    }
    fn read_stream_backward(
        &mut self,
        stream: &str,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Option<StreamPage>, StoreError> {
        self.store.read_stream_backward(stream, before, limit)
    }
    fn read_log(
        &mut self,
        after: u64,
        limit: u32,
        filter: &LogFilter,
        now: u64,
    ) -> Result<LogPage, StoreError> {
        self.twist.log(&mut *self.store, after, limit, filter, now)
    }
    fn load_snapshot(
        &mut self,
        stream: &str,
        decider: &str,
    ) -> Result<Option<Snapshot>, StoreError> {
        self.store.load_snapshot(stream, decider)
    }
    fn save_snapshot(
        &mut self,
        stream: &str,
        decider: &str,
        snapshot: Snapshot,
    ) -> Result<(), StoreError> {
        self.store.save_snapshot(stream, decider, snapshot)
    }
    fn delete_snapshot(&mut self, stream: &str, decider: &str) -> Result<(), StoreError> {
        self.store.delete_snapshot(stream, decider)
    }
    fn log_end(&mut self) -> Result<u64, StoreError> {
        self.store.log_end()
    }
    fn load_checkpoint(&mut self, handler: &str) -> Result<Option<Checkpoint>, StoreError> {
        self.store.load_checkpoint(handler)
    }
    fn save_checkpoint(&mut self, handler: &str, next: Checkpoint) -> Result<(), WriteError> {
        self.store.save_checkpoint(handler, next)
    }
    fn get_row(&mut self, view: &str, key: &str) -> Result<Option<Row>, StoreError> {
        self.store.get_row(view, key)
    }
    fn find_row(&mut self, view: &str, key: &str) -> Result<FoundRow, StoreError> {
        self.store.find_row(view, key)
    }
    fn put_row(&mut self, view: &str, row: Row, seen: u64) -> Result<(), WriteError> {
        self.store.put_row(view, row, seen)
    }
    fn delete_row(
        &mut self,
        view: &str,
        key: &str,
        seen: u64,
        position: u64,
    ) -> Result<(), WriteError> {
        self.store.delete_row(view, key, seen, position)
    }
    fn scan_rows(
        &mut self,
        view: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<RowPage, StoreError> {
        self.store.scan_rows(view, after, limit)
    }
    fn drop_rows(&mut self, view: &str, limit: u32) -> Result<bool, StoreError> {
        self.store.drop_rows(view, limit)
    }
}
