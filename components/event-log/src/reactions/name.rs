//! Names of handlers and views, and keys of rows.

use crate::error::StoreError;

/// Maximum bytes of the name of a handler or view, and of a row's key.
const MAX_NAME_BYTES: usize = 1024;

/// # Errors
/// [`StoreError::Invalid`] for a name that is empty or too long.
pub fn check(what: &str, name: &str) -> Result<(), StoreError> {
    match name.len() {
        1..=MAX_NAME_BYTES => Ok(()),
        bytes => Err(StoreError::Invalid(format!(
            "{what} has {bytes} bytes, it must have 1 to {MAX_NAME_BYTES}"
        ))),
    }
}

/// # Errors
/// [`StoreError::Invalid`] for a view's name or a row's key that is empty or too long.
pub fn check_row(view: &str, key: &str) -> Result<(), StoreError> {
    check("a view's name", view)?;
    check("a row's key", key)
}
