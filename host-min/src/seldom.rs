//! Limits a log message to one for each cause and period, however often the cause occurs.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Interval within which a cause is logged once.
const PERIOD: Duration = Duration::from_secs(60);

/// For one cause: when it was logged last, and how often it has occurred since.
#[derive(Debug, Default)]
pub struct Seldom(Mutex<Option<(Instant, u64)>>);

impl Seldom {
    /// A cause that has not occurred yet.
    pub const fn new() -> Self {
        Self(Mutex::new(None))
    }

    /// Records an occurrence. If it is to be logged, returns the number of earlier occurrences that
    /// were not.
    pub fn news(&self) -> Option<u64> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *last {
            Some((when, unsaid)) if when.elapsed() < PERIOD => {
                *unsaid += 1;
                None
            }
            _ => {
                let unsaid = last.map_or(0, |(_, unsaid)| unsaid);
                *last = Some((Instant::now(), 0));
                Some(unsaid)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_logged_once_a_period_and_counted_meanwhile() {
        let seldom = Seldom::new();
        assert_eq!(seldom.news(), Some(0));
        assert_eq!((seldom.news(), seldom.news()), (None, None));
        let past = Instant::now().checked_sub(PERIOD).expect("time has passed");
        seldom.0.lock().expect("free").as_mut().expect("said").0 = past;
        assert_eq!(seldom.news(), Some(2));
        assert_eq!(seldom.news(), None);
    }
}
