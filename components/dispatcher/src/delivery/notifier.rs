//! What an event means to a notifier: a call with side effects, at least once.

use super::Lane;
use super::outcome::{Batch, Failure, Then};
use super::progress::Work;
use crate::annals::es::notifiers::Delivery;
use crate::annals::es::types::RecordedEvent;
use crate::ports::Ports;

pub fn batch(ports: &impl Ports, lane: &Lane<'_>, event: &RecordedEvent, attempt: u32) -> Batch {
    let failed = call(ports, lane.reaction.index, event, attempt);
    Batch {
        done: usize::from(failed.is_none()),
        work: Work::default(),
        failed,
    }
}

/// Notifies of an event; why not, if not.
pub fn call(
    ports: &impl Ports,
    notifier: u32,
    event: &RecordedEvent,
    attempt: u32,
) -> Option<Failure> {
    match ports.notify(notifier, event, attempt) {
        Ok(Delivery::Done) => None,
        Ok(Delivery::RetryAfter(milliseconds)) => Some(Failure {
            then: Then::After(milliseconds),
            ..Failure::again("it asked to be called again later")
        }),
        Ok(Delivery::Reject(reason)) => Some(Failure::never(reason)),
        Err(fault) => Some(Failure::again(fault.message)),
    }
}
