//! JSON in responses: JSON payloads are embedded, and other payloads become base64.
//!
//! Responses are serialized from structs and not from `serde_json::Value`, which would add trees, sorting and
//! floating-point numbers: 50 KB of code.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::ser::{Serialize, SerializeMap as _, Serializer};
use serde_json::value::RawValue;

/// The bytes as JSON, if they are valid JSON.
pub fn raw(bytes: &[u8]) -> Option<&RawValue> {
    serde_json::from_slice(bytes).ok()
}

/// Bytes for one of two fields: JSON, or else base64.
pub fn raw_or_base64(bytes: &[u8]) -> (Option<&RawValue>, Option<String>) {
    match raw(bytes) {
        Some(json) => (Some(json), None),
        None => (None, Some(STANDARD.encode(bytes))),
    }
}

/// Appends a text as a JSON string. Most texts need no escape; this function copies them in one piece.
pub fn push_text(out: &mut Vec<u8>, text: &str) {
    if needs_escape(text.as_bytes()) {
        // Writing to memory does not fail.
        let _ = serde_json::to_writer(out, text);
        return;
    }
    out.reserve(text.len() + 2);
    out.push(b'"');
    out.extend_from_slice(text.as_bytes());
    out.push(b'"');
}

/// Appends a number.
pub fn push_number(out: &mut Vec<u8>, number: u64) {
    let _ = serde_json::to_writer(out, &number);
}

/// Whether a JSON string must escape one of these bytes: a quotation mark, a backslash or a control character. The function
/// tests eight bytes at once, by Mycroft's method ("Determine if a word has a byte less than n", in Anderson's "Bit
/// Twiddling Hacks").
fn needs_escape(bytes: &[u8]) -> bool {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH_BITS: u64 = 0x8080_8080_8080_8080;
    let is_below =
        |word: u64, limit: u8| word.wrapping_sub(ONES * u64::from(limit)) & !word & HIGH_BITS;
    let is = |word: u64, byte: u8| is_below(word ^ (ONES * u64::from(byte)), 1);
    let (words, rest) = bytes.as_chunks::<8>();
    words.iter().any(|word| {
        let word = u64::from_le_bytes(*word);
        is_below(word, b' ') | is(word, b'"') | is(word, b'\\') != 0
    }) || rest
        .iter()
        .any(|byte| *byte < b' ' || matches!(byte, b'"' | b'\\'))
}

/// An object with these fields.
pub struct Object<'a>(pub &'a [(&'static str, Value)]);

impl Serialize for Object<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

/// The value of a field.
#[derive(serde::Serialize)]
#[serde(untagged)]
pub enum Value {
    Text(String),
    Number(u64),
    Flag(bool),
    Texts(Vec<String>),
    Json(Box<RawValue>),
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Self::Number(number)
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl From<Vec<String>> for Value {
    fn from(texts: Vec<String>) -> Self {
        Self::Texts(texts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_written_as_serde_json_writes_them() {
        // Each character at each place of texts of one to three words, next to bytes whose subtraction borrows.
        for length in [1, 7, 8, 9, 17] {
            for place in 0..length {
                for character in (0..0x250).filter_map(char::from_u32) {
                    for other in ['a', '\u{20}', '\u{7f}', '\u{e9}'] {
                        let mut text: Vec<char> = vec![other; length];
                        text[place] = character;
                        let text: String = text.into_iter().collect();
                        let mut out = Vec::new();
                        push_text(&mut out, &text);
                        let expected = serde_json::to_vec(&text).expect("JSON");
                        assert_eq!(out, expected, "{text:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn numbers_are_written_in_decimal() {
        for (number, text) in [(0, "0"), (10, "10"), (u64::MAX, "18446744073709551615")] {
            let mut out = Vec::new();
            push_number(&mut out, number);
            assert_eq!(out, text.as_bytes());
        }
    }
}
