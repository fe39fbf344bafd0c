//! Stream names, and the escape that encodes any text as part of a key.

use std::fmt;

use crate::error::StoreError;

/// Maximum bytes of a stream's name.
pub const MAX_STREAM_BYTES: usize = 128;

/// A legal name of a stream: `category-id`.
///
/// The category is `[a-z][a-z0-9_]*`, the id at least one byte of UTF-8 without control characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamName<'a>(&'a str);

impl<'a> StreamName<'a> {
    /// Checks a name.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] with the rule that the name violates.
    pub fn parse(name: &'a str) -> Result<Self, StoreError> {
        let wrong = |what: &str| Err(StoreError::Invalid(format!("stream name {name:?}: {what}")));
        if name.len() > MAX_STREAM_BYTES {
            return Err(StoreError::Invalid(format!(
                "a stream name has {} bytes, at most {MAX_STREAM_BYTES} are allowed",
                name.len()
            )));
        }
        let Some((category, id)) = name.split_once('-') else {
            return wrong("must be `category-id`");
        };
        if !category.starts_with(|c: char| c.is_ascii_lowercase())
            || !category
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        {
            return wrong("the category before the first `-` must be [a-z][a-z0-9_]*");
        }
        if id.is_empty() {
            return wrong("the id after the first `-` is empty");
        }
        if id.chars().any(char::is_control) {
            return wrong("control characters are not allowed");
        }
        Ok(Self(name))
    }

    /// The name.
    #[must_use]
    pub fn as_str(self) -> &'a str {
        self.0
    }
}

impl fmt::Display for StreamName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// Escapes a text for use between the dots of a key: every byte outside `[A-Za-z0-9_-]` becomes `=XX` in upper-case
/// hex. The escape is injective, since `=` itself is escaped.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    push_escaped(&mut out, text);
    out
}

/// Appends the escaped text; see [`escape`].
pub fn push_escaped(out: &mut String, text: &str) {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    let mut rest = text;
    loop {
        // Copy bytes that need no escape in one piece.
        let (piece, other) = rest.split_at(rest.as_bytes().iter().take_while(|b| plain(b)).count());
        out.push_str(piece);
        let mut characters = other.chars();
        let Some(character) = characters.next() else {
            return;
        };
        for byte in character.encode_utf8(&mut [0; 4]).bytes() {
            out.push('=');
            push_hex(out, &[byte], b"0123456789ABCDEF");
        }
        rest = characters.as_str();
    }
}

/// The inverse of [`escape`]; `None` if this is not the escape of any text.
pub fn unescape(escaped: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(escaped.len());
    let mut rest = escaped.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'=' {
            let digits = [rest.next()?, rest.next()?];
            bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    let text = String::from_utf8(bytes).ok()?;
    (escape(&text) == escaped).then_some(text)
}

/// Bytes as lower-case hex.
pub fn hex(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() * 2);
    push_hex(&mut out, bytes, LOWER);
    out
}

/// Appends bytes as lower-case hex.
pub fn push_lower_hex(out: &mut String, bytes: &[u8]) {
    push_hex(out, bytes, LOWER);
}

/// Appends a number as 16 lower-case hex digits. The formatter's `{:016x}` writes the same digits but is much slower.
pub fn push_number(out: &mut String, number: u64) {
    push_hex(out, &number.to_be_bytes(), LOWER);
}

const LOWER: &[u8; 16] = b"0123456789abcdef";

fn push_hex(out: &mut String, bytes: &[u8], digits: &[u8; 16]) {
    // One call appends many characters, which is cheaper than one call per character. Most callers have 8 or 16 bytes.
    for bytes in bytes.chunks(16) {
        let mut hex = [0; 32];
        for (pair, byte) in hex.chunks_exact_mut(2).zip(bytes) {
            pair.copy_from_slice(&[
                digits[usize::from(byte >> 4)],
                digits[usize::from(byte & 15)],
            ]);
        }
        // Digits are ASCII.
        out.push_str(str::from_utf8(&hex[..bytes.len() * 2]).unwrap_or_default());
    }
}
