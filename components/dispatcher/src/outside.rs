//! Implements the ports by the imports of the component.

use crate::annals::es::event_reader::{self, LogFilter, LogPage};
use crate::annals::es::notifiers::{self, Delivery};
use crate::annals::es::process_managers::{self, Input, Interest, Reaction};
use crate::annals::es::projectors::{self, Projection};
use crate::annals::es::reaction_store::{
    self, Checkpoint, FoundRow, KeyRange, RowPage, StoredRow, WriteError,
};
use crate::annals::es::sourcer::{Accepted, SubmitError};
use crate::annals::es::types::{Context, Fault, PageFault, RecordedEvent, Row, RowKey, StoreError};
use crate::annals::framework::sourcing::{self, ProcessCommand};
use crate::clock;
use crate::ports::{Clock, Commands, EventRef, Handlers, Log, ReactionStore};
use wasip2::cli::stderr;
use wasip2::clocks::monotonic_clock;
use wasip2::random::random;

pub struct Outside;

impl ReactionStore for Outside {
    fn load_checkpoint(&self, name: &str) -> Result<Option<Checkpoint>, StoreError> {
        reaction_store::load_checkpoint(name)
    }

    fn save_checkpoint(&self, name: &str, next: &Checkpoint) -> Result<(), WriteError> {
        reaction_store::save_checkpoint(name, next)
    }

    fn get_hint(&self, name: &str) -> Result<u64, StoreError> {
        reaction_store::get_hint(name)
    }

    fn put_hint(&self, name: &str, number: u64) -> Result<(), StoreError> {
        reaction_store::put_hint(name, number)
    }

    fn get_row(&self, row: &RowKey) -> Result<Option<StoredRow>, StoreError> {
        reaction_store::get_row(row)
    }

    fn find_row(&self, row: &RowKey) -> Result<FoundRow, StoreError> {
        reaction_store::find_row(row)
    }

    fn put_row(&self, view: &str, row: &StoredRow, seen: u64) -> Result<(), WriteError> {
        reaction_store::put_row(view, row, seen)
    }

    fn delete_row(&self, row: &RowKey, seen: u64, position: u64) -> Result<(), WriteError> {
        reaction_store::delete_row(row, seen, position)
    }

    fn scan_rows(
        &self,
        view: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<RowPage, StoreError> {
        let keys = KeyRange {
            first: None,
            after: after.map(str::to_owned),
            before: None,
        };
        reaction_store::scan_rows(view, &keys, limit)
    }

    fn drop_rows(&self, view: &str, limit: u32) -> Result<bool, StoreError> {
        reaction_store::drop_rows(view, limit)
    }
}

impl Log for Outside {
    fn read_log(&self, after: u64, limit: u32, filter: &LogFilter) -> Result<LogPage, StoreError> {
        event_reader::read_log(after, limit, filter, self.now())
    }

    fn log_end(&self) -> Result<u64, StoreError> {
        event_reader::log_end()
    }
}

impl Handlers for Outside {
    fn keys(
        &self,
        projector: u32,
        events: &[RecordedEvent],
    ) -> Result<Vec<Vec<RowKey>>, PageFault> {
        projectors::keys(projector, events)
    }

    fn project(
        &self,
        projector: u32,
        events: &[RecordedEvent],
        rows: &[Row],
        needed: &[RowKey],
    ) -> Result<Projection, PageFault> {
        projectors::project(projector, events, rows, needed)
    }

    fn interested(&self, manager: u32, event: EventRef<'_>) -> Result<Vec<Interest>, Fault> {
        process_managers::interested(manager, event)
    }

    fn react(
        &self,
        manager: u32,
        process: &str,
        state: Option<&[u8]>,
        what: &Input,
        context: &Context,
    ) -> Result<Reaction, Fault> {
        process_managers::react(manager, process, state, what, context)
    }

    fn notify(&self, notifier: u32, event: EventRef<'_>, attempt: u32) -> Result<Delivery, Fault> {
        notifiers::notify(notifier, event, attempt)
    }
}

impl Commands for Outside {
    fn submit(&self, command: &ProcessCommand) -> Result<Accepted, SubmitError> {
        let submitted = sourcing::submit(command)?;
        // No client waits for this answer, so a snapshot that is due is taken at once.
        if submitted.snapshot_due {
            sourcing::after_answer();
        }
        Ok(submitted)
    }
}

impl Clock for Outside {
    fn now(&self) -> u64 {
        clock::now()
    }

    fn ticks(&self) -> u64 {
        monotonic_clock::now() / 1_000_000
    }

    fn random(&self) -> u64 {
        random::get_random_u64()
    }

    fn pause(&self, milliseconds: u64) {
        monotonic_clock::subscribe_duration(milliseconds * 1_000_000).block();
    }

    fn log(&self, line: &str) {
        let stderr = stderr::get_stderr();
        let line = format!("annals: {line}\n");
        // `blocking-write-and-flush` accepts at most 4096 bytes.
        for chunk in line.as_bytes().chunks(4096) {
            if stderr.blocking_write_and_flush(chunk).is_err() {
                return;
            }
        }
    }
}
