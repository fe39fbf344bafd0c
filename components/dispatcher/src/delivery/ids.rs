//! Ids of process managers' commands, and the length of command chains.
//!
//! An id is `{event id}:{reaction}:{index}`, so every deliverer derives the same id from the same event. The
//! index combines two numbers. The upper bits hold the length of the chain: the number of process managers'
//! commands that led to the event one after the other. The id shows the length as `{chain}.{number}` unless
//! it is 0. An event's metadata contains the id of its command, so the dispatcher reads the length of the
//! chain from the event, and stops process managers that feed each other.

use super::hash;
use crate::annals::es::types::RecordedEvent;
use crate::catalogue::Reaction;

/// Upper limit of commands that one event may lead to, including commands after refusals.
pub const MAX_COMMANDS_PER_EVENT: u64 = 1_000;
/// Upper limit of commands in a chain, in which each command led to the event that led to the next command.
pub const MAX_CHAIN_COMMANDS: u64 = 1_000;
/// Bits of an index that hold the command's number, below the length of the chain.
const NUMBER_BITS: u32 = 54;
const NUMBERS: u64 = 1 << NUMBER_BITS;
/// Characters of an event's id before its index: see `event-log`.
const COMMIT_ID_DIGITS: usize = 32;

/// Index of the first command that an event leads to.
pub fn first_index(cause: &RecordedEvent) -> u64 {
    chain(cause) << NUMBER_BITS
}

/// Index of the first command that a process sends when it catches up with this event. Other processes have
/// taken the event before, and the indices of their commands are not stored. So each process has a range of
/// indices of its own. The range leaves room for [`retried_index`].
pub fn catch_up_index(cause: &RecordedEvent, process: &str) -> u64 {
    let range = (hash(process.as_bytes()) >> 20) | (1 << 43);
    first_index(cause) | (range - range % MAX_COMMANDS_PER_EVENT)
}

/// Index of the first command after the refusal of a retried command. The range is disjoint from the indices
/// of all other commands of the event.
pub fn retried_index(index: u64) -> u64 {
    let number = number(index)
        .saturating_add(1)
        .saturating_mul(MAX_COMMANDS_PER_EVENT);
    index - self::number(index) + number.min(NUMBERS - 1)
}

/// The number of a command among those that its event leads to.
pub fn number(index: u64) -> u64 {
    index % NUMBERS
}

/// Whether this is the last index of its range: no further command of the event can have an index.
pub fn is_last(index: u64) -> bool {
    let number = number(index);
    number % MAX_COMMANDS_PER_EVENT == MAX_COMMANDS_PER_EVENT - 1 || number == NUMBERS - 1
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

/// The number of process managers' commands that led to an event, one after the other.
pub fn chain(event: &RecordedEvent) -> u64 {
    let Some(index) = index_of(&event.metadata.command_id) else {
        return 0;
    };
    let before = index.split_once('.').map_or("0", |(chain, _)| chain);
    let before: u64 = before.parse().unwrap_or_default();
    before.min(MAX_CHAIN_COMMANDS) + 1
}

/// The index part of the id of a process manager's command. `None` for other ids: the sourcer refuses client
/// ids of this form.
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
        let caught_up = catch_up_index(&event, "p1");
        for index in [first, first + 998, caught_up, retried_index(caught_up)] {
            assert!(!is_last(index));
            assert_eq!(index >> NUMBER_BITS, 10, "{index}");
        }
        let mut all = vec![
            first,
            retried_index(first),
            retried_index(first + 1),
            caught_up,
            retried_index(caught_up),
        ];
        all.push(catch_up_index(&event, "p2"));
        all.sort_unstable();
        assert!(
            all.windows(2)
                .all(|pair| pair[1] - pair[0] >= MAX_COMMANDS_PER_EVENT),
            "{all:?}"
        );
        assert!(is_last(retried_index(retried_index(caught_up))));
    }
}
