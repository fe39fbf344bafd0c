//! Deliveries after an answer, where no host drives them: every request is a deliverer then, and
//! requests come faster than deliveries end.
//!
//! So a request first finds out, by as few reads as possible, that there is nothing for it to do:
//!
//! - A hint holds a position at which nothing was due to any reaction. If the log has nothing after it, the request ends.
//! - A deliverer with more than a moment's work announces itself in a hint of its reaction. A request that finds the announcement
//!   leaves this reaction alone.
//! - Otherwise the lane tells, by its lease.
//!
//! Hints may be wrong. If one is lost, requests look at lanes. If the author of an announcement dies, it runs out. A position
//! that is wrong is found out by the request that ignores it: one in [`IGNORED`] does.
//!
//! # Nothing is left behind
//!
//! A request appends, and looks for a deliverer afterwards. A deliverer looks at the end of the log after it has given its lane
//! back, and in another round over all reactions after it has taken its announcement back. So it finds every event whose
//! request ended because of either.
//!
//! # Time
//!
//! After [`TURN`] budgets a deliverer makes way for a request that follows, and goes on if none does, up to
//! [`LONGEST`] budgets: the last request of many delivers what is left. The host's limit for a request must be longer.

use super::outcome::{Failing, store_error};
use super::{Engine, hash};
use crate::annals::es::event_reader::LogFilter;
use crate::catalogue::Reaction;
use crate::ports::Ports;

/// Budgets after which a deliverer makes way for another one.
const TURN: u64 = 10;
/// Budgets after which a request delivers no more.
const LONGEST: u64 = 40;
/// Budgets that an announcement holds for. It is renewed every budget, unless a batch takes longer.
const ANNOUNCED: u64 = 4;
/// Milliseconds: an announcement that runs out later is of a clock that is wrong.
const LONGEST_ANNOUNCED: u64 = 60_000;
/// One request in so many does not believe that nothing is due.
const IGNORED: u64 = 16;
/// Milliseconds of work after which a deliverer waits for a moment.
const BREATH: u64 = 20;

/// What a deliverer after an answer owes to others.
#[derive(Clone, Copy)]
pub struct Manners {
    budget: u64,
    /// It waits for a moment at this time.
    breath: u64,
    /// It announces itself at this time.
    announce: u64,
    announced: bool,
}

/// When a deliverer makes way, and when it ends.
#[derive(Clone, Copy)]
struct Turn {
    way: u64,
    end: u64,
}

/// What came of a turn.
#[derive(Default)]
struct Took {
    delivered: u64,
    /// The reaction is idle: no event is due to it until the next append.
    settled: bool,
    /// The reaction was left alone, because its last attempt failed.
    failing: bool,
}

