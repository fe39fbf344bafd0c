//! Subjects for keys.
//!
//! The subject of a key is `STREAM.BUCKET.KEY`. A token of a subject must not be empty and must not
//! contain spaces, control characters, `.`, `*` or `>`. Keys contain many dots, so `.` is written
//! as `/`. Every other byte that is not allowed, and `/` and `%`, is written as `%` and two digits.

use crate::store::{KvError, remote};

/// Longest two tokens together. A line of the protocol, which contains the subject of the answer
/// too, has 4096 bytes at most.
const MAX_TOKENS: usize = 3000;
/// Longest name of a stream.
const MAX_STREAM: usize = 64;

/// The subject of a key.
///
/// # Errors
/// [`KvError::NameTooLong`].
pub fn subject(stream: &str, bucket: &str, key: &str) -> Result<String, KvError> {
    remote::check_name(bucket, key)?;
    let (bucket, key) = (encode(bucket), encode(key));
    match bucket.len() + key.len() > MAX_TOKENS {
        true => Err(KvError::NameTooLong),
        false => Ok(format!("{stream}.{bucket}.{key}")),
    }
}

/// The subjects of all keys of a bucket.
pub fn all_keys(stream: &str, bucket: &str) -> String {
    format!("{stream}.{}.*", encode(bucket))
}

/// The subject whose message is replaced with each step that replaces another message. It has
/// fewer tokens than the subject of a key.
pub fn barrier(stream: &str) -> String {
    format!("{stream}.barrier")
}

/// The key of a subject.
pub fn key(subject: &str) -> Option<String> {
    let mut tokens = subject.split('.');
    let (_, _, key) = (tokens.next()?, tokens.next()?, tokens.next()?);
    decode(key)
}

/// True if a stream may have this name.
pub fn is_stream(name: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    !name.is_empty() && name.len() <= MAX_STREAM && name.chars().all(fits)
}

fn encode(text: &str) -> String {
    if text.is_empty() {
        return "%".into();
    }
    let mut token = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'.' => token.push('/'),
            b'%' | b'/' | b'*' | b'>' | 0..=b' ' | 0x7f.. => {
                let digit = |four| char::from_digit(u32::from(four), 16).unwrap_or('0');
                token.extend(['%', digit(byte >> 4), digit(byte & 15)]);
            }
            _ => token.push(byte as char),
        }
    }
    token
}

fn decode(token: &str) -> Option<String> {
    if token == "%" {
        return Some(String::new());
    }
    remote::decode(&token.replace('/', ".")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn different_keys_have_different_subjects_that_can_be_read_back() {
        let keys = [
            "", "%", "a", "a.b", "a/b", "a%2fb", "a b", "ä", "*", ">", "\0", "\u{7f}", "%25", ".",
            "/", "..", "$JS",
        ];
        let mut seen = std::collections::HashSet::new();
        for key in keys {
            let subject = subject("s", "b", key).expect("fits");
            let token = &subject["s.b.".len()..];
            let legal = |c: char| c.is_ascii_graphic() && !".*>".contains(c);
            assert!(!token.is_empty() && token.chars().all(legal), "{token:?}");
            assert_eq!(super::key(&subject).as_deref(), Some(key));
            assert!(seen.insert(subject), "{key:?}");
        }
    }

    #[test]
    fn keys_that_are_too_long_are_refused() {
        assert!(subject("s", "b", &"k".repeat(2000)).is_ok());
        assert_eq!(
            subject("s", "b", &"k".repeat(2001)),
            Err(KvError::NameTooLong)
        );
        assert_eq!(
            subject("s", "b", &" ".repeat(1100)),
            Err(KvError::NameTooLong)
        );
    }

    #[test]
    fn a_streams_name_has_no_character_that_subjects_or_files_give_a_meaning() {
        assert!(is_stream("bank-2_x"));
        for name in ["", "a.b", "a b", "a/b", "*", "ä", &"x".repeat(65)] {
            assert!(!is_stream(name), "{name}");
        }
    }
}
