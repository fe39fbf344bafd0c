//! Real time: checks that every operation can have taken effect at some moment between its call and its answer.
//!
//! # The rule
//!
//! The commits `c1 … ck` of a stream took effect at moments `L1 < … < Lk`, in the order in which
//! they lie there in the end: versions are given out once, so there is no other order. What
//! clients saw bounds these moments, by the times at which operations were invoked and completed
//! (no two times are equal):
//!
//! - an append of `cj`: `invoked < Lj`, and, if it was acknowledged, `Lj < completed`. (In doubt,
//!   it may take effect at any later time.)
//! - an answer that shows `cj`, and perhaps more: `Lj < completed`.
//! - an answer that says "the stream is at exactly `cj`": a read that saw the end; a conflict's
//!   `actual`; a command's outcome recorded at that version. It holds at all moments in
//!   `[Lj, Lj+1)`, and it is true if one of them lies in `(invoked, completed)`. Two intervals have
//!   a moment in common if each begins before the other ends; so: `Lj < completed` and
//!   `invoked < Lj+1`.
//!
//! So every answer is a set of bounds `low < Li` and `Li < high`. Moments that keep all bounds, in
//! the order of the commits, exist if and only if for all `i <= j`: `low(i) < high(j)`, where
//! `low(i)` is the greatest lower bound of `Li` and `high(j)` the least upper one of `Lj`. (Only if:
//! `low(i) < Li <= Lj < high(j)`. If: put `Li` just after the greatest `low` of `c1 … ci`, in order.)
//! One pass with a running maximum decides it. So a stream passes exactly if it is linearizable.
//!
//! # Conflicts
//!
//! A conflict `(expected, actual)` is justified if the stream was at exactly version `actual` at a
//! moment during the call, and `expected` does not hold there; or if `expected` does hold there and
//! the append belonged to a command that had already ended.

use super::violation::{Kind, Violations};
use crate::record::OperationId;

/// The relation between an operation and a bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    /// The operation submitted the commit.
    Wrote,
    /// The operation is a read.
    Read,
    /// The operation was refused.
    Refused,
    /// The operation requires a version and has no commit of its own.
    Demanded,
}

/// A bound: a time, and where it comes from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bound {
    pub time: u64,
    pub by: OperationId,
    pub how: How,
}

/// The bounds of the moments of one stream's commits.
#[derive(Clone, Debug)]
pub(super) struct Bounds {
    low: Vec<Option<Bound>>,
    high: Vec<Option<Bound>>,
}

impl Bounds {
    pub fn new(commits: usize) -> Self {
        Self {
            low: vec![None; commits],
            high: vec![None; commits],
        }
    }

    /// The commit took effect after this.
    pub fn after(&mut self, commit: usize, bound: Bound) {
        if let Some(low) = self.low.get_mut(commit)
            && low.is_none_or(|known| known.time < bound.time)
        {
            *low = Some(bound);
        }
    }

    /// The commit took effect before this.
    pub fn before(&mut self, commit: usize, bound: Bound) {
        if let Some(high) = self.high.get_mut(commit)
            && high.is_none_or(|known| known.time > bound.time)
        {
            *high = Some(bound);
        }
    }

    /// The least upper bound of a commit's moment.
    pub fn high(&self, commit: usize) -> Option<Bound> {
        self.high.get(commit).copied().flatten()
    }

    /// Pairs that contradict each other: `(i, low(i), j, high(j))`. There is one if any contradict
    /// each other, and one at most for each greatest `low` so far.
    pub fn contradictions(&self) -> impl Iterator<Item = (usize, Bound, usize, Bound)> {
        let mut latest: Option<(usize, Bound)> = None;
        let mut told = None;
        self.low
            .iter()
            .zip(&self.high)
            .enumerate()
            .filter_map(move |(index, (low, high))| {
                if let Some(low) = low
                    && latest.is_none_or(|(_, known)| known.time < low.time)
                {
                    latest = Some((index, *low));
                }
                let ((at, low), high) = (latest?, (*high)?);
                let new = low.time > high.time && told != Some(low.time);
                if new {
                    told = Some(low.time);
                }
                new.then_some((at, low, index, high))
            })
    }

    /// Reports contradictory bounds. `version` is the stream's version after a commit.
    pub fn check(&self, stream: &str, version: impl Fn(usize) -> u64, found: &mut Violations) {
        for (i, low, j, high) in self.contradictions() {
            let kind = match (low.how, high.how) {
                (How::Refused, _) | (How::Wrote, How::Refused) => Kind::UnjustifiedRefusal,
                (How::Demanded, _) => Kind::PreconditionIgnored,
                (How::Read, _) => Kind::StaleRead,
                (How::Wrote, _) => Kind::WrongOrder,
            };
            let after = match low.how {
                How::Wrote => "submitted",
                How::Read => "not seen by a read",
                How::Refused => "not there for a refusal",
                How::Demanded => "not there for an operation that demanded a version",
            };
            let before = match high.how {
                How::Wrote => "acknowledged",
                How::Read => "seen by a read",
                How::Refused => "the reason for a refusal",
                How::Demanded => "demanded by an operation",
            };
            found.add(kind, Some(stream), &[low.by, high.by], || {
                format!(
                    "the commit up to version {} was {after} that began at {}, after the commit up to version {} was {before}, at {}",
                    version(i),
                    low.time,
                    version(j),
                    high.time
                )
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bound(time: u64) -> Bound {
        Bound {
            time,
            by: OperationId {
                client: 0,
                index: 0,
            },
            how: How::Read,
        }
    }

    /// Searches for moments that satisfy all bounds.
    fn possible(low: &[u64], high: &[u64], from: u64) -> bool {
        match (low, high) {
            ([low, lows @ ..], [high, highs @ ..]) => {
                (from.max(low + 1)..*high).any(|moment| possible(lows, highs, moment))
            }
            _ => true,
        }
    }

    #[test]
    fn contradictions_are_found_exactly_where_no_moments_exist() {
        let mut random = fastrand::Rng::with_seed(1);
        let mut seen = [0, 0];
        for _ in 0..20_000 {
            // No lower bound equals an upper one, and between any two there is room for a moment, which
            // stands for many: `possible` lets moments be equal.
            let low: Vec<u64> = (0..4).map(|_| random.u64(0..10) * 4).collect();
            let high: Vec<u64> = (0..4).map(|_| random.u64(0..10) * 4 + 6).collect();
            let mut bounds = Bounds::new(4);
            for i in 0..4 {
                bounds.after(i, bound(low[i]));
                bounds.before(i, bound(high[i]));
            }
            let sound = bounds.contradictions().next().is_none();
            assert_eq!(sound, possible(&low, &high, 0), "{low:?} {high:?}");
            seen[usize::from(sound)] += 1;
        }
        assert!(seen.iter().all(|count| *count > 1000), "{seen:?}");
    }
}
