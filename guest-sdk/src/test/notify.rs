//! Given, when, then, of notifiers.

use std::marker::PhantomData;
use std::time::Duration;

use super::log::{Log, On};
use crate::erased::NotifierEntry;
#[cfg(all(any(feature = "env", feature = "http"), not(target_family = "wasm")))]
use crate::granted::within;
#[cfg(all(feature = "http", not(target_family = "wasm")))]
use crate::http::{Answer, Request};
use crate::{Delivery, Notifier};

/// Starts a test of a notifier. Nothing is granted to it but what the test says.
pub fn notify<N: Notifier>() -> Notify<N> {
    Notify {
        attempt: 1,
        #[cfg(all(feature = "env", not(target_family = "wasm")))]
        env: Default::default(),
        #[cfg(all(feature = "http", not(target_family = "wasm")))]
        http: Default::default(),
        notifier: PhantomData,
    }
}

/// What surrounds a notifier. Made by [`notify`].
#[must_use]
pub struct Notify<N> {
    attempt: u32,
    #[cfg(all(feature = "env", not(target_family = "wasm")))]
    env: std::collections::BTreeMap<String, String>,
    #[cfg(all(feature = "http", not(target_family = "wasm")))]
    http: crate::http::native::Granted,
    notifier: PhantomData<N>,
}

impl<N: Notifier> Notify<N> {
    /// The event was tried before: this is so many-th attempt. Otherwise the first.
    pub fn attempt(mut self, attempt: u32) -> Self {
        self.attempt = attempt;
        self
    }

    /// An environment variable is set. Otherwise there are none.
    #[cfg(all(feature = "env", not(target_family = "wasm")))]
    pub fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.env.insert(name.into(), value.into());
        self
    }

    /// HTTP requests are answered by a `Response`, or by an `Error` if nobody answers. Otherwise
    /// nobody can be reached.
    #[cfg(all(feature = "http", not(target_family = "wasm")))]
    pub fn answering<A: Answer>(mut self, answer: impl Fn(&Request) -> A + 'static) -> Self {
        let answer = move |request: &Request| answer(request).into_result();
        self.http.answer = Some(std::rc::Rc::new(answer));
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
        #[cfg(all(feature = "env", not(target_family = "wasm")))]
        let notify = || within(&crate::env::GRANTED, self.env.clone(), notify);
        #[cfg(all(feature = "http", not(target_family = "wasm")))]
        let notify = || within(&crate::http::native::GRANTED, self.http.clone(), notify);
        match notify() {
            Ok(delivery) => Notified {
                delivery,
                #[cfg(all(feature = "http", not(target_family = "wasm")))]
                sent: self.http.sent.take(),
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
    /// The HTTP requests that it sent, in order.
    #[cfg(all(feature = "http", not(target_family = "wasm")))]
    pub fn sent(&self) -> &[Request] {
        &self.sent
    }

    /// It sent these HTTP requests and no others, in this order. Timeouts are not compared.
    ///
    /// # Panics
    ///
    /// If it sent others.
    #[cfg(all(feature = "http", not(target_family = "wasm")))]
    #[track_caller]
    pub fn then_sent(&self, requests: impl IntoIterator<Item = Request>) -> &Self {
        let expected: Vec<Request> = requests.into_iter().collect();
        assert!(
            self.sent == expected,
            "\nexpected: {}\n     got: {}\n",
            show(&expected),
            show(&self.sent),
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

#[cfg(all(feature = "http", not(target_family = "wasm")))]
fn show(requests: &[Request]) -> String {
    use std::fmt::Write as _;

    if requests.is_empty() {
        return "no requests".into();
    }
    let mut out = String::from("requests");
    for request in requests {
        let _ = write!(out, "\n          {} {}", request.method, request.url);
        for (name, value) in &request.headers {
            let _ = write!(out, "\n            {name}: {value}");
        }
        let _ = write!(
            out,
            "\n            {}",
            super::encoding::text(&request.body)
        );
    }
    out
}