impl<P: Ports> Engine<'_, P> {
    /// Delivers what is due to each reaction that has no deliverer, and what that leads to.
    pub fn after_answer(&self, budget: u64) {
        if self.nothing_is_due() {
            return;
        }
        let begun = self.ports.ticks();
        self.manners.set(Some(Manners {
            budget,
            breath: begun.saturating_add(BREATH),
            announce: 0,
            announced: false,
        }));
        let turn = Turn {
            way: begun.saturating_add(budget.saturating_mul(TURN)),
            end: begun.saturating_add(budget.saturating_mul(LONGEST)),
        };
        let mut failing: Vec<&Reaction> = Vec::new();
        loop {
            let (mut delivered, mut settled) = (0, true);
            self.reach.set(u64::MAX);
            for reaction in self.in_turn(None) {
                if failing.iter().any(|known| known.name == reaction.name) {
                    settled = false;
                    continue;
                }
                let took = self.take_turn(reaction, turn, Failing::LeaveAlone);
                delivered += took.delivered;
                settled &= took.settled;
                if took.failing {
                    failing.push(reaction);
                }
            }
            if delivered == 0 {
                if settled {
                    self.remember_done();
                }
                break;
            }
            if self.ports.ticks() >= turn.end {
                break;
            }
            self.window.refresh();
        }
        for reaction in failing {
            self.take_turn(reaction, turn, Failing::Try);
        }
    }

    /// Delivers to a reaction as long as something is due and nobody else does.
    fn take_turn(&self, reaction: &Reaction, turn: Turn, failing: Failing) -> Took {
        let mut took = Took::default();
        if self.is_announced(reaction) {
            return took;
        }
        self.takes_back(reaction);
        let mut until = turn.way;
        loop {
            let pumped = match self.deliver_to(reaction, until, failing) {
                Ok(pumped) => pumped,
                Err(error) => {
                    let why = store_error(&error);
                    self.ports.log(&format!("{}: {why}", reaction.name));
                    self.takes_back(reaction);
                    return took;
                }
            };
            took.delivered += pumped.delivered;
            took.failing |= pumped.failing;
            let announced = self.takes_back(reaction);
            let now = self.ports.ticks();
            if pumped.more {
                let taken_over = pumped.busy && pumped.delivered == 0;
                if taken_over || now >= turn.end {
                    return took;
                }
                if now >= until {
                    until = turn.end;
                    self.ports.pause(self.budget() / 4);
                    if self.is_announced(reaction) {
                        return took;
                    }
                }
            } else {
                // Requests have ended because of an announcement: the next round looks once more.
                took.settled = !announced && !pumped.failing && pumped.next.is_none();
                return took;
            }
            self.window.refresh();
        }
    }

    /// Has somebody announced that it delivers to a reaction?
    fn is_announced(&self, reaction: &Reaction) -> bool {
        // Where the hint cannot be read, the lane tells.
        let until = self.ports.get_hint(&announcement(reaction)).unwrap_or(0);
        let now = self.ports.now();
        until > now && until - now <= LONGEST_ANNOUNCED
    }

    /// Takes the announcement back, if this deliverer has made one; the next one is due after a moment's work.
    fn takes_back(&self, reaction: &Reaction) -> bool {
        let Some(mut manners) = self.manners.get() else {
            return false;
        };
        let announced = manners.announced;
        if announced {
            // If it stays, it runs out.
            let _ = self.ports.put_hint(&announcement(reaction), 0);
        }
        manners.announced = false;
        manners.announce = self.ports.ticks().saturating_add(manners.budget / 4);
        self.manners.set(Some(manners));
        announced
    }

    /// To be called between two pieces of work. Announces a deliverer that goes on for long.
    ///
    /// It also waits for a moment now and then. `wasmtime serve` without a timeout calls the disk on the threads that
    /// serve, and a guest that waits for nothing else keeps its thread.
    pub(super) fn minds_others(&self, reaction: &Reaction) {
        let Some(mut manners) = self.manners.get() else {
            return;
        };
        let now = self.ports.ticks();
        if now >= manners.announce {
            let until = self.ports.now() + ANNOUNCED * manners.budget;
            // Without it, others look at the lane.
            let _ = self.ports.put_hint(&announcement(reaction), until);
            manners.announce = now.saturating_add(manners.budget);
            manners.announced = true;
        }
        if now >= manners.breath {
            self.ports.pause(1);
            manners.breath = self.ports.ticks().saturating_add(BREATH);
        }
        self.manners.set(Some(manners));
    }

    fn budget(&self) -> u64 {
        self.manners.get().map_or(0, |manners| manners.budget)
    }

    /// Says a hint that nothing was due, and has nothing been appended since?
    fn nothing_is_due(&self) -> bool {
        if self.ports.random().is_multiple_of(IGNORED) {
            return false;
        }
        let done = self.ports.get_hint(&self.done()).unwrap_or(0);
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

    /// Stores that no event is due: every reaction was found idle since the reach was cleared.
    fn remember_done(&self) {
        let reach = self.reach.get();
        if reach < u64::MAX {
            let _ = self.ports.put_hint(&self.done(), reach);
        }
    }

    /// Something is due although nothing is appended.
    pub(super) fn forget_done(&self) {
        let _ = self.ports.put_hint(&self.done(), 0);
    }

    /// Name of the hint that nothing is due. Another deployment, with other reactions, has its own.
    fn done(&self) -> String {
        let mut all = String::new();
        for reaction in self.reactions {
            let Reaction {
                name,
                version,
                lanes,
                ..
            } = reaction;
            all.push_str(&format!("{name}\n{version} {lanes}\n"));
        }
        format!("done {:016x}", hash(all.as_bytes()))
    }
}

/// Name of the hint that somebody delivers to a reaction.
fn announcement(reaction: &Reaction) -> String {
    format!("turn {}", reaction.name)
}
