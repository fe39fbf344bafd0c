//! The other components, the clock and randomness, as the sourcer uses them. Tests substitute fakes.

#[cfg(not(test))]
pub use crate::annals::es::deciders::{self, Session};
#[cfg(not(test))]
pub use crate::annals::es::event_store;
#[cfg(test)]
pub use crate::doubles::{deciders, deciders::Session, event_store, now, randoms};

/// Milliseconds since the epoch.
#[cfg(not(test))]
pub fn now() -> u64 {
    let now = wasip2::clocks::wall_clock::now();
    now.seconds * 1000 + u64::from(now.nanoseconds / 1_000_000)
}

/// Random numbers. All of them cost one call of the host.
#[cfg(not(test))]
pub fn randoms<const COUNT: usize>() -> [u64; COUNT] {
    let bytes = wasip2::random::random::get_random_bytes(COUNT as u64 * 8);
    let mut numbers = [0; COUNT];
    for (number, bytes) in numbers.iter_mut().zip(bytes.chunks(8)) {
        *number = bytes
            .iter()
            .fold(0, |number, byte| number << 8 | u64::from(*byte));
    }
    numbers
}
