//! The parts of the application that commands and queries go to: the sourcer and the store.
//!
//! The application must be compared with the store's record of it before the first command of an instance. This module is the
//! only way to the sourcer, so no handler of a route can forget it.

use crate::annals::es::application::{self, Description};
use crate::annals::es::delivery;
use crate::annals::es::event_reader::{self, LogFilter, LogPage};
use crate::annals::es::sourcer::{
    self, Accepted, Request as Submission, State, StateError, SubmitError,
};
use crate::annals::es::types::StoreError;
use crate::annals::framework::settings::{self, AppSettings};
use std::cell::{Cell, OnceCell};
use wasip2::clocks::wall_clock;

/// The settings and the handlers of the application.
pub struct About {
    pub settings: AppSettings,
    pub description: Description,
}

pub fn about() -> About {
    About {
        settings: settings::get(),
        description: application::describe(),
    }
}

thread_local! {
    static BEGUN: Cell<bool> = const { Cell::new(false) };
    /// Milliseconds of deliveries after an answer.
    static BUDGET: OnceCell<u32> = const { OnceCell::new() };
    /// The last command of this request has left a snapshot to be taken.
    static SNAPSHOT_DUE: Cell<bool> = const { Cell::new(false) };
}

fn begin() -> Result<(), StoreError> {
    if !BEGUN.get() {
        application::begin()?;
        BEGUN.set(true);
    }
    Ok(())
}

pub fn submit(submission: &Submission) -> Result<Accepted, SubmitError> {
    begin().map_err(SubmitError::Store)?;
    let accepted = sourcer::submit(submission)?;
    SNAPSHOT_DUE.set(SNAPSHOT_DUE.get() | accepted.snapshot_due);
    Ok(accepted)
}

pub fn state_of(stream: &str, decider: &str, at: Option<u64>) -> Result<State, StateError> {
    begin().map_err(StateError::Store)?;
    sourcer::state_of(stream, decider, at)
}

pub fn read_log(after: u64, limit: u32, filter: &LogFilter) -> Result<LogPage, StoreError> {
    let now = wall_clock::now();
    let now = now.seconds * 1000 + u64::from(now.nanoseconds / 1_000_000);
    event_reader::read_log(after, limit, filter, now)
}

pub fn health() -> Result<(), StoreError> {
    event_reader::health()?;
    begin()
}

/// Does what is left to do after an answer. Where the host drives deliveries and no snapshot is due, nothing is.
pub fn after_answer() {
    let budget = BUDGET.with(|known| *known.get_or_init(|| settings::get().delivery_budget));
    if SNAPSHOT_DUE.replace(false) || budget > 0 {
        delivery::after_answer();
    }
}
