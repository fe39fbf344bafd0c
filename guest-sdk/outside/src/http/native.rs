//! Requests natively: a test answers them.

use super::{Error, Request, Response};
use std::cell::RefCell;
use std::rc::Rc;

/// What a test says of the world.
#[derive(Clone, Default)]
pub(crate) struct Granted {
    pub answer: Option<Rc<Answering>>,
    /// Requests since they were last taken.
    pub sent: Rc<RefCell<Vec<Request>>>,
}

pub(crate) type Answering = dyn Fn(&Request) -> Result<Response, Error>;

thread_local! {
    /// Set while a test runs a notifier.
    pub(crate) static GRANTED: RefCell<Granted> = RefCell::default();
}

pub(super) fn send(request: &Request) -> Result<Response, Error> {
    // The answer is given outside of the borrow: it is the test's code.
    let Granted { answer, sent } = GRANTED.with_borrow(Clone::clone);
    sent.borrow_mut().push(request.clone());
    match answer {
        Some(answer) => answer(request),
        None => Err(Error::Unreachable("nobody answers in this test".into())),
    }
}
