//! Lines for the host's log.

use core::fmt::{self, Write as _};
use std::panic;

wit_bindgen::generate!({
    inline: "package annals:sdk; world diagnostics { import annals:es/diagnostics@0.2.0; }",
    path: "wit",
    generate_all,
});

use self::annals::es::diagnostics::put;

/// Writes text to the host's log, character by character, as one line: line feeds become spaces.
struct Line;

impl fmt::Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            put(match character {
                '\n' => ' ',
                other => other,
            });
        }
        Ok(())
    }
}

/// Writes one line to the host's log, or several if the text contains line feeds.
pub fn log(text: fmt::Arguments<'_>) {
    /// Like [`Line`], but keeps line feeds.
    struct Lines;

    impl fmt::Write for Lines {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            text.chars().for_each(put);
            Ok(())
        }
    }

    let _ = Lines.write_fmt(text);
    put('\n');
}

/// Installs a panic hook that logs the location and message of a panic in one line.
///
/// The standard library's own hook discards the message on wasm32-unknown-unknown. On other targets it reads the
/// environment, and the sandbox would stop the handler before it logs anything.
pub(super) fn tell_panics() {
    panic::set_hook(Box::new(|info| {
        let _ = Line.write_str("panicked");
        if let Some(location) = info.location() {
            let _ = Line.write_fmt(format_args!(" at {location}"));
        }
        if let Some(message) = info.payload_as_str() {
            let _ = Line.write_fmt(format_args!(": {message}"));
        }
        put('\n');
    }));
}
