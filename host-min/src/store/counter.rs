//! Counters are stored as decimal text, so that `get` returns a readable value.

use std::ops::RangeInclusive;
use std::str::FromStr;

use super::KvError;

/// Returns the next number that is drawn from a counter, and the value to store.
pub fn draw(value: Option<&[u8]>, above: u64) -> Result<(u64, Vec<u8>), KvError> {
    let last: u64 = match value {
        None => 0,
        Some(bytes) => parse(bytes)?,
    };
    let next = last.max(above).checked_add(1).ok_or(KvError::Overflow)?;
    Ok((next, next.to_string().into_bytes()))
}

/// Returns the sum as a number and as the value to store.
pub fn add(
    value: Option<&[u8]>,
    delta: i128,
    range: RangeInclusive<i128>,
) -> Result<(i128, Vec<u8>), KvError> {
    let old: i128 = match value {
        None => 0,
        Some(bytes) => parse(bytes)?,
    };
    let new = old
        .checked_add(delta)
        .filter(|sum| range.contains(sum))
        .ok_or(KvError::Overflow)?;
    Ok((new, new.to_string().into_bytes()))
}

fn parse<T: FromStr>(value: &[u8]) -> Result<T, KvError> {
    let text = std::str::from_utf8(value).map_err(|_| KvError::NotACounter)?;
    text.parse().map_err(|_| KvError::NotACounter)
}
