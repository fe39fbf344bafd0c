//! Catches failed assertions with their message and place, and keeps them off stderr.
//!
//! The panic hook of the process is set once. It passes panics that this module does not catch on to the previous
//! hook.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, PanicHookInfo};
use std::sync::Once;

/// Maximum number of characters of an assertion's message.
const LONGEST: usize = 1200;

thread_local! {
    static WATCHING: Cell<bool> = const { Cell::new(false) };
    static LAST: RefCell<Option<String>> = const { RefCell::new(None) };
}
static HOOK: Once = Once::new();

/// The message of a panic in another thread.
struct PassedOn(String);

/// Runs a function. A panic becomes an error with the failure and its place.
pub(crate) fn catch<T>(run: impl FnOnce() -> T) -> Result<T, String> {
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if WATCHING.get() {
                LAST.set(Some(describe(info)));
            } else {
                before(info);
            }
        }));
    });
    let watching = WATCHING.replace(true);
    let result = std::panic::catch_unwind(AssertUnwindSafe(run));
    WATCHING.set(watching);
    result.map_err(|_| LAST.take().unwrap_or_else(|| "a panic".into()))
}

fn describe(info: &PanicHookInfo<'_>) -> String {
    if let Some(PassedOn(said)) = info.payload().downcast_ref() {
        return said.clone();
    }
    let said = shortened(info.payload_as_str().unwrap_or("a panic"));
    match info.location() {
        Some(at) => format!("{said} ({}:{})", at.file(), at.line()),
        None => said.into_owned(),
    }
}

/// Shortens a message: the beginnings of two lists of a thousand events suffice.
fn shortened(said: &str) -> Cow<'_, str> {
    match said.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &said[..end]).into(),
        None => said.into(),
    }
}

/// Runs the same function in several threads at once, and returns their results. If threads panic, the first panic is
/// repeated here after all threads have ended.
pub(crate) fn each<T: Send>(threads: usize, run: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let run = &run;
    let ended: Vec<_> = std::thread::scope(|scope| {
        let started: Vec<_> = (0..threads)
            .map(|thread| scope.spawn(move || catch(|| run(thread))))
            .collect();
        started.into_iter().map(|thread| thread.join()).collect()
    });
    ended
        .into_iter()
        .map(|result| match result {
            Ok(Ok(value)) => value,
            Ok(Err(said)) => std::panic::panic_any(PassedOn(said)),
            Err(payload) => std::panic::resume_unwind(payload),
        })
        .collect()
}
