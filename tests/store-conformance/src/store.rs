//! The store under test.

use annals_event_log::{
    AppendError, AppendRequest, Appended, Checkpoint, Claim, FoundRow, Head, LogFilter, LogPage,
    Metadata, Outcome, Page, Rejection, Row, RowPage, Snapshot, StoreError, StreamPage, WriteError,
};

/// One connection to a store: the contract's `event-store` and `reaction-store`, over any transport.
///
/// The types are those of `annals-event-log`. A connection may cache what it has read. Any number of connections use
/// the same store at once.
#[allow(
    clippy::missing_errors_doc,
    reason = "every method fails as the contract says"
)]
#[allow(missing_docs, reason = "every method is documented in the contract")]
pub trait Store {
    fn health(&mut self) -> Result<(), StoreError>;
    fn load(&mut self, stream: &str, after: Head, limit: u32) -> Result<Page, StoreError>;
    fn append(&mut self, request: AppendRequest) -> Result<Appended, AppendError>;
    fn claim_command(
        &mut self,
        command_id: &str,
        fingerprint: u64,
        stream: &str,
        cursor: u64,
    ) -> Result<Claim, StoreError>;
    fn find_outcome(
        &mut self,
        command_id: &str,
        stream: &str,
        cursor: u64,
    ) -> Result<Option<Outcome>, StoreError>;
    fn record_outcome(
        &mut self,
        stream: &str,
        at: Head,
        metadata: Metadata,
        rejection: Option<Rejection>,
        recorded_at: u64,
    ) -> Result<(), AppendError>;
    fn read_stream(
        &mut self,
        stream: &str,
        after: u64,
        limit: u32,
    ) -> Result<Option<StreamPage>, StoreError>;
    fn read_stream_backward(
        &mut self,
        stream: &str,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Option<StreamPage>, StoreError>;
    fn read_log(
        &mut self,
        after: u64,
        limit: u32,
        filter: &LogFilter,
        now: u64,
    ) -> Result<LogPage, StoreError>;
    fn log_end(&mut self) -> Result<u64, StoreError>;
    fn load_snapshot(
        &mut self,
        stream: &str,
        decider: &str,
    ) -> Result<Option<Snapshot>, StoreError>;
    fn save_snapshot(
        &mut self,
        stream: &str,
        decider: &str,
        snapshot: Snapshot,
    ) -> Result<(), StoreError>;
    fn delete_snapshot(&mut self, stream: &str, decider: &str) -> Result<(), StoreError>;
    fn load_checkpoint(&mut self, handler: &str) -> Result<Option<Checkpoint>, StoreError>;
    fn save_checkpoint(&mut self, handler: &str, next: Checkpoint) -> Result<(), WriteError>;
    fn get_row(&mut self, view: &str, key: &str) -> Result<Option<Row>, StoreError>;
    fn find_row(&mut self, view: &str, key: &str) -> Result<FoundRow, StoreError>;
    fn put_row(&mut self, view: &str, row: Row, seen: u64) -> Result<(), WriteError>;
    fn delete_row(
        &mut self,
        view: &str,
        key: &str,
        seen: u64,
        position: u64,
    ) -> Result<(), WriteError>;
    fn scan_rows(
        &mut self,
        view: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<RowPage, StoreError>;
    fn drop_rows(&mut self, view: &str, limit: u32) -> Result<bool, StoreError>;
}

/// A store that accepts any number of connections at once.
pub trait Backend: Sync {
    /// Name for people, such as `store-filesystem on wasmtime serve`.
    fn name(&self) -> String;

    /// One more connection, with the given `[store] prefix`; `""` is the default.
    fn connect(&self, prefix: &str) -> Box<dyn Store + Send>;

    /// Kills the process that serves the store, and starts it again on the same data. Returns `false` if there is no
    /// such process.
    fn crash(&self) -> bool {
        false
    }

    /// Number of partitions of its log. With more than one, the log does not order two commits of different streams.
    fn partitions(&self) -> u32 {
        1
    }

    /// Damages every stored snapshot, as a faulty disk would. Returns `false` if that is not possible.
    fn damage_snapshots(&self) -> bool {
        false
    }
}
