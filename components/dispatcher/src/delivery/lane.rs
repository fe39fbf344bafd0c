//! One lane of a reaction: taking it, leading it on, giving it back.

use super::outcome::{Batch, Ended, Failing, Failure, Held, LONGEST_PAUSE, Stop, store_error};
use super::progress::{Lease, Progress, Work};
use super::{Engine, Lane, manager, notifier, projector};
use crate::annals::es::reaction_store::{Checkpoint, WriteError};
use crate::annals::es::types::RecordedEvent;
use crate::annals::es::types::StoreError;
use crate::catalogue::Kind;
use crate::ports::Ports;
use std::rc::Rc;

/// Most events whose effects are written down together.
const BATCH: usize = 256;
/// So many at first.
const FIRST_BATCH: usize = 32;
/// Milliseconds for a batch with its effects. A batch is never cut short, so it must end well before a lease,
/// and before the time that a host gives a request.
const BATCH_TIME: u64 = 250;
/// So many events are taken one by one after an attempt that did not come back.
const CAREFUL: u32 = BATCH as u32;
/// Milliseconds that a deliverer waits for the next event after an answer.
const LINGER: u64 = 5;
/// A lane that had nothing to do for so long a stretch of the log remembers that it was there.
const STRETCH: u64 = 256 << 10;
/// No reaction's lease is longer, in milliseconds.
const LONGEST_LEASE: u64 = 10_000;

/// Looks at the end of the log while a lane is held.
#[derive(Default)]
struct Looks {
    /// How many events were delivered before the last one.
    at: u64,
    waited: bool,
}

