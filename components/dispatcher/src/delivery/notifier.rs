//! Delivers events to notifiers: calls with side effects, at least once each.

use super::Partition;
use super::outcome::{Batch, Failure, Then};
use super::progress::Work;
use crate::annals::es::notifiers::Delivery;
use crate::annals::es::types::RecordedEvent;
use crate::ports::Ports;

pub fn batch(
    ports: &impl Ports,
    partition: &Partition<'_>,
    event: &RecordedEvent,
    attempt: u32,
) -> Batch {
    let failed = call(ports, partition.reaction.index, event, attempt);
    Batch {
        done: usize::from(failed.is_none()),
        work: Work::default(),
        failed,
    }
}

/// Calls the notifier with an event. Returns the failure, if it fails.
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
            ..Failure::again("the notifier asked for a later retry (retry-after)")
        }),
        Ok(Delivery::Reject(reason)) => Some(Failure::never(reason)),
        Err(fault) => Some(Failure::again(fault.message)),
    }
}
