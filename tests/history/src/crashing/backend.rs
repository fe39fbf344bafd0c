//! The library in a process that can be killed. A connection's memory dies with the process, and
//! a call that was under way has no answer, whatever it did.

use std::sync::Arc;
use std::time::Duration;

use annals_event_log::{
    AppendError, AppendRequest, Appended, Checkpoint, Claim, EventLog, Head, LogFilter, LogPage,
    Metadata, Outcome, Page, Rejection, Row, RowPage, Settings, Snapshot, StoreError, StreamPage,
    WriteError,
};
use annals_store_conformance::{Backend, Store};

use super::{Journal, Process};

/// A store over a [`Journal`].
#[derive(Debug)]
pub struct Crashing {
    name: String,
    journal: Arc<Journal>,
    settings: Settings,
    starting: Duration,
}

impl Crashing {
    /// A store over a journal. `starting`: how long a restart takes.
    pub fn new(
        name: impl Into<String>,
        journal: Arc<Journal>,
        settings: Settings,
        starting: Duration,
    ) -> Self {
        Self {
            name: name.into(),
            journal,
            settings,
            starting,
        }
    }
}

impl Backend for Crashing {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn connect(&self, prefix: &str) -> Box<dyn Store + Send> {
        Box::new(Connection {
            journal: self.journal.clone(),
            settings: Settings {
                prefix: prefix.to_owned(),
                ..self.settings.clone()
            },
            served_by: None,
        })
    }

    fn crash(&self) -> bool {
        self.journal.crash(self.starting);
        true
    }
}

struct Connection {
    journal: Arc<Journal>,
    settings: Settings,
    served_by: Option<(u64, EventLog<Process>)>,
}

impl Connection {
    /// A call that writes: killed, it may have happened.
    fn write<T, E: From<StoreError>>(
        &mut self,
        call: impl FnOnce(&mut EventLog<Process>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.call(call, StoreError::InDoubt)
    }

    /// A call that reads, or that can be repeated without harm.
    fn read<T, E: From<StoreError>>(
        &mut self,
        call: impl FnOnce(&mut EventLog<Process>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.call(call, StoreError::Unavailable)
    }

    fn call<T, E: From<StoreError>>(
        &mut self,
        call: impl FnOnce(&mut EventLog<Process>) -> Result<T, E>,
        killed: fn(String) -> StoreError,
    ) -> Result<T, E> {
        let Some(process) = self.journal.process() else {
            return Err(StoreError::Unavailable("the process is starting".into()).into());
        };
        if self.served_by.as_ref().is_none_or(|(by, _)| *by != process) {
            let slots = Process::new(self.journal.clone(), process);
            self.served_by = Some((process, EventLog::open(slots, &self.settings)?));
        }
        let Some((_, log)) = &mut self.served_by else {
            return Err(StoreError::Unavailable("the process has no store".into()).into());
        };
        let result = call(log);
        if self.journal.process() != Some(process) {
            return Err(killed("the process was killed".into()).into());
        }
        result
    }
}

impl Store for Connection {
    fn health(&mut self) -> Result<(), StoreError> {
        self.read(|log| log.health())
    }
    fn load(&mut self, stream: &str, after: Head, limit: u32) -> Result<Page, StoreError> {
        self.read(|log| log.load(stream, after, limit))
    }
    fn append(&mut self, request: AppendRequest) -> Result<Appended, AppendError> {
        self.write(|log| log.append(request))
    }
    fn claim_command(
        &mut self,
        command_id: &str,
        fingerprint: u64,
        stream: &str,
        cursor: u64,
    ) -> Result<Claim, StoreError> {
        self.write(|log| log.claim_command(command_id, fingerprint, stream, cursor))
    }
    fn find_outcome(
        &mut self,
        command_id: &str,
        stream: &str,
        cursor: u64,
    ) -> Result<Option<Outcome>, StoreError> {
        self.read(|log| log.find_outcome(command_id, stream, cursor))
    }
    fn record_outcome(
        &mut self,
        stream: &str,
        at: Head,
        metadata: Metadata,
        rejection: Option<Rejection>,
        recorded_at: u64,
    ) -> Result<(), AppendError> {
        self.write(|log| log.record_outcome(stream, at, metadata, rejection, recorded_at))
    }
    fn read_stream(
        &mut self,
        stream: &str,
        after: u64,
        limit: u32,
    ) -> Result<Option<StreamPage>, StoreError> {
        self.read(|log| log.read_stream(stream, after, limit))
    }
    fn read_stream_backward(
        &mut self,
        stream: &str,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Option<StreamPage>, StoreError> {
        self.read(|log| log.read_stream_backward(stream, before, limit))
    }
    fn read_log(
        &mut self,
        after: u64,
        limit: u32,
        filter: &LogFilter,
        now: u64,
    ) -> Result<LogPage, StoreError> {
        self.read(|log| log.read_log(after, limit, filter, now))
    }
    fn load_snapshot(
        &mut self,
        stream: &str,
        decider: &str,
    ) -> Result<Option<Snapshot>, StoreError> {
        self.read(|log| log.load_snapshot(stream, decider))
    }
    fn save_snapshot(
        &mut self,
        stream: &str,
        decider: &str,
        snapshot: Snapshot,
    ) -> Result<(), StoreError> {
        self.write(|log| log.save_snapshot(stream, decider, snapshot))
    }
    fn delete_snapshot(&mut self, stream: &str, decider: &str) -> Result<(), StoreError> {
        self.write(|log| log.delete_snapshot(stream, decider))
    }
    fn load_checkpoint(&mut self, handler: &str) -> Result<Option<Checkpoint>, StoreError> {
        self.read(|log| log.load_checkpoint(handler))
    }
    fn save_checkpoint(&mut self, handler: &str, next: Checkpoint) -> Result<(), WriteError> {
        self.write(|log| log.save_checkpoint(handler, next))
    }
    fn get_row(&mut self, view: &str, key: &str) -> Result<Option<Row>, StoreError> {
        self.read(|log| log.get_row(view, key))
    }
    fn put_row(&mut self, view: &str, row: Row, seen: u64) -> Result<(), WriteError> {
        self.write(|log| log.put_row(view, row, seen))
    }
    fn delete_row(
        &mut self,
        view: &str,
        key: &str,
        seen: u64,
        position: u64,
    ) -> Result<(), WriteError> {
        self.write(|log| log.delete_row(view, key, seen, position))
    }
    fn scan_rows(
        &mut self,
        view: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<RowPage, StoreError> {
        self.read(|log| log.scan_rows(view, after, limit))
    }
}
