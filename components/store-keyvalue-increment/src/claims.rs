//! What this instance knows of slots that are begun and not decided.
//!
//! It lives as long as the instance, longer than a connection: an owner that lost the connection
//! in the middle of a creation can finish it later. When it is lost, an operator's repair is what remains.

use std::cell::RefCell;
use std::collections::BTreeMap;

use wasip2::random::random::get_random_u64;

/// Slots that are remembered. Others are forgotten: more are undecided only while the host fails all writes.
const REMEMBERED: usize = 1024;

/// How a slot stands.
pub(crate) enum Claim {
    /// Counted, perhaps, without an answer.
    Asked(Count),
    /// Ours: these bytes may be set, and no others ever, since an earlier `set` may have got through.
    Ours(Vec<u8>),
    /// Another's.
    Lost,
}

/// The increments of one attempt to claim a slot.
///
/// The delta is random, so that an increment without an answer can be told from one by another
/// writer: as long as the sum consists of our own deltas alone, nobody else has counted.
pub(crate) struct Count {
    pub delta: u64,
    /// Increments that may have happened.
    pub times: u64,
}

impl Count {
    pub(crate) fn new() -> Self {
        // 32 bits: a counter has room for two thousand million of them.
        let delta = (get_random_u64() >> 32) + 1;
        Self { delta, times: 0 }
    }

    /// Does a sum say that nobody counted before our first increment?
    pub(crate) fn is_first(&self, sum: u64) -> bool {
        sum.is_multiple_of(self.delta) && (1..=self.times).contains(&(sum / self.delta))
    }
}

thread_local! {
    static CLAIMS: RefCell<BTreeMap<String, Claim>> = const { RefCell::new(BTreeMap::new()) };
}

/// What is known of a slot; it is forgotten by that.
pub(crate) fn take(key: &str) -> Option<Claim> {
    CLAIMS.with_borrow_mut(|claims| claims.remove(key))
}

/// Remembers how a slot stands.
pub(crate) fn keep(key: &str, claim: Claim) {
    CLAIMS.with_borrow_mut(|claims| {
        if claims.len() >= REMEMBERED {
            // What was lost can be asked for again. What is ours cannot be won again.
            claims.retain(|_, known| matches!(known, Claim::Ours(_)));
            if claims.len() >= REMEMBERED {
                claims.pop_first();
            }
        }
        claims.insert(key.to_owned(), claim);
    });
}
