//! One log line for each cause and period, however often it comes.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long a cause is not news again.
const PERIOD: Duration = Duration::from_secs(60);

/// Of one cause: when it was logged last, and how often it came since.
#[derive(Debug, Default)]
pub struct Seldom(Mutex<Option<(Instant, u64)>>);

impl Seldom {
    /// Nothing has come yet.
    pub const fn new() -> Self {
        Self(Mutex::new(None))
    }

    /// It came. Answers how often it had come unsaid before, if it is to be logged now.
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
