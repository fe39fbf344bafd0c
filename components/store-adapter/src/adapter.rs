//! The exported `event-store` and `event-reader`.

use std::cell::Cell;
use std::marker::PhantomData;

use annals_event_log::{self as log, EventLog, Settings, Slots};

use crate::Backend;
use crate::bindings::annals::es::types::{Metadata, Rejection};
use crate::bindings::annals::framework::settings;
use crate::bindings::exports::annals::es::event_reader::{
    Guest as Reader, LogFilter, LogPage, StreamPage,
};
use crate::bindings::exports::annals::es::event_store::{
    AppendError, AppendRequest, Appended, Claim, Guest, Head, Outcome, Page, RepairOutcome,
    Snapshot, StoreError,
};

/// The contract's `event-store` over a backend.
#[derive(Debug)]
pub struct Adapter<B>(PhantomData<B>);

pub(crate) type Log = EventLog<Box<dyn Slots>>;

thread_local! {
    /// The log of this instance. On a host that keeps instances warm, its cache saves reads. Cached entries stay valid
    /// whatever other instances do.
    static LOG: Cell<Option<Log>> = const { Cell::new(None) };
}

/// An error that may contain a store error, after which the connection must be opened again.
pub(crate) trait Failure: From<log::StoreError> {
    fn store(&self) -> Option<&log::StoreError>;
}

impl Failure for log::StoreError {
    fn store(&self) -> Option<&log::StoreError> {
        Some(self)
    }
}

impl Failure for log::AppendError {
    fn store(&self) -> Option<&log::StoreError> {
        match self {
            Self::Store(error) => Some(error),
            Self::Conflict { .. } | Self::Closed(_) | Self::Claimed => None,
        }
    }
}

impl<B: Backend> Adapter<B> {
    pub(crate) fn run<T, E: Failure>(
        operation: impl FnOnce(&mut Log) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut log = match LOG.take() {
            Some(log) => log,
            None => Self::open()?,
        };
        let result = operation(&mut log);
        // After a failure of the store the next operation opens a new connection.
        let broken = matches!(
            result.as_ref().err().and_then(Failure::store),
            Some(log::StoreError::Unavailable(_) | log::StoreError::InDoubt(_))
        );
        if !broken {
            log.end_operation();
            LOG.set(Some(log));
        }
        result
    }

    fn open() -> Result<Log, log::StoreError> {
        let store = settings::get().store;
        let settings = Settings {
            prefix: store.prefix.clone(),
            partitions: store.partitions,
            ..Settings::default()
        };
        let slots = B::open(&store).map_err(log::StoreError::Unavailable)?;
        EventLog::open(Box::new(slots), &settings)
    }
}

impl<B: Backend> Reader for Adapter<B> {
    fn health() -> Result<(), StoreError> {
        Ok(Self::run(|log| log.health())?)
    }

    fn read_stream(
        stream: String,
        after: u64,
        limit: u32,
    ) -> Result<Option<StreamPage>, StoreError> {
        Ok(Self::run(|log| log.read_stream(&stream, after, limit))?.map(Into::into))
    }

    fn read_stream_backward(
        stream: String,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Option<StreamPage>, StoreError> {
        Ok(Self::run(|log| log.read_stream_backward(&stream, before, limit))?.map(Into::into))
    }

    fn read_log(
        after: u64,
        limit: u32,
        filter: LogFilter,
        now: u64,
    ) -> Result<LogPage, StoreError> {
        Ok(Self::run(|log| log.read_log(after, limit, &filter.into(), now))?.into())
    }

    fn log_end() -> Result<u64, StoreError> {
        Ok(Self::run(EventLog::log_end)?)
    }
}

impl<B: Backend> Guest for Adapter<B> {
    fn repair(key: String, name: Option<String>) -> Result<RepairOutcome, StoreError> {
        Ok(Self::run(|log| log.repair(&key, name.as_deref()))?.into())
    }

    fn load(stream: String, after: Head, limit: u32) -> Result<Page, StoreError> {
        Ok(Self::run(|log| log.load(&stream, after.into(), limit))?.into())
    }

    fn append(request: AppendRequest) -> Result<Appended, AppendError> {
        Ok(Self::run(|log| log.append(request.into()))?.into())
    }

    fn claim_command(
        command_id: String,
        fingerprint: u64,
        stream: String,
        cursor: u64,
    ) -> Result<Claim, StoreError> {
        Ok(Self::run(|log| log.claim_command(&command_id, fingerprint, &stream, cursor))?.into())
    }

    fn find_outcome(
        command_id: String,
        stream: String,
        cursor: u64,
    ) -> Result<Option<Outcome>, StoreError> {
        Ok(Self::run(|log| log.find_outcome(&command_id, &stream, cursor))?.map(Into::into))
    }

    fn record_outcome(
        stream: String,
        at: Head,
        metadata: Metadata,
        reason: Option<Rejection>,
        recorded_at: u64,
    ) -> Result<(), AppendError> {
        let (metadata, reason) = (metadata.into(), reason.map(Into::into));
        Ok(Self::run(|log| {
            log.record_outcome(&stream, at.into(), metadata, reason, recorded_at)
        })?)
    }

    fn load_snapshot(stream: String, decider: String) -> Result<Option<Snapshot>, StoreError> {
        Ok(Self::run(|log| log.load_snapshot(&stream, &decider))?.map(Into::into))
    }

    fn save_snapshot(
        stream: String,
        decider: String,
        snapshot: Snapshot,
    ) -> Result<(), StoreError> {
        Ok(Self::run(|log| {
            log.save_snapshot(&stream, &decider, snapshot.into())
        })?)
    }

    fn delete_snapshot(stream: String, decider: String) -> Result<(), StoreError> {
        Ok(Self::run(|log| log.delete_snapshot(&stream, &decider))?)
    }
}
