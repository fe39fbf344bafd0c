//! Given, when, then, of notifiers.

use std::marker::PhantomData;
use std::time::Duration;

use super::log::{Log, On};
use crate::erased::NotifierEntry;
use crate::{Delivery, Notifier};

/// Starts a test of a notifier.
pub fn notify<N: Notifier>() -> Notify<N> {
    Notify {
        attempt: 1,
        notifier: PhantomData,
    }
}

/// What surrounds a notifier. Made by [`notify`].
#[must_use]
pub struct Notify<N> {
    attempt: u32,
    notifier: PhantomData<N>,
}

impl<N: Notifier> Notify<N> {
    /// The event was tried before: this is so many-th attempt. Otherwise the first.
    pub fn attempt(mut self, attempt: u32) -> Self {
        self.attempt = attempt;
        self
    }

    /// It is told of an event.
    ///
    /// # Panics
    ///
    /// If the event does not survive its encoding.
    #[track_caller]
    pub fn when(&self, event: On<N::Event>) -> Notified {
        let recorded = Log::default().record(event);
        let entry = const { NotifierEntry::of::<N>() };
        match (entry.notify)(&recorded, self.attempt) {
            Ok(delivery) => Notified { delivery },
            Err(fault) => panic!("{}", fault.0),
        }
    }
}

/// What came of it. Made by [`Notify::when`].
#[must_use]
pub struct Notified {
    delivery: Delivery,
}

impl Notified {
    /// It is done.
    ///
    /// # Panics
    ///
    /// If it is not.
    #[track_caller]
    pub fn then_done(&self) -> &Self {
        self.expect(self.delivery == Delivery::Done, "done")
    }

    /// It is to be tried again, some time.
    ///
    /// # Panics
    ///
    /// If it is not.
    #[track_caller]
    pub fn then_retry(&self) -> &Self {
        let matches = matches!(self.delivery, Delivery::RetryAfter(_));
        self.expect(matches, "retry after some time")
    }

    /// It is to be tried again, after this time.
    ///
    /// # Panics
    ///
    /// If it is not, or after another one.
    #[track_caller]
    pub fn then_retry_after(&self, pause: Duration) -> &Self {
        let matches = self.delivery == Delivery::RetryAfter(pause);
        self.expect(matches, &format!("retry after {pause:?}"))
    }

    /// It can never be done, for a reason that contains this text.
    ///
    /// # Panics
    ///
    /// If it is not rejected, or for another reason.
    #[track_caller]
    pub fn then_rejected(&self, why: &str) -> &Self {
        let matches = matches!(&self.delivery, Delivery::Reject(reason) if reason.contains(why));
        self.expect(matches, &format!("rejected: … {why} …"))
    }

    #[track_caller]
    fn expect(&self, matches: bool, wanted: &str) -> &Self {
        let got = match &self.delivery {
            Delivery::Done => "done".to_owned(),
            Delivery::RetryAfter(pause) => format!("retry after {pause:?}"),
            Delivery::Reject(reason) => format!("rejected: {reason}"),
        };
        assert!(matches, "\nexpected: {wanted}\n     got: {got}\n");
        self
    }
}
