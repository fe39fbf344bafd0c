//! Ids of process managers' commands, and how long the chain is that a command ends.
//!
//! An id is `{event id}:{reaction}:{index}`: whoever derives it from the same event derives the same. The index holds two
//! numbers. The upper one is how many commands of process managers led to the event one after the other; the id says it as
//! `{chain}.{number}` where it is not 0. So each event of a chain tells in its command id how long the chain is, and process
//! managers that feed each other are stopped.

use super::hash;
use crate::annals::es::types::RecordedEvent;
use crate::catalogue::Reaction;

/// Most commands that one event may lead to, those after refusals included.
pub const COMMANDS: u64 = 1_000;
/// Most commands in a chain, each of which led to the event that led to the next one.
pub const LONGEST_CHAIN: u64 = 1_000;
/// Bits of an index below the length of the chain.
const NUMBER_BITS: u32 = 54;
const NUMBERS: u64 = 1 << NUMBER_BITS;
/// Characters of an event's id before its index: see `event-log`.
const COMMIT_ID_DIGITS: usize = 32;

/// Index of the first command that an event leads to.
pub fn first_index(cause: &RecordedEvent) -> u64 {
    chain(cause) << NUMBER_BITS
}

/// Index of the first command that a process sends because of an event that it takes in after others have. Each process has
/// a range of its own, since what the others sent is not known any more. It leaves room for [`taken_up`].
pub fn late_index(cause: &RecordedEvent, process: &str) -> u64 {
    let range = (hash(process.as_bytes()) >> 20) | (1 << 43);
    first_index(cause) | (range - range % COMMANDS)
}

/// Index of the first command after the refusal of one that was put aside and taken up again: the others have theirs,
/// whatever else followed from the event.
pub fn taken_up(index: u64) -> u64 {
    let number = number(index).saturating_add(1).saturating_mul(COMMANDS);
    index - self::number(index) + number.min(NUMBERS - 1)
}

/// The number of a command among those that its event leads to.
pub fn number(index: u64) -> u64 {
    index % NUMBERS
}

/// There is no index after this one for the same event.
pub fn is_last(index: u64) -> bool {
    let number = number(index);
    number % COMMANDS == COMMANDS - 1 || number == NUMBERS - 1
}

/// The id of a command.
pub fn command_id(reaction: &Reaction, cause: &RecordedEvent, index: u64) -> String {
    let number = number(index);
    let name = &reaction.key;
    match index >> NUMBER_BITS {
        0 => format!("{}:{name}:{number}", cause.id),
        chain => format!("{}:{name}:{chain}.{number}", cause.id),
    }
}

/// How many commands of process managers led to an event, one after the other.
pub fn chain(event: &RecordedEvent) -> u64 {
    let Some(index) = index_of(&event.metadata.command_id) else {
        return 0;
    };
    let before = index.split_once('.').map_or("0", |(chain, _)| chain);
    let before: u64 = before.parse().unwrap_or_default();
    before.min(LONGEST_CHAIN) + 1
}

/// What stands for the index in an id of a process manager's command. No command from outside has such an id: see the sourcer.
fn index_of(command_id: &str) -> Option<&str> {
    let (commit, rest) = command_id.split_at_checked(COMMIT_ID_DIGITS)?;
    let of_event = commit.bytes().all(|byte| byte.is_ascii_hexdigit()) && rest.starts_with('-');
    let (_, index) = rest.rsplit_once(':')?;
    of_event.then_some(index)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::Kind;
    use crate::delivery::tests::world::{World, reaction};

    fn led_to_by(command_id: &str) -> RecordedEvent {
        let world = World::default();
        world.append("s-1", "Given", "a 1");
        let mut event = world.events.borrow()[0].clone();
        event.metadata.command_id = command_id.into();
        event
    }

    #[test]
    fn an_id_tells_how_long_the_chain_is() {
        let it = reaction("it", Kind::ProcessManager);
        let mut event = led_to_by("from-outside:it:7.3");
        for length in 0..5 {
            assert_eq!(chain(&event), length);
            let id = command_id(&it, &event, first_index(&event) + 3);
            let index = match length {
                0 => "3".to_owned(),
                length => format!("{length}.3"),
            };
            assert_eq!(id, format!("{}:it:{index}", event.id));
            event = led_to_by(&id);
        }
    }

    #[test]
    fn indices_of_one_event_do_not_meet() {
        let event = led_to_by(&format!("{}-0:it:9.0", "0".repeat(COMMIT_ID_DIGITS)));
        let first = first_index(&event);
        let late = late_index(&event, "p1");
        for index in [first, first + 998, late, taken_up(late)] {
            assert!(!is_last(index));
            assert_eq!(index >> NUMBER_BITS, 10, "{index}");
        }
        let mut all = vec![
            first,
            taken_up(first),
            taken_up(first + 1),
            late,
            taken_up(late),
        ];
        all.push(late_index(&event, "p2"));
        all.sort_unstable();
        assert!(
            all.windows(2).all(|pair| pair[1] - pair[0] >= COMMANDS),
            "{all:?}"
        );
        assert!(is_last(taken_up(taken_up(late))));
    }
}
