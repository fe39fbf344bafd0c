//! Counters are stored as decimal text, so that `get` returns a readable value.

use std::ops::RangeInclusive;

use super::KvError;

/// Returns the sum as a number and as the value to store.
pub fn add(
    value: Option<&[u8]>,
    delta: i128,
    range: RangeInclusive<i128>,
) -> Result<(i128, Vec<u8>), KvError> {
    let old = match value {
        None => 0,
        Some(bytes) => std::str::from_utf8(bytes)
            .ok()
            .and_then(|text| text.parse::<i128>().ok())
            .ok_or(KvError::NotACounter)?,
    };
    let new = old
        .checked_add(delta)
        .filter(|sum| range.contains(sum))
        .ok_or(KvError::Overflow)?;
    Ok((new, new.to_string().into_bytes()))
}
