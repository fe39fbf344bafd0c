//! Limits on callers' input and on the cache of an instance.

use std::iter;

use crate::error::StoreError;
use crate::model::{
    MAX_EXTENSION_BYTES, MAX_EXTENSION_NAME_BYTES, MAX_EXTENSIONS, MAX_TAG_BYTES, MAX_TAGS,
};

/// A page ends once its payloads reach this many bytes.
pub const PAGE_BYTES: usize = 1 << 20;

/// Maximum number of streams, checkpoints or rows whose places an instance caches, each kind separately.
pub const MAX_REMEMBERED: usize = 4096;

/// Maximum bytes of a command id.
const MAX_COMMAND_ID_BYTES: usize = 1024;

/// Checks a command id.
///
/// # Errors
/// [`StoreError::Invalid`] for a command id that is empty or too long.
pub fn check_command_id(command_id: &str) -> Result<(), StoreError> {
    match command_id.len() {
        1..=MAX_COMMAND_ID_BYTES => Ok(()),
        bytes => invalid(format!(
            "a command id has {bytes} bytes, it must have 1 to {MAX_COMMAND_ID_BYTES}"
        )),
    }
}

/// Checks the tags of an event.
///
/// # Errors
/// [`StoreError::Invalid`] for too many tags, and for a tag that is empty, is too long or has control characters.
pub fn check_tags(tags: &[String]) -> Result<(), StoreError> {
    if tags.len() > MAX_TAGS {
        return invalid(format!(
            "an event has {} tags, at most {MAX_TAGS} are allowed",
            tags.len()
        ));
    }
    for tag in tags {
        if !(1..=MAX_TAG_BYTES).contains(&tag.len()) {
            return invalid(format!(
                "a tag has {} bytes, it must have 1 to {MAX_TAG_BYTES}",
                tag.len()
            ));
        }
        if tag.contains(char::is_control) {
            return invalid(format!("tag {tag:?} has control characters"));
        }
    }
    Ok(())
}

/// Checks the extension attributes of a command.
///
/// # Errors
/// [`StoreError::Invalid`] for too many attributes, for a name that CloudEvents does not allow or that is repeated, and
/// for a value that is too long.
pub fn check_extensions(extensions: &[(String, String)]) -> Result<(), StoreError> {
    if extensions.len() > MAX_EXTENSIONS {
        return invalid(format!(
            "a command has {} extension attributes, at most {MAX_EXTENSIONS} are allowed",
            extensions.len()
        ));
    }
    for ((name, value), before) in iter::zip(extensions, 0..) {
        if !is_attribute(name) {
            return invalid(format!(
                "extension attribute {name:?} must have a name of 1 to {MAX_EXTENSION_NAME_BYTES} bytes [a-z0-9]"
            ));
        }
        if value.len() > MAX_EXTENSION_BYTES {
            return invalid(format!(
                "extension attribute {name} has {} bytes, at most {MAX_EXTENSION_BYTES} are allowed",
                value.len()
            ));
        }
        if extensions
            .iter()
            .take(before)
            .any(|(other, _)| other == name)
        {
            return invalid(format!("extension attribute {name} comes twice"));
        }
    }
    Ok(())
}

fn is_attribute(name: &str) -> bool {
    (1..=MAX_EXTENSION_NAME_BYTES).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

fn invalid(what: String) -> Result<(), StoreError> {
    Err(StoreError::Invalid(what))
}
