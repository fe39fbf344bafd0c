//! Wall-clock time.

use wasip2::clocks::wall_clock;

/// Milliseconds since the epoch.
pub fn now() -> u64 {
    let now = wall_clock::now();
    now.seconds * 1000 + u64::from(now.nanoseconds / 1_000_000)
}
