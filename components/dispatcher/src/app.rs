//! Commands and queries, passed on to the sourcer and the store.

use crate::annals::es::{event_store, notifiers, process_managers, projectors, settings, sourcer};
use crate::delivery::Engine;
use crate::exports::annals::es::app::{
    About, Accepted, Guest, LogFilter, LogPage, Request, Settled, State, StateError, StoreError,
    StreamPage, SubmitError,
};
use crate::outside::Outside;
use crate::ports::Clock as _;
use crate::{Dispatcher, reactions};
use std::cell::Cell;

thread_local! {
    static BEGUN: Cell<bool> = const { Cell::new(false) };
}

/// A reaction that starts "now" starts before the first command that the application takes with it.
fn begin() -> Result<(), StoreError> {
    if BEGUN.get() {
        return Ok(());
    }
    let reactions = reactions();
    let engine = Engine::new(&Outside, &reactions);
    for reaction in reactions.iter().filter(|reaction| reaction.from_now) {
        engine.control(reaction)?;
    }
    BEGUN.set(true);
    Ok(())
}

impl Guest for Dispatcher {
    fn describe() -> About {
        About {
            settings: settings::get(),
            deciders: sourcer::describe(),
            projectors: projectors::describe(),
            process_managers: process_managers::describe(),
            notifiers: notifiers::describe(),
        }
    }

    fn health() -> Result<(), StoreError> {
        event_store::health()
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
        sourcer::state_of(&stream, &decider, at)
    }

    fn read_log(after: u64, limit: u32, filter: LogFilter) -> Result<LogPage, StoreError> {
        event_store::read_log(after, limit, &filter, Outside.now())
    }
}
