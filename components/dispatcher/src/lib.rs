//! The dispatcher: the application behind one interface. It takes commands to the sourcer and
//! answers queries from the store.
#![allow(missing_docs, reason = "generated bindings")]

wit_bindgen::generate!({
    path: "../../wit",
    world: "dispatcher",
    generate_all,
});

use annals::es::{event_store, settings, sourcer};
use exports::annals::es::app::{
    About, Accepted, Guest, LogFilter, LogPage, Request, Settled, State, StateError, StoreError,
    StreamPage, SubmitError,
};
use wasip2::clocks::wall_clock;

struct Dispatcher;

impl Guest for Dispatcher {
    fn describe() -> About {
        About {
            settings: settings::get(),
            deciders: sourcer::describe(),
        }
    }

    fn health() -> Result<(), StoreError> {
        event_store::health()
    }

    fn repair(key: String, name: Option<String>) -> Result<Settled, StoreError> {
        event_store::repair(&key, name.as_deref())
    }

    fn submit(request: Request) -> Result<Accepted, SubmitError> {
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
        let now = wall_clock::now();
        let now = now.seconds * 1000 + u64::from(now.nanoseconds / 1_000_000);
        event_store::read_log(after, limit, &filter, now)
    }
}

export!(Dispatcher);
