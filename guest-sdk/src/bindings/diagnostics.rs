//! Lines for the host's log.

use core::fmt::{self, Write as _};
use std::panic;

wit_bindgen::generate!({
    inline: "package annals:sdk; world diagnostics { import annals:es/diagnostics@0.2.0; }",
    path: "wit",
    generate_all,
});

use self::annals::es::diagnostics::put;

/// Whatever is written is put, character by character, in one line.
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

/// Writes a line, or several if the text has several.
pub fn log(text: fmt::Arguments<'_>) {
    /// As [`Line`], with line feeds as they are.
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

/// From now on a panic says in one line where it happened, and why.
///
/// The standard library's own way of telling goes nowhere on wasm32-unknown-unknown, and elsewhere looks at the
/// environment, which would stop the handler in its sandbox before anything is told.
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
