//! A connection to a store on a host: calls over HTTP to the probe component.

use std::sync::Arc;
use std::time::Duration;

use annals_event_log::{
    AppendError, AppendRequest, Appended, Checkpoint, Claim, FoundRow, Head, LogFilter, LogPage,
    Metadata, Outcome, Page, Rejection, Row, RowPage, Snapshot, StoreError, StreamPage, WriteError,
};
use annals_store_wire::{Call, PATH, decode, encode};
use anyhow::{Result, bail};
use serde::de::DeserializeOwned;
use ureq::Agent;

use crate::serving::Serving;
use crate::store::Store;

/// Maximum time until an answer.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Maximum number of bytes of an answer.
const LONGEST: u64 = 64 << 20;

/// A connection with a prefix.
pub(crate) struct Remote {
    serving: Arc<Serving>,
    prefix: String,
    agent: Agent,
    /// The number of the process that the agent is connected to.
    life: u64,
}

impl Remote {
    pub fn new(serving: Arc<Serving>, prefix: &str) -> Self {
        Self {
            life: serving.life(),
            serving,
            prefix: prefix.to_owned(),
            agent: annals_tests::client::agent(TIMEOUT),
        }
    }

    /// Makes a call. Without an answer, a write is in doubt.
    fn call<T, E>(&mut self, call: &Call) -> Result<T, E>
    where
        T: DeserializeOwned,
        E: DeserializeOwned + From<StoreError>,
    {
        self.answer(call)
            .unwrap_or_else(|error| Err(unanswered(call, format!("{error:#}")).into()))
    }

    fn answer<T: DeserializeOwned>(&mut self, call: &Call) -> Result<T> {
        let body = encode(call)?;
        let _serving = self.serving.serve(&self.prefix)?;
        let life = self.serving.life();
        if life != self.life {
            self.agent = annals_tests::client::agent(TIMEOUT);
            self.life = life;
        }
        let url = format!("{}{PATH}", self.serving.url());
        let mut response = self.agent.post(url).send(&body[..])?;
        let status = response.status();
        let body = response.body_mut().with_config().limit(LONGEST);
        let body = body.read_to_vec()?;
        if status != 200 {
            bail!("{status}: {}", String::from_utf8_lossy(&body));
        }
        Ok(decode(&body)?)
    }
}

/// The error of a call without an answer.
fn unanswered(call: &Call, why: String) -> StoreError {
    match call.writes() {
        true => StoreError::InDoubt(why),
        false => StoreError::Unavailable(why),
    }
}

impl Store for Remote {
    fn health(&mut self) -> Result<(), StoreError> {
        self.call(&Call::Health)
    }

    fn load(&mut self, stream: &str, after: Head, limit: u32) -> Result<Page, StoreError> {
        self.call(&Call::Load {
            stream: stream.to_owned(),
            after,
            limit,
        })
    }

    fn append(&mut self, request: AppendRequest) -> Result<Appended, AppendError> {
        self.call(&Call::Append(request))
    }

    fn claim_command(
        &mut self,
        command_id: &str,
        fingerprint: u64,
        stream: &str,
        cursor: u64,
    ) -> Result<Claim, StoreError> {
        self.call(&Call::ClaimCommand {
            command_id: command_id.to_owned(),
            fingerprint,
            stream: stream.to_owned(),
            cursor,
        })
    }

    fn find_outcome(
        &mut self,
        command_id: &str,
        stream: &str,
        cursor: u64,
    ) -> Result<Option<Outcome>, StoreError> {
        self.call(&Call::FindOutcome {
            command_id: command_id.to_owned(),
            stream: stream.to_owned(),
            cursor,
        })
    }

    fn record_outcome(
        &mut self,
        stream: &str,
        at: Head,
        metadata: Metadata,
        rejection: Option<Rejection>,
        recorded_at: u64,
    ) -> Result<(), AppendError> {
        self.call(&Call::RecordOutcome {
            stream: stream.to_owned(),
            at,
            metadata,
            rejection,
            recorded_at,
        })
    }

    fn read_stream(
        &mut self,
        stream: &str,
        after: u64,
        limit: u32,
    ) -> Result<Option<StreamPage>, StoreError> {
        self.call(&Call::ReadStream {
            stream: stream.to_owned(),
            after,
            limit,
        })
    }

    fn read_stream_backward(
        &mut self,
        stream: &str,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Option<StreamPage>, StoreError> {
        self.call(&Call::ReadStreamBackward {
            stream: stream.to_owned(),
            before,
            limit,
        })
    }

    fn read_log(
        &mut self,
        after: u64,
        limit: u32,
        filter: &LogFilter,
        now: u64,
    ) -> Result<LogPage, StoreError> {
        self.call(&Call::ReadLog {
            after,
            limit,
            filter: filter.clone(),
            now,
        })
    }

    fn log_end(&mut self) -> Result<u64, StoreError> {
        self.call(&Call::LogEnd)
    }

    fn load_snapshot(
        &mut self,
        stream: &str,
        decider: &str,
    ) -> Result<Option<Snapshot>, StoreError> {
        self.call(&Call::LoadSnapshot {
            stream: stream.to_owned(),
            decider: decider.to_owned(),
        })
    }

    fn save_snapshot(
        &mut self,
        stream: &str,
        decider: &str,
        snapshot: Snapshot,
    ) -> Result<(), StoreError> {
        self.call(&Call::SaveSnapshot {
            stream: stream.to_owned(),
            decider: decider.to_owned(),
            snapshot,
        })
    }

    fn delete_snapshot(&mut self, stream: &str, decider: &str) -> Result<(), StoreError> {
        self.call(&Call::DeleteSnapshot {
            stream: stream.to_owned(),
            decider: decider.to_owned(),
        })
    }

    fn load_checkpoint(&mut self, handler: &str) -> Result<Option<Checkpoint>, StoreError> {
        self.call(&Call::LoadCheckpoint {
            handler: handler.to_owned(),
        })
    }

    fn save_checkpoint(&mut self, handler: &str, next: Checkpoint) -> Result<(), WriteError> {
        self.call(&Call::SaveCheckpoint {
            handler: handler.to_owned(),
            next,
        })
    }

    fn get_row(&mut self, view: &str, key: &str) -> Result<Option<Row>, StoreError> {
        self.call(&Call::GetRow {
            view: view.to_owned(),
            key: key.to_owned(),
        })
    }

    fn find_row(&mut self, view: &str, key: &str) -> Result<FoundRow, StoreError> {
        self.call(&Call::FindRow {
            view: view.to_owned(),
            key: key.to_owned(),
        })
    }

    fn put_row(&mut self, view: &str, row: Row, seen: u64) -> Result<(), WriteError> {
        self.call(&Call::PutRow {
            view: view.to_owned(),
            row,
            seen,
        })
    }

    fn delete_row(
        &mut self,
        view: &str,
        key: &str,
        seen: u64,
        position: u64,
    ) -> Result<(), WriteError> {
        self.call(&Call::DeleteRow {
            view: view.to_owned(),
            key: key.to_owned(),
            seen,
            position,
        })
    }

    fn scan_rows(
        &mut self,
        view: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<RowPage, StoreError> {
        self.call(&Call::ScanRows {
            view: view.to_owned(),
            after: after.map(str::to_owned),
            limit,
        })
    }

    fn drop_rows(&mut self, view: &str, limit: u32) -> Result<bool, StoreError> {
        self.call(&Call::DropRows {
            view: view.to_owned(),
            limit,
        })
    }
}
