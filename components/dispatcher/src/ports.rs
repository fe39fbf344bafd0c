//! The functions that deliveries call: the store, the log, the handlers, the sourcer, and the clock.
//!
//! In the component these are imports ([`crate::outside`]). Tests substitute fakes that crash at a chosen
//! call.

use crate::annals::es::event_reader::{LogFilter, LogPage};
use crate::annals::es::notifiers::Delivery;
use crate::annals::es::process_managers::{Input, Interest, Reaction};
use crate::annals::es::projectors::Projection;
use crate::annals::es::reaction_store::{Checkpoint, FoundRow, RowPage, StoredRow, WriteError};
use crate::annals::es::sourcer::{Accepted, SubmitError};
use crate::annals::es::types::{Context, Fault, PageFault, RecordedEvent, Row, RowKey, StoreError};
use crate::annals::framework::sourcing::ProcessCommand;

/// An event as handlers take it: a reference to the event that the log reader holds.
pub type EventRef<'a> = &'a RecordedEvent;

/// Checkpoints, hints and rows of reactions.
pub trait ReactionStore {
    fn load_checkpoint(&self, name: &str) -> Result<Option<Checkpoint>, StoreError>;
    fn save_checkpoint(&self, name: &str, next: &Checkpoint) -> Result<(), WriteError>;
    fn get_hint(&self, name: &str) -> Result<u64, StoreError>;
    fn put_hint(&self, name: &str, number: u64) -> Result<(), StoreError>;
    fn get_row(&self, row: &RowKey) -> Result<Option<StoredRow>, StoreError>;
    fn find_row(&self, row: &RowKey) -> Result<FoundRow, StoreError>;
    fn put_row(&self, view: &str, row: &StoredRow, seen: u64) -> Result<(), WriteError>;
    fn delete_row(&self, row: &RowKey, seen: u64, position: u64) -> Result<(), WriteError>;
    fn scan_rows(&self, view: &str, after: Option<&str>, limit: u32)
    -> Result<RowPage, StoreError>;
    fn drop_rows(&self, view: &str, limit: u32) -> Result<bool, StoreError>;
}

/// The log of all events.
pub trait Log {
    fn read_log(&self, after: u64, limit: u32, filter: &LogFilter) -> Result<LogPage, StoreError>;
    fn log_end(&self) -> Result<u64, StoreError>;
}

/// The handlers, by their index in the switchboard of their kind.
pub trait Handlers {
    fn keys(&self, projector: u32, events: &[RecordedEvent])
    -> Result<Vec<Vec<RowKey>>, PageFault>;
    fn project(
        &self,
        projector: u32,
        events: &[RecordedEvent],
        rows: &[Row],
        needed: &[RowKey],
    ) -> Result<Projection, PageFault>;
    fn interested(&self, manager: u32, event: EventRef<'_>) -> Result<Vec<Interest>, Fault>;
    fn react(
        &self,
        manager: u32,
        process: &str,
        state: Option<&[u8]>,
        what: &Input,
        context: &Context,
    ) -> Result<Reaction, Fault>;
    fn notify(&self, notifier: u32, event: EventRef<'_>, attempt: u32) -> Result<Delivery, Fault>;
}

/// The sourcer, which executes process managers' commands.
pub trait Commands {
    fn submit(&self, command: &ProcessCommand) -> Result<Accepted, SubmitError>;
}

/// Clocks and random numbers. Deliveries use them for leases and pauses only: a wrong clock costs time and
/// never correctness.
pub trait Clock {
    /// Milliseconds since the epoch.
    fn now(&self) -> u64;
    /// Milliseconds of a monotonic clock.
    fn ticks(&self) -> u64;
    fn random(&self) -> u64;
    fn pause(&self, milliseconds: u64);
    /// Writes a line to the host's log.
    fn log(&self, line: &str);
}

/// All ports together.
pub trait Ports: ReactionStore + Log + Handlers + Commands + Clock {}

impl<T: ReactionStore + Log + Handlers + Commands + Clock> Ports for T {}
