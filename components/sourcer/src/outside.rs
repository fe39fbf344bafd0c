//! The other components, the clock and randomness, as the sourcer sees them. Tests put doubles in
//! their place.

#[cfg(not(test))]
pub use crate::annals::es::deciders::{self, Session};
#[cfg(not(test))]
pub use crate::annals::es::event_store;
#[cfg(test)]
pub use crate::doubles::{deciders, deciders::Session, event_store, now, random};

/// Milliseconds since the epoch.
#[cfg(not(test))]
pub fn now() -> u64 {
    let now = wasip2::clocks::wall_clock::now();
    now.seconds * 1000 + u64::from(now.nanoseconds / 1_000_000)
}

/// 64 random bits.
#[cfg(not(test))]
pub fn random() -> u64 {
    wasip2::random::random::get_random_u64()
}