impl<P: Ports> Engine<'_, P> {
    /// Where a lane stands.
    pub(crate) fn load(&self, lane: &Lane<'_>) -> Result<Held, StoreError> {
        let Some(checkpoint) = self.ports.load_checkpoint(&lane.chain())? else {
            return Ok(Held {
                position: lane.from,
                revision: 0,
                progress: Progress::default(),
            });
        };
        let progress = Progress::decode(&checkpoint.state).map_err(|reason| {
            StoreError::Corrupt(format!("the checkpoint {}: {reason}", lane.chain()))
        })?;
        Ok(Held {
            position: checkpoint.position,
            revision: checkpoint.revision,
            progress,
        })
    }

    /// Writes down where the lane stands; from here on that is what a crash goes back to.
    pub(super) fn save(&self, lane: &Lane<'_>, held: &mut Held) -> Result<(), Stop> {
        let next = Checkpoint {
            position: held.position,
            generation: lane.generation,
            revision: held.revision,
            state: held.progress.encode(),
        };
        match self.ports.save_checkpoint(&lane.chain(), &next) {
            Ok(()) => {
                held.revision += 1;
                Ok(())
            }
            Err(WriteError::Stale) => Err(Stop::Lost),
            Err(WriteError::Store(error)) => Err(error.into()),
        }
    }

    /// How far a lane is that has nothing to do: there is no event for it up to here.
    pub(crate) fn idle_until(&self, lane: &Lane<'_>, position: u64) -> Result<u64, StoreError> {
        let next = self
            .window
            .next(self.ports, position, 1, |event| lane.wants(event))?;
        Ok(match next.events.is_empty() {
            true => next.reach.max(position),
            false => position,
        })
    }

    /// Forgets that the lane was stopped, or waits.
    pub(crate) fn unstop(&self, lane: &Lane<'_>) -> Result<(), StoreError> {
        loop {
            let mut held = self.load(lane)?;
            let progress = &mut held.progress;
            let taken = self.is_taken(progress, self.ports.now());
            if taken || (!progress.stopped && progress.retry_at == 0) {
                return Ok(());
            }
            progress.stopped = false;
            progress.retry_at = 0;
            progress.tried = 0;
            match self.save(lane, &mut held) {
                Ok(()) => {
                    self.forget_done();
                    return Ok(());
                }
                Err(Stop::Lost) => {}
                Err(Stop::Store(error)) => return Err(error),
            }
        }
    }

    /// Delivers what is due, until `deadline` by the clock's ticks. Answers also how many events.
    pub(super) fn deliver(
        &self,
        lane: &Lane<'_>,
        deadline: u64,
        failing: Failing,
    ) -> Result<(Ended, u64), StoreError> {
        let mut delivered = 0;
        loop {
            let mut held = self.load(lane)?;
            if let Some(ended) = self.nothing_to_do(lane, &mut held)? {
                return Ok((ended, delivered));
            }
            if failing == Failing::LeaveAlone && held.progress.tried > 0 {
                return Ok((Ended::Failing, delivered));
            }
            if self.ports.ticks() >= deadline {
                return Ok((Ended::More, delivered));
            }
            let before = delivered;
            let ended = match self.take(lane, &mut held) {
                Ok(()) => self.lead_on(lane, &mut held, deadline, &mut delivered),
                Err(stop) => Err(stop),
            };
            match ended {
                // Somebody may have appended after the end was read and before the lane was given
                // back, and gone away because it was taken: look once more.
                Ok(Ended::Idle) => self.window.refresh(),
                Ok(ended) => return Ok((ended, delivered)),
                Err(Stop::Lost) => return Ok((Ended::Busy, delivered)),
                Err(Stop::Store(error)) if delivered > before => {
                    self.ports
                        .log(&format!("{}: {}", lane.reaction.name, store_error(&error)));
                    return Ok((Ended::More, delivered));
                }
                Err(Stop::Store(error)) => return Err(error),
            }
        }
    }

    /// Somebody else may be delivering.
    pub(crate) fn is_taken(&self, progress: &Progress, now: u64) -> bool {
        progress.is_leased(self.me, now, LONGEST_LEASE)
    }

    /// Why nothing is to be delivered now, if so.
    fn nothing_to_do(&self, lane: &Lane<'_>, held: &mut Held) -> Result<Option<Ended>, StoreError> {
        let progress = &held.progress;
        if progress.stopped {
            return Ok(Some(Ended::Stopped));
        }
        let now = self.ports.now();
        if self.is_taken(progress, now) {
            return Ok(Some(Ended::Busy));
        }
        let pause = progress.retry_at.saturating_sub(now);
        if (1..=LONGEST_PAUSE).contains(&pause) {
            return Ok(Some(Ended::Later(pause)));
        }
        // A lease that has run out is of somebody who did not come back.
        if progress.lease.is_some() || !progress.work.is_empty() || progress.tried > 0 {
            return Ok(None);
        }
        let next = self
            .window
            .next(self.ports, held.position, 1, |event| lane.wants(event))?;
        if !next.events.is_empty() {
            return Ok(None);
        }
        if !next.end {
            // A page without anything for this lane is not the end of the log.
            return Ok(None);
        }
        self.reach.set(self.reach.get().min(next.reach));
        if next.reach.saturating_sub(held.position) >= STRETCH {
            held.position = next.reach;
            // Who is faster has remembered something at least as good.
            let _ = self.save(lane, held);
        }
        Ok(Some(Ended::Idle))
    }

    /// Makes the lane ours, and writes down that an attempt begins.
    pub(super) fn take(&self, lane: &Lane<'_>, held: &mut Held) -> Result<(), Stop> {
        let progress = &mut held.progress;
        if progress.tried > 0 {
            progress.careful = CAREFUL;
        }
        progress.tried = progress.tried.saturating_add(1);
        progress.retry_at = 0;
        self.renew(lane, held);
        self.save(lane, held)
    }

    pub(super) fn renew(&self, lane: &Lane<'_>, held: &mut Held) {
        held.progress.lease = Some(Lease {
            holder: self.me,
            until: self.ports.now() + lane.reaction.kind.lease(),
        });
    }

    /// Delivers until nothing is due, something fails, or the time is up; then gives the lane back.
    fn lead_on(
        &self,
        lane: &Lane<'_>,
        held: &mut Held,
        deadline: u64,
        delivered: &mut u64,
    ) -> Result<Ended, Stop> {
        // The attempts before this one are used up: what is next is not tried again.
        let spent = held.progress.tried > lane.reaction.policy.attempts;
        if spent {
            // This one is not made.
            held.progress.tried -= 1;
        }
        if spent && held.progress.work.has_commands() {
            if let Some(ended) = self.command_failed(lane, held, Failure::unanswered(held))? {
                return Ok(ended);
            }
        } else {
            if let Some(ended) = self.finish_work(lane, held)? {
                return Ok(ended);
            }
            if spent && let Some(ended) = self.give_up_next(lane, held)? {
                return Ok(ended);
            }
        }
        let mut most = FIRST_BATCH;
        let mut looks = Looks::default();
        loop {
            self.minds_others(lane.reaction);
            let begun = self.ports.ticks();
            if begun >= deadline {
                self.give_back(lane, held)?;
                return Ok(Ended::More);
            }
            let limit = match held.progress.careful {
                0 => most,
                _ => 1,
            };
            let next = self
                .window
                .next(self.ports, held.position, limit, |event| lane.wants(event))?;
            if next.events.is_empty() {
                held.position = held.position.max(next.reach);
                if next.end && !self.looks_again(&mut looks, *delivered) {
                    self.give_back(lane, held)?;
                    return Ok(Ended::Idle);
                }
                continue;
            }
            let batch = self.batch(lane, held, &next.events)?;
            if batch.done > 0 {
                held.position = match batch.done == next.events.len() && batch.work.step.is_none() {
                    true => next.reach,
                    false => next.events[batch.done - 1].position,
                };
                *delivered += batch.done as u64;
                self.led_on(lane, held, batch.work)?;
                if let Some(ended) = self.finish_work(lane, held)? {
                    return Ok(ended);
                }
                most = match self.ports.ticks() - begun {
                    0..BATCH_TIME => (most * 2).min(BATCH),
                    _ => (most / 2).max(1),
                };
            }
            if let Some(failure) = batch.failed {
                let event = &next.events[batch.done];
                let parked = self.failed(lane, held, event, failure)?;
                match parked {
                    None => *delivered += 1,
                    Some(ended) => return Ok(ended),
                }
            }
        }
    }

    /// Whether to read the end of the log anew, after something was delivered, before the lane is given back: to give it
    /// back and to take it again are two checkpoints. After an answer it is worth a short wait, too, since other requests append.
    fn looks_again(&self, looks: &mut Looks, delivered: u64) -> bool {
        if looks.at < delivered {
            looks.at = delivered;
            looks.waited = false;
        } else if !looks.waited && self.manners.get().is_some() && delivered > 0 {
            looks.waited = true;
            self.ports.pause(LINGER);
        } else {
            return false;
        }
        self.window.refresh();
        true
    }

    /// Writes down that events were dealt with and what follows from them, and that the attempt
    /// at the next ones begins.
    pub(super) fn led_on(&self, lane: &Lane<'_>, held: &mut Held, work: Work) -> Result<(), Stop> {
        let progress = &mut held.progress;
        progress.work = work;
        progress.tried = 1;
        progress.careful = progress.careful.saturating_sub(1);
        progress.reason = None;
        self.renew(lane, held);
        self.save(lane, held)
    }

    /// Lets others deliver. All work is done.
    pub(super) fn give_back(&self, lane: &Lane<'_>, held: &mut Held) -> Result<(), Stop> {
        let progress = &mut held.progress;
        progress.lease = None;
        progress.tried = 0;
        progress.reason = None;
        self.save(lane, held)
    }

    fn batch(
        &self,
        lane: &Lane<'_>,
        held: &Held,
        events: &[Rc<RecordedEvent>],
    ) -> Result<Batch, StoreError> {
        match lane.reaction.kind {
            Kind::Projector => projector::batch(self.ports, lane, events),
            Kind::ProcessManager => manager::batch(self.ports, lane, events),
            Kind::Notifier => Ok(notifier::batch(
                self.ports,
                lane,
                &events[0],
                held.progress.tried,
            )),
        }
    }
}
