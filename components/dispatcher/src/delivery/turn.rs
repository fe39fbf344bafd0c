//! Deliveries after an answer, where no host drives them. Every request is a deliverer there, and requests
//! arrive faster than deliveries end.
//!
//! So a request first finds out, with as few reads as possible, whether another deliverer does its work:
//!
//! - A hint holds a position at which nothing was due to any reaction. If the log has no event after it, the
//!   request ends.
//! - A deliverer with more than a moment's work announces itself in a hint of its reaction. A request that
//!   finds the announcement does not deliver to this reaction.
//! - Otherwise the partition's lease decides.
//!
//! Hints may be wrong. If a hint is lost, requests read the partitions. If the author of an announcement
//! dies, the announcement expires. A wrong position is corrected by a request that ignores the hint: one
//! request in [`IGNORE_HINT_ONE_IN`] does.
//!
//! # No event is left behind
//!
//! A request appends first and looks for a deliverer afterwards. A deliverer reads the end of the log after
//! it has released its lease, and it runs another round over all reactions after it has withdrawn its
//! announcement. So the deliverer finds every event whose request ended because of the lease or the
//! announcement.
//!
//! # Time
//!
//! After [`TURN_BUDGETS`] budgets a deliverer pauses, so that a following request can take over. If none does, the
//! deliverer continues up to [`MAX_TURN_BUDGETS`] budgets: the last of many requests delivers the remaining events.
//! The host's time limit for a request must be longer.

use super::outcome::{Failing, store_error};
use super::{Engine, hash};
use crate::annals::es::event_reader::LogFilter;
use crate::catalogue::Reaction;
use crate::ports::Ports;

/// Number of budgets after which a deliverer lets another one take over.
const TURN_BUDGETS: u64 = 10;
/// Number of budgets after which a deliverer ends.
const MAX_TURN_BUDGETS: u64 = 40;
/// Number of budgets for which an announcement is valid. The deliverer renews it every budget, unless a batch
/// takes longer.
const ANNOUNCEMENT_BUDGETS: u64 = 4;
/// Upper limit of an announcement, in milliseconds. A longer one comes from a wrong clock.
const MAX_ANNOUNCEMENT_MILLIS: u64 = 60_000;
/// One request in this many ignores the hint that nothing is due.
const IGNORE_HINT_ONE_IN: u64 = 16;
/// Milliseconds of work after which a deliverer yields to the host.
const YIELD_INTERVAL_MILLIS: u64 = 20;

/// The pacing of a deliverer after an answer: when it yields to the host, and when it announces itself to
/// other requests.
#[derive(Clone, Copy)]
pub struct Pacing {
    budget: u64,
    /// Tick at which the deliverer next yields to the host.
    yield_at: u64,
    /// Tick at which the deliverer next announces itself.
    announce_at: u64,
    announced: bool,
}

/// The limits of a deliverer's turn, in ticks.
#[derive(Clone, Copy)]
struct Turn {
    handover_at: u64,
    end_at: u64,
}

/// The result of a turn.
#[derive(Default)]
struct TurnOutcome {
    delivered: u64,
    /// The reaction is idle: no event is due to it until the next append.
    idle: bool,
    /// The reaction was left out because its last attempt failed.
    failing: bool,
}

