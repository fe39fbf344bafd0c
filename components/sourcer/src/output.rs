//! Limits of a decider's output. Output beyond a limit is a fault of the decider and not of the client: the
//! sourcer appends nothing and reports a failed handler.

use crate::annals::es::types::{Decision, NewEvent, Rejection};

/// Upper limit of events per command. A commit has this many positions.
const MAX_EVENTS: usize = 1_024;
/// Upper limit of tags per event.
const MAX_TAGS: usize = 64;
/// Upper limit of a tag, in bytes.
const MAX_TAG_BYTES: usize = 256;
/// Upper limit of one command's events in all, in bytes: payloads, types, content types and tags.
const MAX_EVENT_BYTES: usize = 2 << 20;
/// Upper limit of a rejection, in bytes: code, message and details.
const MAX_REJECTION_BYTES: usize = 64 << 10;

/// Checks a decision against the limits and the decider's declared events.
///
/// # Errors
/// The limit that the decision exceeds, or the undeclared event.
pub fn check(decision: &Decision, emits: &[String]) -> Result<(), String> {
    let events = &decision.events;
    if let Some(event) = events.iter().find(|one| !emits.contains(&one.event_type)) {
        let name = &event.event_type;
        return Err(format!("the decider emitted `{name}`, which it does not declare"));
    }
    if events.len() > MAX_EVENTS {
        return Err(format!(
            "the decider emitted {} events for one command; at most {MAX_EVENTS} are allowed",
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
            "the decider emitted events of {bytes} bytes in all for one command; at most {MAX_EVENT_BYTES} are allowed"
        ));
    }
    Ok(())
}

/// Checks the tags of an event. Returns their size in bytes.
fn check_tags(event: &NewEvent) -> Result<usize, String> {
    let (name, tags) = (&event.event_type, &event.tags);
    if tags.len() > MAX_TAGS {
        return Err(format!(
            "the decider gave `{name}` {} tags; at most {MAX_TAGS} are allowed",
            tags.len()
        ));
    }
    let legal = |tag: &String| {
        (1..=MAX_TAG_BYTES).contains(&tag.len()) && !tag.chars().any(char::is_control)
    };
    if let Some(tag) = tags.iter().find(|tag| !legal(tag)) {
        return Err(format!(
            "the decider gave `{name}` the tag {tag:?}; a tag has 1 to {MAX_TAG_BYTES} bytes and no control characters"
        ));
    }
    Ok(tags.iter().map(String::len).sum())
}

/// Checks a rejection against its limit.
///
/// # Errors
/// The limit that the rejection exceeds.
pub fn check_rejection(rejection: &Rejection) -> Result<(), String> {
    let details = rejection.details.as_ref().map_or(0, String::len);
    let bytes = rejection.code.len() + rejection.message.len() + details;
    if bytes > MAX_REJECTION_BYTES {
        return Err(format!(
            "the decider rejected a command with {bytes} bytes; at most {MAX_REJECTION_BYTES} are allowed"
        ));
    }
    Ok(())
}
