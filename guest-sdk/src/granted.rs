//! What notifiers are granted, natively: what a test says.

use std::cell::RefCell;
use std::collections::BTreeMap;

/// What surrounds a notifier in a test.
#[derive(Clone, Default)]
pub(crate) struct Granted {
    #[cfg_attr(not(feature = "env"), allow(dead_code))]
    pub env: BTreeMap<String, String>,
    #[cfg(feature = "http")]
    pub answer: Option<std::rc::Rc<Answering>>,
    /// Requests since they were last taken.
    #[cfg(feature = "http")]
    pub sent: std::rc::Rc<RefCell<Vec<crate::http::Request>>>,
}

#[cfg(feature = "http")]
pub(crate) type Answering =
    dyn Fn(&crate::http::Request) -> Result<crate::http::Response, crate::http::Error>;

thread_local! {
    /// Set while a test runs a notifier.
    static GRANTED: RefCell<Granted> = RefCell::default();
}

/// Runs a notifier in these surroundings.
pub(crate) fn within<T>(granted: Granted, run: impl FnOnce() -> T) -> T {
    /// Puts back what was there before, also if the notifier panics.
    struct Restore(Granted);

    impl Drop for Restore {
        fn drop(&mut self) {
            GRANTED.set(std::mem::take(&mut self.0));
        }
    }

    let _restore = Restore(GRANTED.replace(granted));
    run()
}

#[cfg(feature = "env")]
pub(crate) fn env(name: &str) -> Option<String> {
    GRANTED.with_borrow(|granted| granted.env.get(name).cloned())
}

#[cfg(feature = "http")]
pub(crate) fn answer(
    request: &crate::http::Request,
) -> Result<crate::http::Response, crate::http::Error> {
    // The answer is given outside of the borrow: it is the test's code.
    let Granted { answer, sent, .. } = GRANTED.with_borrow(Clone::clone);
    sent.borrow_mut().push(request.clone());
    match answer {
        Some(answer) => answer(request),
        None => Err(crate::http::Error::Unreachable(
            "nobody answers in this test".into(),
        )),
    }
}
