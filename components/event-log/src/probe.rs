//! Finds the last slot that exists, in few reads.

/// A writer probes for the end again after this many lost races for the slot there.
pub const PROBE_AFTER_LOST_RACES: u32 = 4;

/// Finds the last number for which `holds` is true; 0 if there is none. `holds` must be true from 1 up to some number,
/// and false for all higher numbers.
///
/// The steps away from `guess` double, then halve. This takes few calls if the guess is close, and about 2 log2 of the
/// distance otherwise. The answer is exact only if it does not change during the probe. If it grows meanwhile, this
/// function returns a number for which `holds` was true and whose successor was seen to be false. `u64::MAX` counts as
/// never used, so every number found has a successor.
pub fn last<E>(guess: u64, mut holds: impl FnMut(u64) -> Result<bool, E>) -> Result<u64, E> {
    let mut holds = |slot| {
        if slot == u64::MAX {
            Ok(false)
        } else {
            holds(slot)
        }
    };
    // Invariant: `holds` is true for `low` (0 counts as true) and false for `high`.
    let (mut low, mut high);
    let mut step: u64 = 1;
    if guess == 0 || holds(guess)? {
        low = guess;
        loop {
            let next = low.saturating_add(step);
            if !holds(next)? {
                high = next;
                break;
            }
            low = next;
            step = step.saturating_mul(2);
        }
    } else {
        high = guess;
        loop {
            let next = high.saturating_sub(step);
            if next == 0 || holds(next)? {
                low = next;
                break;
            }
            high = next;
            step = step.saturating_mul(2);
        }
    }
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if holds(middle)? {
            low = middle;
        } else {
            high = middle;
        }
    }
    Ok(low)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_highest_number_is_never_used() {
        for guess in [0, 1, u64::MAX - 1, u64::MAX] {
            assert_eq!(last::<()>(guess, |_| Ok(true)), Ok(u64::MAX - 1));
        }
    }

    proptest! {
        #[test]
        fn finds_the_last_one_from_any_guess(answer in 0u64..5000, guess in 0u64..5000) {
            let mut calls = 0u32;
            let found = last::<()>(guess, |slot| { calls += 1; Ok(slot <= answer) });
            prop_assert_eq!(found, Ok(answer));
            prop_assert!(calls <= 4 + 2 * (answer.abs_diff(guess) + 1).ilog2(), "{} calls", calls);
        }
    }
}
