//! Command ids, and the separation of clients' ids from process managers' ids.
//!
//! Clients choose the ids of their commands. The dispatcher derives the ids of process managers' commands
//! from the event that leads to them: `{event id}:{reaction}:{index}`, and an event's id is public. A client
//! that used such an id would take the process manager's claim, and the process manager's command would never
//! take effect. So every id that begins with an event's id and a colon is reserved for process managers.

use crate::routes::Origin;

/// Upper limit of a client's command id, in bytes.
const MAX_ID: usize = 200;
/// Number of hexadecimal digits in a commit's id. Defined by `event-log`.
const COMMIT_ID_DIGITS: usize = 32;

/// Checks that a command may have this id.
///
/// # Errors
/// The rule that the id violates, and the remedy.
pub fn check(id: &str, origin: Origin) -> Result<(), String> {
    if origin != Origin::Outside {
        return Ok(());
    }
    if id.is_empty() || id.len() > MAX_ID || id.chars().any(char::is_control) {
        return Err(format!(
            "a command id has 1 to {MAX_ID} bytes and no control characters"
        ));
    }
    match is_of_process(id) {
        true => Err(format!(
            "the command id `{id}` begins with the id of an event and a colon: such ids belong to process managers. Choose another id"
        )),
        false => Ok(()),
    }
}

/// Whether an id is reserved for process managers. It then begins with an event's id, which is a commit's id,
/// a hyphen and an index, followed by a colon.
fn is_of_process(id: &str) -> bool {
    let Some((commit, rest)) = id.split_at_checked(COMMIT_ID_DIGITS) else {
        return false;
    };
    let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    let index = rest.strip_prefix('-').and_then(|rest| rest.split_once(':'));
    commit.bytes().all(hex)
        && index.is_some_and(|(index, _)| {
            !index.is_empty() && index.bytes().all(|byte| byte.is_ascii_digit())
        })
}
