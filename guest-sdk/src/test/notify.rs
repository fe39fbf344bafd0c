//! Given, when, then, of notifiers.

use std::marker::PhantomData;
use std::time::Duration;

use super::log::{Log, On};
use crate::erased::NotifierEntry;
use crate::{Delivery, Notifier};
#[cfg(all(feature = "http", not(target_family = "wasm")))]
use annals_outside::http::{Answer, Request};
#[cfg(all(any(feature = "env", feature = "http"), not(target_family = "wasm")))]
use annals_outside::test::{World, here, world};

/// Starts a test of a notifier. What it may reach out by, the test says with `annals_outside::test`.
pub fn notify<N: Notifier>() -> Notify<N> {
    Notify {
        attempt: 1,
        #[cfg(all(any(feature = "env", feature = "http"), not(target_family = "wasm")))]
        world: None,
        notifier: PhantomData,
    }
}

/// What surrounds a notifier. Made by [`notify`].
#[must_use]
pub struct Notify<N> {
    attempt: u32,
    /// Given in the former way; otherwise the notifier runs in the world that the test runs in.
    #[cfg(all(any(feature = "env", feature = "http"), not(target_family = "wasm")))]
    world: Option<World>,
    notifier: PhantomData<N>,
}

impl<N: Notifier> Notify<N> {
    /// The event was tried before: this is so many-th attempt. Otherwise the first.
    pub fn attempt(mut self, attempt: u32) -> Self {
        self.attempt = attempt;
        self
    }

    /// The former way to say that an environment variable is set.
    #[cfg(all(feature = "env", not(target_family = "wasm")))]
    #[deprecated(note = "say it of the world: `annals_outside::test::world().env(..)`")]
    pub fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.world = Some(self.world.unwrap_or_else(world).env(name, value));
        self
    }

    /// The former way to say how HTTP requests are answered.
    #[cfg(all(feature = "http", not(target_family = "wasm")))]
    #[deprecated(note = "say it of the world: `annals_outside::test::world().answering(..)`")]
    pub fn answering<A: Answer>(mut self, answer: impl Fn(&Request) -> A + 'static) -> Self {
        self.world = Some(self.world.unwrap_or_else(world).answering(answer));
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

/// What came of it. Made by [`Notify::when`].
#[must_use]
pub struct Notified {
    delivery: Delivery,
    /// HTTP requests, in order.
    #[cfg(all(feature = "http", not(target_family = "wasm")))]
    sent: Vec<Request>,
}

impl Notified {
    /// The HTTP requests that it sent, in order, where the answers were given in the former way.
    #[cfg(all(feature = "http", not(target_family = "wasm")))]
    #[deprecated(note = "ask the world: `annals_outside::test::World::sent`")]
    pub fn sent(&self) -> &[Request] {
        &self.sent
    }

    /// The former way to say that it sent these HTTP requests and no others.
    ///
    /// # Panics
    ///
    /// If it sent others.
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
