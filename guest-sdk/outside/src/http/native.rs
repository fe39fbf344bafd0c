//! Requests in a native build: a test answers them.

use super::{Error, Request, Response};
use std::cell::RefCell;
use std::rc::Rc;

/// The answers of a test, and the requests that the notifier sent.
#[derive(Clone, Default)]
pub(crate) struct Granted {
    pub answer: Option<Rc<Answering>>,
    /// The requests that were sent since the test last took them.
    pub sent: Rc<RefCell<Vec<Request>>>,
}

pub(crate) type Answering = dyn Fn(&Request) -> Result<Response, Error>;

thread_local! {
    /// The answers of the current test. They are set while it runs a notifier.
    pub(crate) static GRANTED: RefCell<Granted> = RefCell::default();
}

pub(super) fn send(request: &Request) -> Result<Response, Error> {
    // Calls the answer after the borrow has ended: the test's code may send requests itself.
    let Granted { answer, sent } = GRANTED.with_borrow(Clone::clone);
    sent.borrow_mut().push(request.clone());
    match answer {
        Some(answer) => answer(request),
        None => Err(Error::Unreachable("nobody answers in this test".into())),
    }
}
