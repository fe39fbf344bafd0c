//! Delivery of events to reactions: at least once, in the order of the log, with effects that happen once.
//!
//! There is no leader: every instance of the application may deliver at any time, and may die at any time.
//! One chain of checkpoints per partition of a reaction coordinates the instances ([`progress`]).
//!
//! # Layout
//!
//! - [`progress`]: the state that a checkpoint stores, and why it suffices after a crash
//! - [`generations`]: the generations of a reaction
//! - [`window`]: a cache of log pages that all reactions share
//! - [`partition`]: one partition of a reaction and its lease
//! - [`outcome`]: results and failures of deliveries
//! - [`failure`]: retries, and the last resort of the failure policy
//! - [`dead_letters`]: storage of dead letters; [`dead_letter`]: their record
//! - [`work`]: execution of stored work
//! - [`projector`], [`manager`], [`notifier`]: delivery to each kind of reaction
//! - [`processes`]: storage of a process manager's processes
//! - [`outgoing`]: commands of process managers; [`ids`]: their ids
//! - [`retry`]: retries and skips of dead letters
//! - [`waiting`]: processes that wait for a dead letter
//! - [`pump`]: delivery to all partitions within a time budget
//! - [`turn`]: delivery after an answer, with one deliverer per reaction at a time
//! - [`wait`]: waiting until every reaction has dealt with an event

mod dead_letter;
pub mod dead_letters;
mod failure;
pub mod generations;
pub mod ids;
pub mod manager;
mod notifier;
mod outcome;
mod outgoing;
mod partition;
pub mod processes;
pub mod progress;
mod projector;
mod pump;
mod retry;
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
pub use outcome::{Failure, PartitionState};
pub use retry::{Refused, RetryOutcome};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use window::Window;

/// The deliverer of one call.
pub struct Engine<'a, P> {
    pub ports: &'a P,
    pub reactions: &'a [Reaction],
    window: Window,
    /// Cache of the reactions' generations, for this call only. A stale entry delivers to a superseded
    /// generation, which is harmless.
    controls: RefCell<BTreeMap<String, Control>>,
    /// Pacing of a delivery after an answer. `None` for a pump.
    pacing: Cell<Option<turn::Pacing>>,
    /// Lowest position that all partitions found idle have reached.
    reach: Cell<u64>,
    /// Random id of this deliverer, which its leases carry.
    me: u64,
}

impl<'a, P: Ports> Engine<'a, P> {
    pub fn new(ports: &'a P, reactions: &'a [Reaction]) -> Self {
        Self {
            me: ports.random(),
            window: Window::new(reactions),
            controls: RefCell::default(),
            pacing: Cell::new(None),
            reach: Cell::new(u64::MAX),
            ports,
            reactions,
        }
    }

    pub fn reaction(&self, name: &str) -> Option<&'a Reaction> {
        self.reactions.iter().find(|reaction| reaction.name == name)
    }

    /// The reaction with this key.
    pub fn reaction_of_key(&self, key: &str) -> Option<&'a Reaction> {
        self.reactions.iter().find(|reaction| reaction.key == key)
    }
}

/// A part of a reaction's events that is delivered in order. Every reaction has one partition, unless a
/// notifier declares a higher concurrency.
#[derive(Clone, Debug)]
pub struct Partition<'a> {
    pub reaction: &'a Reaction,
    pub generation: u32,
    /// The partition starts after this position.
    pub from: u64,
    pub number: u32,
    pub of: u32,
}

impl Partition<'_> {
    /// Name of the partition's chain of checkpoints.
    fn chain(&self) -> String {
        format!("{}@{}.{}", self.reaction.key, self.generation, self.number)
    }

    /// Whether an event belongs to this partition. All events of a stream belong to the same one.
    fn includes(&self, event: &crate::annals::es::types::RecordedEvent) -> bool {
        self.reaction.handles(&event.event_type)
            && (self.of <= 1
                || hash(event.stream.as_bytes()) % u64::from(self.of) == u64::from(self.number))
    }
}

/// The partitions of a generation.
pub fn partitions<'a>(
    reaction: &'a Reaction,
    generation: &Generation,
) -> impl Iterator<Item = Partition<'a>> + use<'a> {
    let Generation {
        number: generation,
        from,
        partitions,
        ..
    } = *generation;
    let of = partitions.max(1);
    (0..of).map(move |number| Partition {
        reaction,
        generation,
        from,
        number,
        of,
    })
}

/// 64-bit FNV-1a. The assignment of streams to partitions depends on this hash, so it must never change.
pub fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
