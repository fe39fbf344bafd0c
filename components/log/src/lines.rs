//! Assembles lines from pieces.
//!
//! A piece need not be a line: Rust's `eprintln!` writes each of its arguments separately. So a line is
//! buffered until its end arrives or until it is long.

/// Upper limit of a line, in bytes. The rest of a longer line is printed as further lines.
const LONGEST: usize = 2000;

/// Upper limit of a printed name, in bytes.
const SUBJECT: usize = 200;

/// Incomplete lines: the handler, whether the text is from its stderr, and the text.
pub struct Lines(Vec<(String, bool, Vec<u8>)>);

impl Lines {
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds text. Returns the lines that it completes.
    pub fn add(&mut self, handler: &str, stderr: bool, text: &[u8]) -> String {
        let known = self
            .0
            .iter()
            .position(|(name, error, _)| name == handler && *error == stderr);
        let index = known.unwrap_or_else(|| {
            self.0.push((handler.into(), stderr, Vec::new()));
            self.0.len() - 1
        });
        let begun = &mut self.0[index].2;
        let mut said = String::new();
        for piece in text.split_inclusive(|byte| *byte == b'\n') {
            let (piece, ended) = match piece.split_last() {
                Some((b'\n', piece)) => (piece, true),
                _ => (piece, false),
            };
            let mut rest = piece;
            while begun.len() + rest.len() > LONGEST {
                let (front, back) = rest.split_at(LONGEST - begun.len());
                begun.extend_from_slice(front);
                push_line(&mut said, handler, begun);
                rest = back;
            }
            begun.extend_from_slice(rest);
            if ended {
                push_line(&mut said, handler, begun);
            }
        }
        said
    }

    /// Completes and returns the incomplete lines of a handler.
    pub fn end(&mut self, handler: &str) -> String {
        let mut said = String::new();
        for (name, _, begun) in &mut self.0 {
            if name == handler && !begun.is_empty() {
                push_line(&mut said, handler, begun);
            }
        }
        said
    }
}

/// Adds the line `[handler] text` and clears the text.
fn push_line(said: &mut String, handler: &str, text: &mut Vec<u8>) {
    said.push('[');
    said.push_str(handler);
    said.push_str("] ");
    push_plain(said, text.strip_suffix(b"\r").unwrap_or(text));
    said.push('\n');
    text.clear();
}

/// Adds text with control characters replaced, so that it cannot control a terminal or imitate another line.
pub fn push_plain(said: &mut String, text: &[u8]) {
    for character in String::from_utf8_lossy(text).chars() {
        said.push(match character {
            '\t' => '\t',
            control if control.is_control() => char::REPLACEMENT_CHARACTER,
            plain => plain,
        });
    }
}

/// Truncates a text to [`MAX_SUBJECT_BYTES`].
pub fn shortened(text: &str) -> &str {
    let end = (0..=SUBJECT.min(text.len())).rev();
    let end = end.into_iter().find(|end| text.is_char_boundary(*end));
    &text[..end.unwrap_or_default()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_whole_before_it_is_printed() {
        let mut lines = Lines::new();
        assert_eq!(lines.add("a", true, b"one "), "");
        assert_eq!(lines.add("b", true, b"other\n"), "[b] other\n");
        assert_eq!(lines.add("a", false, b"out\n"), "[a] out\n");
        assert_eq!(
            lines.add("a", true, b"two\nthree\nfo"),
            "[a] one two\n[a] three\n"
        );
        assert_eq!(lines.add("a", true, b"ur\n"), "[a] four\n");
        assert_eq!(lines.add("a", true, b"\n"), "[a] \n");
    }

    #[test]
    fn what_was_begun_ends_when_the_handler_is_stopped() {
        let mut lines = Lines::new();
        lines.add("a", true, b"half");
        lines.add("b", true, b"other");
        assert_eq!(lines.end("a"), "[a] half\n");
        assert_eq!(lines.end("a"), "");
        assert_eq!(lines.add("b", true, b"\n"), "[b] other\n");
    }

    #[test]
    fn a_line_without_an_end_takes_no_memory_without_end() {
        let mut lines = Lines::new();
        let mut said = String::new();
        for _ in 0..1000 {
            said += &lines.add("a", true, b"0123456789");
        }
        said += &lines.end("a");
        assert!(said.lines().all(|line| line.len() <= LONGEST + 4), "{said}");
        assert_eq!(said.replace("[a] ", "").replace('\n', "").len(), 10_000);
        let big = vec![b'x'; 5 * LONGEST];
        assert_eq!(lines.add("a", true, &big).lines().count(), 4);
        assert_eq!(lines.end("a").len(), LONGEST + 5);
    }

    #[test]
    fn a_line_cannot_look_like_another_one() {
        let mut lines = Lines::new();
        let said = lines.add("a", true, b"x\r[b] y\x1b[2J\xff\r\n");
        assert_eq!(said, "[a] x\u{fffd}[b] y\u{fffd}[2J\u{fffd}\n");
    }

    #[test]
    fn names_are_cut_between_characters() {
        assert_eq!(shortened("short"), "short");
        let long = "é".repeat(150);
        assert_eq!(shortened(&long).len(), 200);
        assert_eq!(shortened(&format!("x{long}")).len(), 199);
    }
}
