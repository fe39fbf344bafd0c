//! What each key is for.
//!
//! A new kind of key is a row of [`AREAS`], and an arm where the tools look at its records.

/// What the keys of one word are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Area {
    /// Slots of the log: refs.
    Log,
    /// A log slot that exists.
    LogHint,
    /// Slots of a stream: commits, outcomes, voids.
    Stream,
    /// A slot of a stream that exists.
    Head,
    /// What a command id belongs to.
    Command,
    /// A disposable state.
    Snapshot,
}

/// One word after the root, and the segments that follow it.
struct Row {
    word: &'static str,
    area: Area,
    /// A name follows; where it is long, `-sha256` is added to the word, and the digest follows.
    text: bool,
    /// A number follows.
    number: bool,
}

const AREAS: &[Row] = &[
    row("log", Area::Log, false, true),
    row("log-hint", Area::LogHint, false, false),
    row("stream", Area::Stream, true, true),
    row("head", Area::Head, true, false),
    row("command", Area::Command, true, false),
    row("snapshot", Area::Snapshot, true, false),
];

const fn row(word: &'static str, area: Area, text: bool, number: bool) -> Row {
    Row {
        word,
        area,
        text,
        number,
    }
}

/// A key in its parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Parsed<'k> {
    /// Stands for the prefix.
    pub root: &'k str,
    pub area: Area,
    /// `text` is a digest instead of a name.
    pub hashed: bool,
    /// The name in its escaped form; empty where the area has none.
    pub text: &'k str,
    /// 0 where the area has none.
    pub number: u64,
}

impl<'k> Parsed<'k> {
    /// Nothing if it is no key of the format.
    pub fn of(key: &'k str) -> Option<Self> {
        let mut segments = key.split('.');
        let root = segments.next().filter(|root| is_root(root))?;
        let word = segments.next()?;
        let (plain, hashed) = match word.strip_suffix("-sha256") {
            Some(plain) => (plain, true),
            None => (word, false),
        };
        let row = AREAS.iter().find(|row| row.word == plain)?;
        if hashed && (!row.text || row.area == Area::Snapshot) {
            return None;
        }
        let text = match row.text {
            true => segments.next().filter(|text| !text.is_empty())?,
            false => "",
        };
        let number = match row.number {
            true => number(segments.next()?)?,
            false => 0,
        };
        segments.next().is_none().then_some(Self {
            root,
            area: row.area,
            hashed,
            text,
            number,
        })
    }
}

fn is_root(root: &str) -> bool {
    match root.split_at_checked(1) {
        Some(("a", prefix)) => crate::name::unescape(prefix).is_some(),
        Some(("b", digest)) => digest.len() == 48 && digest.bytes().all(is_digit),
        _ => false,
    }
}

/// Slots are numbered from 1.
fn number(text: &str) -> Option<u64> {
    if text.len() != 16 || !text.bytes().all(is_digit) {
        return None;
    }
    u64::from_str_radix(text, 16).ok().filter(|n| *n > 0)
}

fn is_digit(byte: u8) -> bool {
    byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::Keys;
    use crate::name::StreamName;

    #[test]
    fn every_key_is_taken_apart() {
        for prefix in ["", "tenant/1", &"p".repeat(60)] {
            let keys = Keys::new(prefix);
            for name in ["a-1", &format!("a-{}", "/".repeat(120))] {
                let stream = StreamName::parse(name).expect("legal");
                for (key, area, number) in [
                    (keys.log(7), Area::Log, 7),
                    (keys.log_hint(), Area::LogHint, 0),
                    (keys.slot(stream, u64::MAX), Area::Stream, u64::MAX),
                    (keys.stream_hint(stream), Area::Head, 0),
                    (keys.command(name), Area::Command, 0),
                    (keys.snapshot(stream, "d"), Area::Snapshot, 0),
                ] {
                    let parsed = Parsed::of(&key).expect(&key);
                    assert_eq!(
                        (parsed.root, parsed.area, parsed.number),
                        (keys.root(), area, number),
                        "{key}"
                    );
                }
            }
        }
    }

    #[test]
    fn what_is_no_key_is_told_from_keys() {
        for key in [
            "",
            "a",
            "a.",
            "c.log.0000000000000001",
            "a.log.1",
            "a.log.000000000000000A",
            "a.log.0000000000000000",
            "a.log.0000000000000001.x",
            "a.log-sha256.0000000000000001",
            "a.stream.0000000000000001",
            "a.command",
            "a.command.",
            "a.nothing.x",
            "b12.log-hint",
        ] {
            assert_eq!(Parsed::of(key), None, "{key}");
        }
    }
}
