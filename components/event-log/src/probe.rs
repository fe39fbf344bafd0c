//! Finds the last slot that exists, in few reads.

/// Slots hold for `holds` from 1 up to some number, and for none after it: returns that number, 0
/// if there is none. Doubles its steps away from `guess`, then halves. Few calls when the guess is
/// close, some 2 log2 of the distance otherwise.
///
/// Exact only while the answer stands still; when it grows meanwhile, returns a number for which
/// `holds` was true and after which it was seen to be false. The highest number counts as never
/// used: whatever was found, there is a next one.
pub(crate) fn last<E>(guess: u64, mut holds: impl FnMut(u64) -> Result<bool, E>) -> Result<u64, E> {
    let mut holds = |slot| {
        if slot == u64::MAX {
            Ok(false)
        } else {
            holds(slot)
        }
    };
    // Invariant: `low` holds (0 counts as holding), `high` does not.
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
