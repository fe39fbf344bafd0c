//! Visits every state of a history, breadth first.
//!
//! Every step makes a schedule one longer, so only states of one length are compared with each
//! other, and the number of schedules that lead to a state is known when the state is left.

use std::collections::HashMap;
use std::fmt;
use std::time::{Duration, Instant};

use crate::programs::History;
use crate::verdict::Judge;
use crate::world::{State, Step, World};

/// States after which a search gives up, so that nobody waits for one that does not end.
const MOST: usize = 20_000_000;

/// What a search has seen.
#[derive(Debug)]
pub struct Figures {
    name: &'static str,
    faults: u32,
    pub states: usize,
    /// Different schedules that were gone through, equal states being gone through once.
    pub schedules: f64,
    longest: usize,
    /// Different states in which schedules end.
    ends: usize,
    /// Different contents of the store there.
    stores: usize,
    local_histories: usize,
    took: Duration,
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            name,
            faults,
            states,
            schedules,
            longest,
            ends,
            stores,
            local_histories,
            took,
        } = self;
        write!(
            f,
            "{name}, {faults} faults: {schedules:.3e} schedules in {states} states, longest {longest} \
             steps, {ends} ends with {stores} stores, {local_histories} local histories, {took:.1?}"
        )
    }
}

/// A schedule that ends badly.
#[derive(Debug)]
pub struct Violation {
    pub what: String,
    pub schedule: Vec<String>,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in &self.schedule {
            writeln!(f, "  {step}")?;
        }
        write!(f, "{}", self.what)
    }
}

/// Tells a schedule to people.
pub fn describe(world: &mut World<'_>, faults: u32, steps: &[Step]) -> Vec<String> {
    let mut state = world.start(faults);
    let mut schedule = Vec::new();
    for step in steps {
        schedule.push(world.describe(&state, *step));
        match world.take(&state, *step) {
            Ok(next) => state = next,
            Err(_) => break,
        }
    }
    for (program, node) in world.history.programs.iter().zip(state.nodes) {
        for note in world.notes_at(node) {
            schedule.push(format!("{} noted {note:?}", program.name));
        }
    }
    schedule
}

/// Searches a history with up to so many faults.
///
/// # Errors
/// A shortest schedule that ends badly.
pub fn search(history: &History, faults: u32) -> Result<Figures, Violation> {
    let mut world = World::new(history);
    loop {
        let figures = search_once(&mut world, faults, |_, _| {});
        if !world.learnt() {
            return figures;
        }
    }
}

/// Searches in a world; `seen` is told of every end.
pub fn search_once(
    world: &mut World<'_>,
    faults: u32,
    mut seen: impl FnMut(&World<'_>, &State),
) -> Result<Figures, Violation> {
    let began = Instant::now();
    let mut judge = Judge::default();
    let mut figures = Figures {
        name: world.history.name,
        faults,
        states: 0,
        schedules: 0.0,
        longest: 0,
        ends: 0,
        stores: 0,
        local_histories: 0,
        took: Duration::ZERO,
    };
    // Where each state was first reached from; the first one is its own.
    let mut paths: Vec<(usize, Step)> = vec![(0, Step::Arrive(0))];
    let mut level = vec![(world.start(faults), 1.0, 0)];
    while !level.is_empty() {
        let mut next: Vec<(State, f64, usize)> = Vec::new();
        let mut places: HashMap<State, usize> = HashMap::new();
        for (state, schedules, path) in level {
            figures.states += 1;
            assert!(figures.states < MOST, "{} is too large", figures.name);
            let steps = world.steps(&state);
            if world.is_end(&state) {
                seen(world, &state);
                figures.ends += 1;
                if steps.is_empty() {
                    figures.schedules += schedules;
                }
                if let Err(what) = judge.judge(world, &state, state.faults < faults) {
                    return Err(violation(world, faults, &paths, path, what));
                }
            }
            for step in steps {
                match world.take(&state, step) {
                    Err(what) => {
                        paths.push((path, step));
                        let path = paths.len() - 1;
                        return Err(violation(world, faults, &paths, path, what));
                    }
                    Ok(after) => {
                        let place = *places.entry(after).or_insert(next.len());
                        if place == next.len() {
                            paths.push((path, step));
                            next.push((after, 0.0, paths.len() - 1));
                        }
                        next[place].1 += schedules;
                    }
                }
            }
        }
        figures.longest += usize::from(!next.is_empty());
        level = next;
    }
    figures.stores = judge.stores();
    figures.local_histories = world.local_histories();
    figures.took = began.elapsed();
    Ok(figures)
}

fn violation(
    world: &mut World<'_>,
    faults: u32,
    paths: &[(usize, Step)],
    mut path: usize,
    what: String,
) -> Violation {
    let mut steps = Vec::new();
    while path != 0 {
        let (before, step) = paths[path];
        steps.push(step);
        path = before;
    }
    steps.reverse();
    Violation {
        what,
        schedule: describe(world, faults, &steps),
    }
}