impl<P: Ports> Engine<'_, P> {
    /// Delivers what is due to each reaction that no other deliverer serves, and the events that these
    /// deliveries lead to.
    pub fn after_answer(&self, budget: u64) {
        if self.nothing_is_due() {
            return;
        }
        let begun = self.ports.ticks();
        self.pacing.set(Some(Pacing {
            budget,
            yield_at: begun.saturating_add(YIELD_INTERVAL_MILLIS),
            announce_at: 0,
            announced: false,
        }));
        let turn = Turn {
            handover_at: begun.saturating_add(budget.saturating_mul(TURN_BUDGETS)),
            end_at: begun.saturating_add(budget.saturating_mul(MAX_TURN_BUDGETS)),
        };
        let mut failing: Vec<&Reaction> = Vec::new();
        loop {
            let (mut delivered, mut idle) = (0, true);
            self.reach.set(u64::MAX);
            for reaction in self.in_turn(None) {
                if failing.iter().any(|known| known.name == reaction.name) {
                    idle = false;
                    continue;
                }
                let outcome = self.take_turn(reaction, turn, Failing::LeaveAlone);
                delivered += outcome.delivered;
                idle &= outcome.idle;
                if outcome.failing {
                    failing.push(reaction);
                }
            }
            if delivered == 0 {
                if idle {
                    self.store_idle_hint();
                }
                break;
            }
            if self.ports.ticks() >= turn.end_at {
                break;
            }
            self.window.refresh();
        }
        for reaction in failing {
            self.take_turn(reaction, turn, Failing::Try);
        }
    }

    /// Delivers to a reaction as long as something is due and no other deliverer serves it.
    fn take_turn(&self, reaction: &Reaction, turn: Turn, failing: Failing) -> TurnOutcome {
        let mut outcome = TurnOutcome::default();
        if self.is_announced(reaction) {
            return outcome;
        }
        self.withdraw_announcement(reaction);
        let mut until = turn.handover_at;
        loop {
            let pumped = match self.deliver_to(reaction, until, failing) {
                Ok(pumped) => pumped,
                Err(error) => {
                    let why = store_error(&error);
                    self.ports.log(&format!("{}: {why}", reaction.name));
                    self.withdraw_announcement(reaction);
                    return outcome;
                }
            };
            outcome.delivered += pumped.delivered;
            outcome.failing |= pumped.failing;
            let announced = self.withdraw_announcement(reaction);
            let now = self.ports.ticks();
            if pumped.more {
                let taken_over = pumped.busy && pumped.delivered == 0;
                if taken_over || now >= turn.end_at {
                    return outcome;
                }
                if now >= until {
                    until = turn.end_at;
                    self.ports.pause(self.budget() / 4);
                    if self.is_announced(reaction) {
                        return outcome;
                    }
                }
            } else {
                // Other requests may have ended because of the announcement, so the next round must check the
                // log once more.
                outcome.idle = !announced && !pumped.failing && pumped.next.is_none();
                return outcome;
            }
            self.window.refresh();
        }
    }

    /// Whether another deliverer has announced that it serves a reaction.
    fn is_announced(&self, reaction: &Reaction) -> bool {
        // If the hint cannot be read, the partition's lease decides.
        let until = self.ports.get_hint(&announcement(reaction)).unwrap_or(0);
        let now = self.ports.now();
        until > now && until - now <= MAX_ANNOUNCEMENT_MILLIS
    }

    /// Withdraws the announcement of this deliverer. Returns whether there was one. The next announcement is
    /// due after a quarter of a budget.
    fn withdraw_announcement(&self, reaction: &Reaction) -> bool {
        let Some(mut pacing) = self.pacing.get() else {
            return false;
        };
        let announced = pacing.announced;
        if announced {
            // Ignore the error: an announcement that stays expires.
            let _ = self.ports.put_hint(&announcement(reaction), 0);
        }
        pacing.announced = false;
        pacing.announce_at = self.ports.ticks().saturating_add(pacing.budget / 4);
        self.pacing.set(Some(pacing));
        announced
    }

    /// Renews the announcement of a long delivery, and yields to the host. To be called between two pieces of
    /// work.
    ///
    /// `wasmtime serve` without a timeout calls the disk on the threads that serve requests. A guest that
    /// never waits keeps its thread, so the deliverer pauses for a millisecond now and then.
    pub(super) fn yield_to_others(&self, reaction: &Reaction) {
        let Some(mut pacing) = self.pacing.get() else {
            return;
        };
        let now = self.ports.ticks();
        if now >= pacing.announce_at {
            let until = self.ports.now() + ANNOUNCEMENT_BUDGETS * pacing.budget;
            // Ignore the error: without the announcement, other requests read the partition's lease.
            let _ = self.ports.put_hint(&announcement(reaction), until);
            pacing.announce_at = now.saturating_add(pacing.budget);
            pacing.announced = true;
        }
        if now >= pacing.yield_at {
            self.ports.pause(1);
            pacing.yield_at = self.ports.ticks().saturating_add(YIELD_INTERVAL_MILLIS);
        }
        self.pacing.set(Some(pacing));
    }

    fn budget(&self) -> u64 {
        self.pacing.get().map_or(0, |pacing| pacing.budget)
    }

    /// Whether a hint says that nothing was due and the log has not grown since.
    fn nothing_is_due(&self) -> bool {
        if self.ports.random().is_multiple_of(IGNORE_HINT_ONE_IN) {
            return false;
        }
        let done = self.ports.get_hint(&self.idle_hint()).unwrap_or(0);
        if done == 0 {
            return false;
        }
        let all = LogFilter {
            event_types: Vec::new(),
            categories: Vec::new(),
            tags: Vec::new(),
        };
        let new = self.ports.read_log(done, 1, &all);
        new.is_ok_and(|page| page.end && page.events.is_empty())
    }

    /// Stores the position up to which no event waits for a reaction, as a hint for later requests. Every reaction was idle
    /// in the last round, and `reach` holds the smallest position that one of them had read up to in it.
    fn store_idle_hint(&self) {
        let reach = self.reach.get();
        if reach < u64::MAX {
            let _ = self.ports.put_hint(&self.idle_hint(), reach);
        }
    }

    /// Clears the hint that nothing is due. To be called when something becomes due without an append.
    pub(super) fn clear_idle_hint(&self) {
        let _ = self.ports.put_hint(&self.idle_hint(), 0);
    }

    /// Name of the hint that nothing is due. The name contains a hash of the reactions, so another deployment
    /// with other reactions uses another hint.
    fn idle_hint(&self) -> String {
        let mut all = String::new();
        for reaction in self.reactions {
            let Reaction {
                name,
                version,
                partitions,
                ..
            } = reaction;
            all.push_str(&format!("{name}\n{version} {partitions}\n"));
        }
        format!("done {:016x}", hash(all.as_bytes()))
    }
}

/// Name of the hint that announces a deliverer of a reaction.
fn announcement(reaction: &Reaction) -> String {
    format!("turn {}", reaction.name)
}
