//! A cache of sessions, for hosts that keep instances warm.
//!
//! A cached session is exact. It has folded its stream up to its head and nothing else, and the slots before a
//! head never change. If other writers append to the stream, the next command reads the stream from that head
//! before it decides. Otherwise it decides on the cached state at once. An append at that head succeeds only if
//! no other writer has appended, so it proves that the decision saw the stream's end. Every other answer
//! (a rejection, a failed precondition, no events) waits until the command has read the stream and has decided again.
//!
//! The cache has two generations. A used session moves to the younger one. When the younger generation is
//! full, it replaces the older one, whose sessions are dropped. A dropped session costs only reads.

use foldhash::fast::RandomState;
use std::cell::RefCell;
use std::collections::HashMap;
use std::mem;

use crate::rehydrate::Loaded;

/// Upper limit of sessions per generation.
const MAX_SESSIONS: usize = 512;
/// Upper limit of the snapshots and payloads that the sessions of one generation have folded, in bytes. Their
/// states are seldom larger.
const MAX_SESSION_BYTES: usize = 8 << 20;

#[derive(Default)]
struct Generation {
    /// Sessions by stream. Each has the index of its decider.
    sessions: HashMap<String, Vec<(u32, Loaded)>, RandomState>,
    count: usize,
    bytes: usize,
}

#[derive(Default)]
struct Sessions {
    young: Generation,
    old: Generation,
}

thread_local! {
    static SESSIONS: RefCell<Sessions> = RefCell::default();
}

/// Removes the session of a decider on a stream from the cache.
pub fn take(decider: u32, stream: &str) -> Option<Loaded> {
    SESSIONS.with_borrow_mut(|sessions| {
        let young = sessions.young.take(decider, stream);
        young.or_else(|| sessions.old.take(decider, stream))
    })
}

/// Adds a session to the cache, which must not contain one of the same decider and stream. The newest session
/// is kept whatever its size, because it was in memory before.
pub fn keep(decider: u32, stream: String, loaded: Loaded) {
    SESSIONS.with_borrow_mut(|sessions| {
        let young = &mut sessions.young;
        if young.count >= MAX_SESSIONS || young.bytes + loaded.bytes > MAX_SESSION_BYTES {
            sessions.old = mem::take(young);
        }
        sessions.young.keep(decider, stream, loaded);
    });
}

impl Generation {
    fn take(&mut self, decider: u32, stream: &str) -> Option<Loaded> {
        let of_stream = self.sessions.get_mut(stream)?;
        let index = of_stream.iter().position(|(index, _)| *index == decider)?;
        let (_, loaded) = of_stream.swap_remove(index);
        if of_stream.is_empty() {
            self.sessions.remove(stream);
        }
        self.count -= 1;
        self.bytes -= loaded.bytes;
        Some(loaded)
    }

    fn keep(&mut self, decider: u32, stream: String, loaded: Loaded) {
        self.count += 1;
        self.bytes += loaded.bytes;
        self.sessions
            .entry(stream)
            .or_default()
            .push((decider, loaded));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(decider: u32, stream: &str) -> bool {
        match take(decider, stream) {
            Some(loaded) => {
                keep(decider, stream.to_owned(), loaded);
                true
            }
            None => false,
        }
    }

    fn session(bytes: usize) -> Loaded {
        let mut loaded = Loaded::origin(0);
        loaded.bytes = bytes;
        loaded
    }

    #[test]
    fn each_decider_has_its_own_and_what_is_taken_is_gone() {
        keep(0, "a-1".into(), session(1));
        keep(1, "a-1".into(), session(2));
        assert!(take(2, "a-1").is_none() && take(0, "a-2").is_none());
        assert_eq!(take(1, "a-1").map(|loaded| loaded.bytes), Some(2));
        assert!(take(1, "a-1").is_none());
        assert!(kept(0, "a-1"));
    }

    #[test]
    fn what_is_used_stays_and_what_is_not_is_forgotten() {
        for number in 0..4 * MAX_SESSIONS {
            keep(0, format!("a-{number}"), session(1));
            assert!(kept(0, "a-0"), "used after {number}");
        }
        assert!(!kept(0, "a-1"));
        SESSIONS.with_borrow(|sessions| {
            for generation in [&sessions.young, &sessions.old] {
                assert!(generation.count <= MAX_SESSIONS);
                assert_eq!(generation.count, generation.bytes);
                assert_eq!(generation.count, generation.sessions.len());
            }
        });
    }

    #[test]
    fn large_ones_are_forgotten_sooner_but_the_last_one_never() {
        for number in 0..8 {
            keep(0, format!("a-{number}"), session(MAX_SESSION_BYTES + 1));
            assert!(kept(0, &format!("a-{number}")));
        }
        assert!(!kept(0, "a-5"));
    }
}
