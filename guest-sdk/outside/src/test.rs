//! The fake environment of a notifier in a test, and the requests that the notifier sent. Native only.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::rc::Rc;

use crate::granted::within;
use crate::http::native::Granted;
use crate::http::{Answer, Request};

/// Creates a world without environment variables, in which every HTTP request fails as unreachable.
pub fn world() -> World {
    World::default()
}

/// Returns the world in which this code runs.
#[doc(hidden)]
pub fn here() -> World {
    World {
        env: crate::env::GRANTED.with_borrow(Clone::clone),
        http: crate::http::native::GRANTED.with_borrow(Clone::clone),
    }
}

/// The fake environment of a notifier. [`world`] creates it.
#[derive(Clone, Default)]
#[must_use]
pub struct World {
    env: BTreeMap<String, String>,
    http: Granted,
}

impl World {
    /// Sets an environment variable.
    pub fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.env.insert(name.into(), value.into());
        self
    }

    /// Answers every HTTP request with a `Response`, or with an `Error` in place of a response.
    pub fn answering<A: Answer>(mut self, answer: impl Fn(&Request) -> A + 'static) -> Self {
        let answer = move |request: &Request| answer(request).into_result();
        self.http.answer = Some(Rc::new(answer));
        self
    }

    /// Runs the test of a notifier in this world. A notifier outside of a world has no variables and reaches nobody.
    pub fn run<R>(&self, test: impl FnOnce() -> R) -> R {
        within(&crate::env::GRANTED, self.env.clone(), || {
            within(&crate::http::native::GRANTED, self.http.clone(), test)
        })
    }

    /// Returns the HTTP requests that were sent in this world since the last call, in order.
    #[must_use]
    pub fn sent(&self) -> Vec<Request> {
        self.http.sent.take()
    }

    /// Like [`World::sent`], but keeps the requests for later calls.
    #[doc(hidden)]
    #[must_use]
    pub fn peek(&self) -> Vec<Request> {
        self.http.sent.borrow().clone()
    }

    /// Expects that these HTTP requests and no others were sent since the last call, in this order. Timeouts are not
    /// compared.
    ///
    /// # Panics
    ///
    /// Panics if other requests were sent.
    #[track_caller]
    pub fn then_sent(&self, requests: impl IntoIterator<Item = Request>) {
        let expected: Vec<Request> = requests.into_iter().collect();
        let sent = self.sent();
        assert!(
            sent == expected,
            "\nexpected: {}\n     got: {}\n",
            show(&expected),
            show(&sent),
        );
    }
}

fn show(requests: &[Request]) -> String {
    if requests.is_empty() {
        return "no requests".into();
    }
    let mut out = String::from("requests");
    for request in requests {
        let _ = write!(out, "\n          {} {}", request.method, request.url);
        for (name, value) in &request.headers {
            let _ = write!(out, "\n            {name}: {value}");
        }
        let body = String::from_utf8_lossy(&request.body);
        let _ = write!(out, "\n            {body}");
    }
    out
}
