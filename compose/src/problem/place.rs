//! A place in a text.

use std::ops::Range;
use std::sync::Arc;

/// A range of bytes of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    text: Arc<str>,
    span: Range<usize>,
}

impl Place {
    /// The bytes `span` of `text`, limited to the text's length.
    #[must_use]
    pub fn new(text: &Arc<str>, span: Range<usize>) -> Self {
        let mut start = span.start.min(text.len());
        while !text.is_char_boundary(start) {
            start -= 1;
        }
        let mut end = span.end.clamp(start, text.len());
        while !text.is_char_boundary(end) {
            end += 1;
        }
        Self {
            text: text.clone(),
            span: start..end,
        }
    }

    /// The whole text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The range of bytes.
    #[must_use]
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// The line in which it begins, from 1.
    #[must_use]
    pub fn line(&self) -> usize {
        let before = &self.text.as_bytes()[..self.span.start];
        1 + before.iter().filter(|byte| **byte == b'\n').count()
    }

    /// The column in which it begins, in characters from 1.
    #[must_use]
    pub fn column(&self) -> usize {
        let before = &self.text[..self.span.start];
        let line = before.rfind('\n').map_or(before, |end| &before[end + 1..]);
        1 + line.chars().count()
    }
}
