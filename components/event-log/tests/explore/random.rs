//! Random schedules, for histories that are too large to be searched.
//!
//! Here time is known, so the order of what ended before something else began is checked as well.

use annals_event_log::*;

use crate::actor::Note;
use crate::programs::History;
use crate::search::{Violation, describe};
use crate::verdict::Judge;
use crate::world::{ACTORS, Fate, Step, World};

/// SplitMix64: small, and the same everywhere, so that a seed replays a run.
pub struct Chance(u64);

impl Chance {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ (mixed >> 31)) % end as u64) as usize
    }

    pub fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    pub fn one_of<T: Clone>(&mut self, things: &[T]) -> T {
        things[self.below(things.len())].clone()
    }
}

/// What an actor noted, between which steps.
struct Timed {
    began: usize,
    ended: usize,
    note: Note,
}

/// Goes one random way through a history; returns its number of steps.
///
/// # Errors
/// The schedule, if it ends badly.
pub fn walk(history: &History, faults: u32, chance: &mut Chance) -> Result<usize, Violation> {
    let mut world = World::new(history);
    world.reduces = false;
    let mut state = world.start(faults);
    let mut schedule = Vec::new();
    let mut timed = Vec::new();
    // Since when each actor has been at what it does now.
    let mut busy = [None; ACTORS];
    // How long an actor goes on alone, and how seldom there are faults.
    let (alone, seldom) = (chance.one_of(&[1, 2, 5, 20]), chance.one_of(&[5, 20, 60]));
    let mut last = 0;
    let ended = loop {
        let steps = world.steps(&state);
        if steps.is_empty() {
            break Judge::default().judge(&world, &state, state.faults < faults);
        }
        let step = choose(&steps, last, alone, seldom, chance);
        schedule.push(step);
        let next = match world.take(&state, step) {
            Ok(next) => next,
            Err(what) => break Err(what),
        };
        if let Step::Act(actor, fate) = step {
            last = actor;
            let began = *busy[actor].get_or_insert(schedule.len());
            let before = world.notes_at(state.nodes[actor]).len();
            for note in &world.notes_at(next.nodes[actor])[before..] {
                timed.push(Timed {
                    began,
                    ended: schedule.len(),
                    note: note.clone(),
                });
                busy[actor] = None;
            }
            if matches!(fate, Fate::Crash(_)) {
                busy[actor] = None;
            }
        }
        state = next;
    };
    match ended.and_then(|()| in_time(&timed)) {
        Ok(()) => Ok(schedule.len()),
        Err(what) => Err(Violation {
            what,
            schedule: describe(&mut world, faults, &schedule),
        }),
    }
}

fn choose(steps: &[Step], last: usize, alone: usize, seldom: usize, chance: &mut Chance) -> Step {
    let faulty = |step: &Step| !matches!(step, Step::Act(_, Fate::Happens) | Step::Arrive(_));
    let fault = chance.one_in(seldom) && steps.iter().any(faulty);
    let on = !fault && !chance.one_in(alone);
    let among: Vec<_> = steps
        .iter()
        .filter(|step| faulty(step) == fault)
        .filter(|step| !on || matches!(step, Step::Act(actor, _) if *actor == last))
        .copied()
        .collect();
    if among.is_empty() {
        // Nobody needs a fault to go on.
        let among: Vec<_> = steps.iter().filter(|step| !faulty(step)).copied().collect();
        return chance.one_of(&among);
    }
    chance.one_of(&among)
}

/// What began after an append had been acknowledged comes after it.
fn in_time(timed: &[Timed]) -> Result<(), String> {
    for before in timed {
        let (Note::Ended {
            result: Ok(acknowledged),
            ..
        }
        | Note::Submitted {
            result: Ok(Outcome::Accepted(acknowledged)),
            ..
        }) = &before.note
        else {
            continue;
        };
        for after in timed.iter().filter(|after| before.ended < after.began) {
            let fine = match &after.note {
                Note::Ended { result: Ok(it), .. } => it.position > acknowledged.position,
                Note::Read {
                    result: Ok(page),
                    impatient: true,
                    ..
                } => !page.end || page.next >= acknowledged.position,
                _ => true,
            };
            if !fine {
                return Err(format!(
                    "{:?} began after {:?} had ended, and comes before it",
                    after.note, before.note
                ));
            }
        }
    }
    Ok(())
}
