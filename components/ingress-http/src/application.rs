//! The sourcer and the store, to which the routes pass commands and queries.
//!
//! Before the first command of an instance the application must be compared with the store's record of it.
//! Only this module calls the sourcer, so no route can omit the comparison.

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
    /// Time budget of the deliveries after an answer, in milliseconds.
    static BUDGET: OnceCell<u32> = const { OnceCell::new() };
    /// A command of this request has made a snapshot due.
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

/// Executes the work after an answer: the due snapshot, and deliveries. There is none if the host drives
/// deliveries and no snapshot is due.
pub fn after_answer() {
    let budget = BUDGET.with(|known| *known.get_or_init(|| settings::get().delivery_budget));
    if SNAPSHOT_DUE.replace(false) || budget > 0 {
        delivery::after_answer();
    }
}
