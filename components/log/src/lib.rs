//! The log of sandboxed handlers: writes their output to the host's stderr, line by line, with the handler's
//! name in front.
//!
//! # Layout
//!
//! - [`lines`]: assembles lines from pieces.
#![allow(missing_docs, reason = "generated bindings")]

use annals_allocator as _;

mod lines;

wit_bindgen::generate!({
    path: ["../../wit", "../../wit/framework"],
    world: "annals:framework/log-component",
    generate_all,
});

use core::cell::RefCell;
use exports::annals::framework::log::Guest;
use lines::Lines;
use wasip2::cli::stderr;

struct Log;

thread_local! {
    /// Incomplete lines of handlers.
    static LINES: RefCell<Lines> = const { RefCell::new(Lines::new()) };
}

impl Guest for Log {
    fn write(handler: String, stderr: bool, text: Vec<u8>) {
        let said = LINES.with_borrow_mut(|lines| lines.add(&handler, stderr, &text));
        print(&said);
    }

    fn report_violation(
        handler: String,
        attempt: String,
        subject: String,
        function: String,
        outcome: String,
    ) {
        // Print the handler's incomplete line first, in the order of the calls.
        let mut said = LINES.with_borrow_mut(|lines| lines.end(&handler));
        said.push_str("annals: `");
        lines::push_plain(&mut said, handler.as_bytes());
        said.push_str("` tried to ");
        said.push_str(&attempt);
        if !subject.is_empty() {
            said.push_str(" `");
            lines::push_plain(&mut said, lines::shortened(&subject).as_bytes());
            said.push('`');
        }
        for piece in [" (", &function, ") ", &outcome, "\n"] {
            said.push_str(piece);
        }
        print(&said);
    }
}

/// Writes whole lines in one piece, if the host accepts the size. If the host refuses a write, the text is
/// lost.
fn print(text: &str) {
    let stream = stderr::get_stderr();
    for piece in text.as_bytes().chunks(4096) {
        if stream.blocking_write_and_flush(piece).is_err() {
            return;
        }
    }
}

export!(Log);
