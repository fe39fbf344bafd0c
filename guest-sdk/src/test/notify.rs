//! Given/when/then tests of notifiers.

use std::marker::PhantomData;
use std::time::Duration;

use super::log::{Log, On};
use crate::erased::NotifierEntry;
use crate::{Delivery, Notifier};
#[cfg(all(feature = "http", not(target_family = "wasm")))]
use annals_outside::http::{Answer, Request};
#[cfg(all(any(feature = "env", feature = "http"), not(target_family = "wasm")))]
use annals_outside::test::{World, here, world};

/// Starts a test of a notifier. The test defines the notifier's environment with `annals_outside::test`.
pub fn notify<N: Notifier>() -> Notify<N> {
    Notify {
        attempt: 1,
        #[cfg(all(any(feature = "env", feature = "http"), not(target_family = "wasm")))]
        world: None,
        notifier: PhantomData,
    }
}

/// The circumstances of a delivery to a notifier. [`notify`] creates it.
#[must_use]
pub struct Notify<N> {
    attempt: u32,
    /// The world that the deprecated methods define. Without one, the notifier runs in the world of the test.
    #[cfg(all(any(feature = "env", feature = "http"), not(target_family = "wasm")))]
    world: Option<World>,
    notifier: PhantomData<N>,
}

impl<N: Notifier> Notify<N> {
    /// Sets the number of the attempt. The default is 1.
    pub fn attempt(mut self, attempt: u32) -> Self {
        self.attempt = attempt;
        self
    }

    /// Former way to set an environment variable.
    #[cfg(all(feature = "env", not(target_family = "wasm")))]
    #[deprecated(note = "say it of the world: `annals_outside::test::world().env(..)`")]
    pub fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.world = Some(self.world.unwrap_or_else(world).env(name, value));
        self
    }

    /// Former way to answer HTTP requests.
    #[cfg(all(feature = "http", not(target_family = "wasm")))]
    #[deprecated(note = "say it of the world: `annals_outside::test::world().answering(..)`")]
    pub fn answering<A: Answer>(mut self, answer: impl Fn(&Request) -> A + 'static) -> Self {
        self.world = Some(self.world.unwrap_or_else(world).answering(answer));
        self
    }

    /// Delivers an event to the notifier.
    ///
    /// # Panics
    ///
    /// Panics if the event does not survive its encoding.
    #[track_caller]
    pub fn when(&self, event: On<N::Event>) -> Notified {
        let recorded = Log::default().record(event);
        let entry = const { NotifierEntry::of::<N>() };
        let notify = || (entry.notify)(&recorded, self.attempt);
        #[cfg(all(any(feature = "env", feature = "http"), not(target_family = "wasm")))]
        let world = self.world.clone().unwrap_or_else(here);
        #[cfg(all(any(feature = "env", feature = "http"), not(target_family = "wasm")))]
        let notify = || world.run(notify);
        #[cfg(all(feature = "http", not(target_family = "wasm")))]
        let before = world.peek().len();
        match notify() {
            Ok(delivery) => Notified {
                delivery,
                #[cfg(all(feature = "http", not(target_family = "wasm")))]
                sent: world.peek().split_off(before),
            },
            Err(fault) => panic!("{}", fault.0),
        }
    }
}

/// The result of a delivery. [`Notify::when`] creates it.
#[must_use]
pub struct Notified {
    delivery: Delivery,
    /// The HTTP requests that the notifier sent, in order.
    #[cfg(all(feature = "http", not(target_family = "wasm")))]
    sent: Vec<Request>,
}

impl Notified {
    /// Returns the HTTP requests that the notifier sent, in order, if the test used the deprecated `answering`.
    #[cfg(all(feature = "http", not(target_family = "wasm")))]
    #[deprecated(note = "ask the world: `annals_outside::test::World::sent`")]
    pub fn sent(&self) -> &[Request] {
        &self.sent
    }

    /// Former way to expect these HTTP requests and no others.
    ///
    /// # Panics
    ///
    /// Panics if the notifier sent other requests.
    #[cfg(all(feature = "http", not(target_family = "wasm")))]
    #[deprecated(note = "ask the world: `annals_outside::test::World::then_sent`")]
    #[track_caller]
    pub fn then_sent(&self, requests: impl IntoIterator<Item = Request>) -> &Self {
        let expected: Vec<Request> = requests.into_iter().collect();
        assert!(
            self.sent == expected,
            "\nexpected: {expected:?}\n     got: {:?}\n",
            self.sent,
        );
        self
    }

    /// Expects that the notifier handled the event.
    ///
    /// # Panics
    ///
    /// Panics if the result is different.
    #[track_caller]
    pub fn then_done(&self) -> &Self {
        self.expect(self.delivery == Delivery::Done, "done")
    }

    /// Expects that the notifier asks for a retry, after any time.
    ///
    /// # Panics
    ///
    /// Panics if the result is different.
    #[track_caller]
    pub fn then_retry(&self) -> &Self {
        let matches = matches!(self.delivery, Delivery::RetryAfter(_));
        self.expect(matches, "retry after some time")
    }

    /// Expects that the notifier asks for a retry after this time.
    ///
    /// # Panics
    ///
    /// Panics if the result is different, or the time is.
    #[track_caller]
    pub fn then_retry_after(&self, pause: Duration) -> &Self {
        let matches = self.delivery == Delivery::RetryAfter(pause);
        self.expect(matches, &format!("retry after {pause:?}"))
    }

    /// Expects that the notifier rejects the event, for a reason that contains this text.
    ///
    /// # Panics
    ///
    /// Panics if the notifier does not reject the event, or does so for another reason.
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
