//! Commands and queries, passed on to the sourcer and the store.

use crate::annals::es::types::DeciderDescriptor;
use crate::annals::es::{event_store, settings, sourcer};
use crate::exports::annals::es::app::{
    About, Accepted, Guest, LogFilter, LogPage, Request, Settled, State, StateError, StoreError,
    StreamPage, SubmitError,
};
use crate::{Dispatcher, begin, clock, describe};

impl Guest for Dispatcher {
    fn describe() -> About {
        let [projectors, process_managers, notifiers] = describe::reactions();
        About {
            settings: settings::get(),
            deciders: offered(),
            projectors,
            process_managers,
            notifiers,
        }
    }

    fn health() -> Result<(), StoreError> {
        event_store::health()?;
        begin()
    }

    fn repair(key: String, name: Option<String>) -> Result<Settled, StoreError> {
        event_store::repair(&key, name.as_deref())
    }

    fn submit(request: Request) -> Result<Accepted, SubmitError> {
        begin().map_err(SubmitError::Store)?;
        sourcer::submit(&request)
    }

    fn read_stream(
        stream: String,
        after: u64,
        limit: u32,
    ) -> Result<Option<StreamPage>, StoreError> {
        event_store::read_stream(&stream, after, limit)
    }

    fn read_stream_backward(
        stream: String,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Option<StreamPage>, StoreError> {
        event_store::read_stream_backward(&stream, before, limit)
    }

    fn state_of(stream: String, decider: String, at: Option<u64>) -> Result<State, StateError> {
        begin().map_err(StateError::Store)?;
        sourcer::state_of(&stream, &decider, at)
    }

    fn read_log(after: u64, limit: u32, filter: LogFilter) -> Result<LogPage, StoreError> {
        event_store::read_log(after, limit, &filter, clock::now())
    }

    fn log_end() -> Result<u64, StoreError> {
        event_store::log_end()
    }
}

/// What deciders offer outside: internal commands are left out.
fn offered() -> Vec<DeciderDescriptor> {
    let mut deciders = sourcer::describe();
    for decider in &mut deciders {
        decider.commands.retain(|command| !command.internal);
    }
    deciders
}
