//! Readers of the log, which continue at their last position, and readers of streams.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::now;
use crate::record::Recorder;

/// Once in this many pages, a reader of the log reads again a part before its position.
const LOOKS_BACK: u32 = 10;

/// Follows the log until the writers have stopped and the reader has reached the end after that.
pub(super) fn follow(
    store: &mut Recorder<'_>,
    categories: &[String],
    stopped: &AtomicBool,
    mut random: fastrand::Rng,
    patience: Duration,
) {
    let mut after = 0;
    let mut since = None;
    loop {
        let last = stopped.load(Ordering::SeqCst);
        let limit = random.u32(1..200);
        let end = match store.read_log(after, limit, categories, true, now()) {
            Ok(page) => {
                after = page.next;
                page.end
            }
            Err(_) => true,
        };
        if after > 0 && random.u32(0..LOOKS_BACK) == 0 {
            // The part of the log before a reader's position never changes.
            let from = random.u64(0..after);
            store.read_log(from, limit, categories, false, now()).ok();
        }
        if !end {
            continue;
        }
        std::thread::sleep(Duration::from_micros(random.u64(200..1500)));
        if last {
            let since = *since.get_or_insert_with(Instant::now);
            // Wait some time, so that killed writers count as dead.
            if since.elapsed() > patience.min(Duration::from_millis(100)) {
                return;
            }
        }
    }
}

/// Reads streams, forward and backward, until writers have stopped.
pub(super) fn browse(
    store: &mut Recorder<'_>,
    streams: u32,
    stopped: &AtomicBool,
    mut random: fastrand::Rng,
) {
    let mut versions = vec![0; streams as usize];
    while !stopped.load(Ordering::SeqCst) {
        let stream = random.u32(0..streams);
        let version = &mut versions[stream as usize];
        let limit = random.u32(1..100);
        let page = match random.u32(0..4) {
            0 => store.read_backward(stream, None, limit),
            1 => store.read_backward(stream, Some(random.u64(0..*version + 4)), limit),
            // Read the last known events again, and the new ones.
            _ => store.read(stream, version.saturating_sub(random.u64(0..20)), limit),
        };
        if let Ok(Some(page)) = page {
            let newest = page.events.iter().map(|event| event.version).max();
            *version = newest.unwrap_or_default().max(*version);
        }
        std::thread::sleep(Duration::from_micros(random.u64(100..1000)));
    }
}
