//! One partition of a reaction and its lease: a deliverer acquires the lease, advances the partition, and
//! releases the lease.

use super::outcome::{
    Batch, Ended, Failing, Failure, MAX_PAUSE_MILLIS, PartitionState, Stop, store_error,
};
use super::progress::{Lease, Progress, Work};
use super::{Engine, Partition, manager, notifier, projector};
use crate::annals::es::reaction_store::{Checkpoint, WriteError};
use crate::annals::es::types::RecordedEvent;
use crate::annals::es::types::StoreError;
use crate::catalogue::Kind;
use crate::ports::Ports;
use std::rc::Rc;

/// Upper limit of events per batch. One checkpoint holds the effects of a batch.
const MAX_BATCH_EVENTS: usize = 256;
/// Events in the first batch of a delivery. Later batches adapt to [`BATCH_MILLIS`].
const FIRST_BATCH_EVENTS: usize = 32;
/// Target duration of a batch with its effects, in milliseconds. A batch is never interrupted, so it must end
/// well before the lease, and before the host's time limit for a request.
const BATCH_MILLIS: u64 = 250;
/// Number of events that are delivered one by one after an attempt that never returned. Any event of the lost
/// batch may be the cause.
const ONE_BY_ONE_EVENTS: u32 = MAX_BATCH_EVENTS as u32;
/// Time that a deliverer after an answer waits for another event before it releases the lease, in
/// milliseconds.
const END_CHECK_PAUSE_MILLIS: u64 = 5;
/// Number of log positions without an event for the partition after which a checkpoint stores that the
/// partition has passed them.
const IDLE_CHECKPOINT_POSITIONS: u64 = 256 << 10;
/// Upper limit of a lease, in milliseconds. A longer lease comes from a wrong clock.
const MAX_LEASE_MILLIS: u64 = 10_000;

/// Checks of the end of the log during one lease.
#[derive(Default)]
struct EndChecks {
    /// Number of delivered events at the last check.
    delivered: u64,
    waited: bool,
}

