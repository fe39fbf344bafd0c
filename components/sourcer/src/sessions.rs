//! Sessions that outlive their command, on hosts that keep instances warm.
//!
//! A kept session is exact: it has folded its stream up to its head and nothing else, slots before
//! a head never change, and whoever takes it reads on from there before anything is decided. So
//! what others appended meanwhile is folded, and the stream's end is seen, as without a cache; only
//! what was folded before is not read again.
//!
//! There are two generations. What is used moves to the younger one; when that is full, the older
//! one is forgotten. Forgetting costs reads only.

use std::cell::RefCell;
use std::collections::HashMap;
use std::mem;

use crate::rehydrate::Loaded;

/// Sessions of one generation.
const MOST: usize = 512;
/// Bytes of snapshots and payloads that the sessions of one generation have folded: their states
/// are seldom larger.
const MOST_BYTES: usize = 8 << 20;

#[derive(Default)]
struct Generation {
    /// By stream, for each decider.
    sessions: HashMap<String, Vec<(u32, Loaded)>>,
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

/// Takes the session of a decider on a stream, if it was kept.
pub fn take(decider: u32, stream: &str) -> Option<Loaded> {
    SESSIONS.with_borrow_mut(|sessions| {
        let young = sessions.young.take(decider, stream);
        young.or_else(|| sessions.old.take(decider, stream))
    })
}

/// Keeps a session that was taken, or where none was. The last one is kept whatever its size: it was in memory before.
pub fn keep(decider: u32, stream: String, loaded: Loaded) {
    SESSIONS.with_borrow_mut(|sessions| {
        let young = &mut sessions.young;
        if young.count >= MOST || young.bytes + loaded.bytes > MOST_BYTES {
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
        for number in 0..4 * MOST {
            keep(0, format!("a-{number}"), session(1));
            assert!(kept(0, "a-0"), "used after {number}");
        }
        assert!(!kept(0, "a-1"));
        SESSIONS.with_borrow(|sessions| {
            for generation in [&sessions.young, &sessions.old] {
                assert!(generation.count <= MOST);
                assert_eq!(generation.count, generation.bytes);
                assert_eq!(generation.count, generation.sessions.len());
            }
        });
    }

    #[test]
    fn large_ones_are_forgotten_sooner_but_the_last_one_never() {
        for number in 0..8 {
            keep(0, format!("a-{number}"), session(MOST_BYTES + 1));
            assert!(kept(0, &format!("a-{number}")));
        }
        assert!(!kept(0, "a-5"));
    }
}
