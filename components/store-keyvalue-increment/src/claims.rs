//! The claims of this instance on slots whose creation is not complete.
//!
//! The claims live as long as the instance, which is longer than a connection. An owner that lost the
//! connection during a creation can complete it later. If the claims are lost, only an operator's repair can
//! complete the creation.

use std::cell::RefCell;
use std::collections::BTreeMap;

use wasip2::random::random::get_random_u64;

/// Upper limit of stored claims. Further ones are dropped: more creations are incomplete only while the host
/// fails all writes.
const REMEMBERED: usize = 1024;

/// The state of this instance's claim on a slot.
pub(crate) enum Claim {
    /// The increment received no answer, so it may or may not have happened.
    Asked(Count),
    /// This instance owns the slot. It may set only these bytes, because an earlier `set` may have succeeded.
    Ours(Vec<u8>),
    /// Another writer owns the slot.
    Lost,
}

/// The increments of one attempt to claim a slot.
///
/// The delta is random, which distinguishes an unanswered increment of this attempt from another writer's
/// increment: if the sum is a multiple of our delta, no other writer has counted.
pub(crate) struct Count {
    pub delta: u64,
    /// Number of increments that may have happened.
    pub times: u64,
}

impl Count {
    pub(crate) fn new() -> Self {
        // A delta has 32 bits, so the counter does not overflow before two thousand million increments.
        let delta = (get_random_u64() >> 32) + 1;
        Self { delta, times: 0 }
    }

    /// Whether a sum shows that no other writer counted before our first increment.
    pub(crate) fn is_first(&self, sum: u64) -> bool {
        sum.is_multiple_of(self.delta) && (1..=self.times).contains(&(sum / self.delta))
    }
}

thread_local! {
    static CLAIMS: RefCell<BTreeMap<String, Claim>> = const { RefCell::new(BTreeMap::new()) };
}

/// Removes and returns the claim on a slot.
pub(crate) fn take(key: &str) -> Option<Claim> {
    CLAIMS.with_borrow_mut(|claims| claims.remove(key))
}

/// Stores the claim on a slot.
pub(crate) fn keep(key: &str, claim: Claim) {
    CLAIMS.with_borrow_mut(|claims| {
        if claims.len() >= REMEMBERED {
            // Drop the claims of other writers first: a further increment finds them out again. An owned slot
            // cannot be won a second time.
            claims.retain(|_, known| matches!(known, Claim::Ours(_)));
            if claims.len() >= REMEMBERED {
                claims.pop_first();
            }
        }
        claims.insert(key.to_owned(), claim);
    });
}