impl<P: Ports> Engine<'_, P> {
    /// Reads a partition's checkpoint. A partition without one starts at its generation's first position.
    pub(crate) fn load(&self, partition: &Partition<'_>) -> Result<PartitionState, StoreError> {
        let Some(checkpoint) = self.ports.load_checkpoint(&partition.chain())? else {
            return Ok(PartitionState {
                position: partition.from,
                revision: 0,
                progress: Progress::default(),
            });
        };
        let progress = Progress::decode(&checkpoint.state).map_err(|reason| {
            StoreError::Corrupt(format!("the checkpoint {}: {reason}", partition.chain()))
        })?;
        Ok(PartitionState {
            position: checkpoint.position,
            revision: checkpoint.revision,
            progress,
        })
    }

    /// Stores the partition's state in its checkpoint. After a crash the next deliverer resumes from here.
    pub(super) fn save(
        &self,
        partition: &Partition<'_>,
        state: &mut PartitionState,
    ) -> Result<(), Stop> {
        let next = Checkpoint {
            position: state.position,
            generation: partition.generation,
            revision: state.revision,
            state: state.progress.encode(),
        };
        match self.ports.save_checkpoint(&partition.chain(), &next) {
            Ok(()) => {
                state.revision += 1;
                Ok(())
            }
            Err(WriteError::Stale) => Err(Stop::Lost),
            Err(WriteError::Store(error)) => Err(error.into()),
        }
    }

    /// The position that an idle partition has reached: the log holds no event for the partition up to here.
    pub(crate) fn idle_until(
        &self,
        partition: &Partition<'_>,
        position: u64,
    ) -> Result<u64, StoreError> {
        let next = self
            .window
            .next(self.ports, position, 1, |event| partition.includes(event))?;
        Ok(match next.events.is_empty() {
            true => next.reach.max(position),
            false => position,
        })
    }

    /// Ends the partition's stop or pause, unless a deliverer holds its lease.
    pub(crate) fn end_pause(&self, partition: &Partition<'_>) -> Result<(), StoreError> {
        loop {
            let mut state = self.load(partition)?;
            let progress = &mut state.progress;
            let taken = self.is_leased_elsewhere(progress, self.ports.now());
            if taken || (!progress.stopped && progress.retry_at == 0) {
                return Ok(());
            }
            progress.stopped = false;
            progress.retry_at = 0;
            progress.tried = 0;
            match self.save(partition, &mut state) {
                Ok(()) => {
                    self.clear_idle_hint();
                    return Ok(());
                }
                Err(Stop::Lost) => {}
                Err(Stop::Store(error)) => return Err(error),
            }
        }
    }

    /// Delivers what is due until `deadline`, in the clock's ticks. Also returns the number of delivered
    /// events.
    pub(super) fn deliver(
        &self,
        partition: &Partition<'_>,
        deadline: u64,
        failing: Failing,
    ) -> Result<(Ended, u64), StoreError> {
        let mut delivered = 0;
        loop {
            let mut state = self.load(partition)?;
            if let Some(ended) = self.nothing_to_do(partition, &mut state)? {
                return Ok((ended, delivered));
            }
            if failing == Failing::LeaveAlone && state.progress.tried > 0 {
                return Ok((Ended::Failing, delivered));
            }
            if self.ports.ticks() >= deadline {
                return Ok((Ended::More, delivered));
            }
            let before = delivered;
            let ended = match self.acquire(partition, &mut state) {
                Ok(()) => self.deliver_leased(partition, &mut state, deadline, &mut delivered),
                Err(stop) => Err(stop),
            };
            match ended {
                // A request may have appended after this deliverer read the end of the log, found the lease
                // taken, and ended. Check the log once more.
                Ok(Ended::Idle) => self.window.refresh(),
                Ok(ended) => return Ok((ended, delivered)),
                Err(Stop::Lost) => return Ok((Ended::Busy, delivered)),
                Err(Stop::Store(error)) if delivered > before => {
                    self.ports.log(&format!(
                        "{}: {}",
                        partition.reaction.name,
                        store_error(&error)
                    ));
                    return Ok((Ended::More, delivered));
                }
                Err(Stop::Store(error)) => return Err(error),
            }
        }
    }

    /// Whether another deliverer holds a valid lease.
    pub(crate) fn is_leased_elsewhere(&self, progress: &Progress, now: u64) -> bool {
        progress.is_leased(self.me, now, MAX_LEASE_MILLIS)
    }

    /// The reason why there is nothing to deliver now, or `None` if something may be due.
    fn nothing_to_do(
        &self,
        partition: &Partition<'_>,
        state: &mut PartitionState,
    ) -> Result<Option<Ended>, StoreError> {
        let progress = &state.progress;
        if progress.stopped {
            return Ok(Some(Ended::Stopped));
        }
        let now = self.ports.now();
        if self.is_leased_elsewhere(progress, now) {
            return Ok(Some(Ended::Busy));
        }
        let pause = progress.retry_at.saturating_sub(now);
        if (1..=MAX_PAUSE_MILLIS).contains(&pause) {
            return Ok(Some(Ended::Later(pause)));
        }
        // An expired lease belongs to a deliverer that died, so its work or its attempt must be taken over.
        if progress.lease.is_some() || !progress.work.is_empty() || progress.tried > 0 {
            return Ok(None);
        }
        let next = self.window.next(self.ports, state.position, 1, |event| {
            partition.includes(event)
        })?;
        if !next.events.is_empty() {
            return Ok(None);
        }
        if !next.end {
            // The page has no event for this partition, but the log continues.
            return Ok(None);
        }
        self.reach.set(self.reach.get().min(next.reach));
        if next.reach.saturating_sub(state.position) >= IDLE_CHECKPOINT_POSITIONS {
            state.position = next.reach;
            // Ignore the error: a concurrent deliverer has stored an equal or later position.
            let _ = self.save(partition, state);
        }
        Ok(Some(Ended::Idle))
    }

    /// Acquires the lease, and counts the attempt in the checkpoint before any handler runs.
    pub(super) fn acquire(
        &self,
        partition: &Partition<'_>,
        state: &mut PartitionState,
    ) -> Result<(), Stop> {
        let progress = &mut state.progress;
        if progress.tried > 0 {
            progress.one_by_one = ONE_BY_ONE_EVENTS;
        }
        progress.tried = progress.tried.saturating_add(1);
        progress.retry_at = 0;
        self.renew(partition, state);
        self.save(partition, state)
    }

    pub(super) fn renew(&self, partition: &Partition<'_>, state: &mut PartitionState) {
        state.progress.lease = Some(Lease {
            holder: self.me,
            until: self.ports.now() + partition.reaction.kind.lease(),
        });
    }

    /// Delivers until nothing is due, a delivery fails, or the deadline passes. Then releases the lease.
    fn deliver_leased(
        &self,
        partition: &Partition<'_>,
        state: &mut PartitionState,
        deadline: u64,
        delivered: &mut u64,
    ) -> Result<Ended, Stop> {
        // The attempts before this one have exhausted the policy's limit, so the next event or command is
        // given up without another attempt.
        let attempts_exhausted = state.progress.tried > partition.reaction.policy.attempts;
        if attempts_exhausted {
            // Undo the count of [`Self::acquire`]: this attempt does not happen.
            state.progress.tried -= 1;
        }
        if attempts_exhausted && state.progress.work.has_commands() {
            if let Some(ended) =
                self.command_failed(partition, state, Failure::unanswered(state))?
            {
                return Ok(ended);
            }
        } else {
            if let Some(ended) = self.finish_work(partition, state)? {
                return Ok(ended);
            }
            if attempts_exhausted && let Some(ended) = self.give_up_next(partition, state)? {
                return Ok(ended);
            }
        }
        let mut batch_limit = FIRST_BATCH_EVENTS;
        let mut checks = EndChecks::default();
        loop {
            self.yield_to_others(partition.reaction);
            let begun = self.ports.ticks();
            if begun >= deadline {
                self.release(partition, state)?;
                return Ok(Ended::More);
            }
            let limit = match state.progress.one_by_one {
                0 => batch_limit,
                _ => 1,
            };
            let next = self
                .window
                .next(self.ports, state.position, limit, |event| {
                    partition.includes(event)
                })?;
            if next.events.is_empty() {
                state.position = state.position.max(next.reach);
                if next.end && !self.checks_end_again(&mut checks, *delivered) {
                    self.release(partition, state)?;
                    return Ok(Ended::Idle);
                }
                continue;
            }
            let batch = self.batch(partition, state, &next.events)?;
            if batch.done > 0 {
                state.position = match batch.done == next.events.len() && batch.work.step.is_none()
                {
                    true => next.reach,
                    false => next.events[batch.done - 1].position,
                };
                *delivered += batch.done as u64;
                self.advance(partition, state, batch.work)?;
                if let Some(ended) = self.finish_work(partition, state)? {
                    return Ok(ended);
                }
                batch_limit = match self.ports.ticks() - begun {
                    0..BATCH_MILLIS => (batch_limit * 2).min(MAX_BATCH_EVENTS),
                    _ => (batch_limit / 2).max(1),
                };
            }
            if let Some(failure) = batch.failed {
                let event = &next.events[batch.done];
                let parked = self.failed(partition, state, event, failure)?;
                match parked {
                    None => *delivered += 1,
                    Some(ended) => return Ok(ended),
                }
            }
        }
    }

    /// Whether to read the end of the log again before the lease is released. Releasing and acquiring the
    /// lease costs two checkpoints, so one more read after a delivery is cheaper. After an answer a short
    /// wait is worth its time too, because other requests append.
    fn checks_end_again(&self, checks: &mut EndChecks, delivered: u64) -> bool {
        if checks.delivered < delivered {
            checks.delivered = delivered;
            checks.waited = false;
        } else if !checks.waited && self.pacing.get().is_some() && delivered > 0 {
            checks.waited = true;
            self.ports.pause(END_CHECK_PAUSE_MILLIS);
        } else {
            return false;
        }
        self.window.refresh();
        true
    }

    /// Stores in one checkpoint that events are dealt with, the work that follows from them, and the
    /// beginning of the attempt at the next events.
    pub(super) fn advance(
        &self,
        partition: &Partition<'_>,
        state: &mut PartitionState,
        work: Work,
    ) -> Result<(), Stop> {
        let progress = &mut state.progress;
        progress.work = work;
        progress.tried = 1;
        progress.one_by_one = progress.one_by_one.saturating_sub(1);
        progress.reason = None;
        self.renew(partition, state);
        self.save(partition, state)
    }

    /// Releases the lease. All work must be done.
    pub(super) fn release(
        &self,
        partition: &Partition<'_>,
        state: &mut PartitionState,
    ) -> Result<(), Stop> {
        let progress = &mut state.progress;
        progress.lease = None;
        progress.tried = 0;
        progress.reason = None;
        self.save(partition, state)
    }

    fn batch(
        &self,
        partition: &Partition<'_>,
        state: &PartitionState,
        events: &[Rc<RecordedEvent>],
    ) -> Result<Batch, StoreError> {
        match partition.reaction.kind {
            Kind::Projector => projector::batch(self.ports, partition, events),
            Kind::ProcessManager => manager::batch(self.ports, partition, events),
            Kind::Notifier => Ok(notifier::batch(
                self.ports,
                partition,
                &events[0],
                state.progress.tried,
            )),
        }
    }
}
