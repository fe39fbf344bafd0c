//! Delivery of events to reactions: at least once, in the order of the log, with effects that
//! happen once.
//!
//! Nobody is in charge: every instance of the application may deliver at any time, and die at any
//! time. What keeps them from each other's throat is one chain of checkpoints for each lane of a
//! reaction ([`progress`]).
//!
//! # Layout
//!
//! - [`progress`]: what is written down, and why it is enough
//! - [`generations`]: which generation of a reaction answers, and which is built
//! - [`window`]: reading the log once for all
//! - [`lane`]: one lane of a reaction: taking it, leading it on, giving it back
//! - [`outcome`]: how deliveries end, and why one fails
//! - [`failure`]: what becomes of what fails
//! - [`letters`]: what was put aside; [`dead_letter`]: what is kept of it
//! - [`work`]: bringing about what was written down
//! - [`projector`], [`manager`], [`notifier`]: what one event means to each kind
//! - [`processes`]: processes of a process manager, as they are stored
//! - [`outgoing`]: commands that a process manager wants sent; [`ids`]: their ids
//! - [`late`]: dead letters, taken up again
//! - [`waiting`]: processes that wait for a dead letter
//! - [`pump`]: all lanes, within a time
//! - [`turn`]: after an answer: one deliverer for each reaction at a time
//! - [`wait`]: until everybody has seen an event

mod dead_letter;
mod failure;
pub mod generations;
pub mod ids;
mod lane;
mod late;
pub mod letters;
pub mod manager;
mod notifier;
mod outcome;
mod outgoing;
pub mod processes;
pub mod progress;
mod projector;
mod pump;
mod turn;
mod wait;
mod waiting;
mod window;
mod work;

#[cfg(test)]
mod tests;

use crate::catalogue::Reaction;
use crate::ports::Ports;
use generations::{Control, Generation};
pub use late::{Late, Refused};
pub use outcome::{Failure, Held};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use window::Window;

/// Delivers, on behalf of one call.
pub struct Engine<'a, P> {
    pub ports: &'a P,
    pub reactions: &'a [Reaction],
    window: Window,
    /// Generations, as this call has found them. It is short: who knows old ones delivers to them a
    /// little longer.
    controls: RefCell<BTreeMap<String, Control>>,
    /// Limits of a delivery after an answer; none for a pump.
    manners: Cell<Option<turn::Manners>>,
    /// Lowest position that every lane found idle has dealt with.
    reach: Cell<u64>,
    /// Tells this deliverer from all others.
    me: u64,
}

impl<'a, P: Ports> Engine<'a, P> {
    pub fn new(ports: &'a P, reactions: &'a [Reaction]) -> Self {
        Self {
            me: ports.random(),
            window: Window::new(reactions),
            controls: RefCell::default(),
            manners: Cell::new(None),
            reach: Cell::new(u64::MAX),
            ports,
            reactions,
        }
    }

    pub fn reaction(&self, name: &str) -> Option<&'a Reaction> {
        self.reactions.iter().find(|reaction| reaction.name == name)
    }

    /// The reaction that the store knows by a key.
    pub fn reaction_of_key(&self, key: &str) -> Option<&'a Reaction> {
        self.reactions.iter().find(|reaction| reaction.key == key)
    }
}

/// A part of a reaction's events that is delivered in order: all of them, unless a notifier asks
/// for several.
#[derive(Clone, Debug)]
pub struct Lane<'a> {
    pub reaction: &'a Reaction,
    pub generation: u32,
    /// Events after this position.
    pub from: u64,
    pub number: u32,
    pub of: u32,
}

impl Lane<'_> {
    /// Name of its chain of checkpoints.
    fn chain(&self) -> String {
        format!("{}@{}.{}", self.reaction.key, self.generation, self.number)
    }

    /// Whether an event is given to this lane. All events of a stream are given to the same one.
    fn wants(&self, event: &crate::annals::es::types::RecordedEvent) -> bool {
        self.reaction.wants(&event.event_type)
            && (self.of <= 1
                || hash(event.stream.as_bytes()) % u64::from(self.of) == u64::from(self.number))
    }
}

/// The lanes of a generation.
pub fn lanes<'a>(
    reaction: &'a Reaction,
    generation: &Generation,
) -> impl Iterator<Item = Lane<'a>> + use<'a> {
    let Generation {
        number: generation,
        from,
        lanes,
        ..
    } = *generation;
    let of = lanes.max(1);
    (0..of).map(move |number| Lane {
        reaction,
        generation,
        from,
        number,
        of,
    })
}

/// 64-bit FNV-1a. Which lane a stream belongs to depends on it: it must stay as it is.
pub fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
