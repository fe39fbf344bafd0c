//! Limits of what a decider answers. An answer beyond them is the decider's fault and not the client's: nothing is
//! appended, and the client is told of a failed handler.

use crate::annals::es::types::{Decision, NewEvent, Rejection};

/// Events of one command: positions have room for so many in a commit.
const MAX_EVENTS: usize = 1_024;
/// Tags of one event.
const MAX_TAGS: usize = 64;
/// Bytes of a tag.
const MAX_TAG_BYTES: usize = 256;
/// Bytes of one command's events together: payloads, types, content types and tags.
const MAX_EVENT_BYTES: usize = 2 << 20;
/// Bytes of a rejection: code, message and details.
const MAX_REJECTION_BYTES: usize = 64 << 10;

/// Checks a decision.
///
/// # Errors
/// What is wrong with it.
pub fn check(decision: &Decision, emits: &[String]) -> Result<(), String> {
    let events = &decision.events;
    if let Some(event) = events.iter().find(|one| !emits.contains(&one.event_type)) {
        let name = &event.event_type;
        return Err(format!("it emitted `{name}`, which it does not declare"));
    }
    if events.len() > MAX_EVENTS {
        return Err(format!(
            "it emitted {} events for one command, at most {MAX_EVENTS} are allowed",
            events.len()
        ));
    }
    let mut bytes = 0;
    for event in events {
        bytes += event.payload.len() + event.event_type.len() + event.content_type.len();
        bytes += check_tags(event)?;
    }
    if bytes > MAX_EVENT_BYTES {
        return Err(format!(
            "it emitted events of {bytes} bytes together for one command, at most {MAX_EVENT_BYTES} are allowed"
        ));
    }
    Ok(())
}

/// Checks the tags of an event. The answer is their length in bytes.
fn check_tags(event: &NewEvent) -> Result<usize, String> {
    let (name, tags) = (&event.event_type, &event.tags);
    if tags.len() > MAX_TAGS {
        return Err(format!(
            "it gave `{name}` {} tags, at most {MAX_TAGS} are allowed",
            tags.len()
        ));
    }
    let legal = |tag: &String| {
        (1..=MAX_TAG_BYTES).contains(&tag.len()) && !tag.chars().any(char::is_control)
    };
    if let Some(tag) = tags.iter().find(|tag| !legal(tag)) {
        return Err(format!(
            "it gave `{name}` the tag {tag:?}: a tag has 1 to {MAX_TAG_BYTES} bytes and no control characters"
        ));
    }
    Ok(tags.iter().map(String::len).sum())
}

/// Checks a rejection.
///
/// # Errors
/// What is wrong with it.
pub fn check_rejection(rejection: &Rejection) -> Result<(), String> {
    let details = rejection.details.as_ref().map_or(0, String::len);
    let bytes = rejection.code.len() + rejection.message.len() + details;
    if bytes > MAX_REJECTION_BYTES {
        return Err(format!(
            "it rejected a command with {bytes} bytes, at most {MAX_REJECTION_BYTES} are allowed"
        ));
    }
    Ok(())
}
