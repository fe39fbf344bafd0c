//! Crashes the store at random moments, spread over the run by its progress.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use annals_store_conformance::Backend;

/// Kills the store whenever the clients' progress passes one of `kills` random marks. Returns the number of kills.
pub(super) fn kill(
    backend: &dyn Backend,
    kills: u32,
    operations: u32,
    done: &AtomicU32,
    stopped: &AtomicBool,
    mut random: fastrand::Rng,
) -> u32 {
    // Place no mark near the end: such kills would come too late.
    let last = (operations - operations / 10).max(1);
    let mut marks: Vec<u32> = (0..kills).map(|_| random.u32(0..last)).collect();
    marks.sort_unstable();
    let mut killed = 0;
    for mark in marks {
        while done.load(Ordering::SeqCst) < mark {
            if stopped.load(Ordering::SeqCst) {
                return killed;
            }
            std::thread::sleep(Duration::from_micros(300));
        }
        std::thread::sleep(Duration::from_micros(random.u64(0..2000)));
        if stopped.load(Ordering::SeqCst) || !backend.crash() {
            return killed;
        }
        killed += 1;
    }
    killed
}
