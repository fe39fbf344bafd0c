//! The layout of keys: parses a key and determines its area.
//!
//! To add a kind of key, add a row to [`AREAS`], and an arm where the tools read its records.

use annals_event_log::MAX_PARTITIONS;

/// The area of a key: the purpose of the keys with the same word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Area {
    /// The store's record.
    Store,
    /// Slots of the log: refs and skips.
    Log,
    /// Hint: an existing row of a partition. The key's number is the partition.
    LogHint,
    /// Counter of a partition's drawn rows. The key's number is the partition.
    LogCounter,
    /// Slots of a stream: commits, outcomes, voids.
    Stream,
    /// Copies of a stream's slots.
    Segment,
    /// Hint: an existing slot of a stream.
    Head,
    /// Revisions of a checkpoint.
    Checkpoint,
    /// Hint: a number that deliverers share.
    Hint,
    /// Revisions of a row.
    Row,
    /// Entries of a view's list.
    List,
    /// Hint: an existing entry of that list.
    ListHead,
    /// Copies of entries of that list.
    ListCopy,
    /// Markers of dropped views.
    Dropped,
    /// Claims of command ids.
    Command,
    /// Snapshots.
    Snapshot,
}

/// The syntax of one area: the word after the root, and the segments after the word.
struct Row {
    word: &'static str,
    area: Area,
    /// Number of names after the word. If the names are long, the word has the suffix `-sha256`, and one digest
    /// replaces the names.
    texts: usize,
    /// Whether a number follows.
    number: bool,
}

/// The words of the log contain numbers, so [`log_word`] parses them.
const AREAS: &[Row] = &[
    row("store", Area::Store, 0, false),
    row("stream", Area::Stream, 1, true),
    row("segment", Area::Segment, 1, true),
    row("head", Area::Head, 1, false),
    row("command", Area::Command, 1, false),
    row("snapshot", Area::Snapshot, 1, false),
    row("checkpoint", Area::Checkpoint, 1, true),
    row("hint", Area::Hint, 1, false),
    row("row", Area::Row, 2, true),
    row("view", Area::List, 1, true),
    row("view-head", Area::ListHead, 1, false),
    row("view-copy", Area::ListCopy, 1, true),
    row("view-dropped", Area::Dropped, 1, false),
];

const fn row(word: &'static str, area: Area, texts: usize, number: bool) -> Row {
    Row {
        word,
        area,
        texts,
        number,
    }
}

/// Parses `log`, `log4`, `log-hint` or `log4-hint` into the area and the number of partitions.
fn log_word(word: &str) -> Option<(Area, u32)> {
    let rest = word.strip_prefix("log")?;
    let (digits, area) = match rest.split_once('-') {
        Some((digits, "hint")) => (digits, Area::LogHint),
        Some((digits, "counter")) => (digits, Area::LogCounter),
        Some(_) => return None,
        None => (rest, Area::Log),
    };
    let partitions = match digits {
        "" => 1,
        _ => decimal(digits).filter(|n| (2..=MAX_PARTITIONS).contains(n))?,
    };
    Some((area, partitions))
}

/// A parsed key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Parsed<'k> {
    /// The first segment, which encodes the prefix.
    pub root: &'k str,
    pub area: Area,
    /// Whether `text` is a digest instead of a name.
    pub hashed: bool,
    /// The name in its escaped form; empty if the area has none.
    pub text: &'k str,
    /// The key's number; 0 if the area has none.
    pub number: u64,
    /// Partitions of the log; 0 for other areas.
    pub partitions: u32,
}

impl<'k> Parsed<'k> {
    /// Parses a key; `None` if the key does not match the format.
    pub fn of(key: &'k str) -> Option<Self> {
        let mut segments = key.split('.');
        let root = segments.next().filter(|root| is_root(root))?;
        let word = segments.next()?;
        if let Some((area, partitions)) = log_word(word) {
            let number = match (area, segments.next()) {
                (Area::Log, Some(text)) => number(text)?,
                (Area::LogHint | Area::LogCounter, None) => 0,
                (Area::LogHint | Area::LogCounter, Some(text)) => {
                    let other = decimal(text).filter(|p| (1..partitions).contains(p))?;
                    u64::from(other)
                }
                _ => return None,
            };
            return segments.next().is_none().then_some(Self {
                root,
                area,
                hashed: false,
                text: "",
                number,
                partitions,
            });
        }
        let (plain, hashed) = match word.strip_suffix("-sha256") {
            Some(plain) => (plain, true),
            None => (word, false),
        };
        let row = AREAS.iter().find(|row| row.word == plain)?;
        if hashed && (row.texts == 0 || row.area == Area::Snapshot) {
            return None;
        }
        let texts = if hashed { 1 } else { row.texts };
        let mut length = 0;
        for _ in 0..texts {
            length += 1 + segments.next()?.len();
        }
        let text = match length {
            0 => "",
            length => key
                .get(root.len() + 1 + word.len() + 1..)?
                .get(..length - 1)?,
        };
        // A row's key may be empty, but a name may not.
        if texts > 0 && text.split('.').next().is_none_or(str::is_empty) {
            return None;
        }
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
            partitions: 0,
        })
    }
}

fn decimal(text: &str) -> Option<u32> {
    let number: u32 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

fn is_root(root: &str) -> bool {
    match root.split_at_checked(1) {
        Some(("a", prefix)) => annals_event_log::internals::unescape(prefix).is_some(),
        Some(("b", digest)) => digest.len() == 48 && digest.bytes().all(is_digit),
        _ => false,
    }
}

/// Parses the number of a slot, from 1: 16 hex digits.
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
    use annals_event_log::StreamName;
    use annals_event_log::internals::Keys;

    #[test]
    fn every_key_is_taken_apart() {
        for (prefix, partitions) in [("", 1), ("tenant/1", 4), (&"p".repeat(60)[..], 64)] {
            let keys = Keys::new(prefix, partitions);
            for name in ["a-1", &format!("a-{}", "/".repeat(120))] {
                let stream = StreamName::parse(name).expect("legal");
                for (key, area, number) in [
                    (keys.log(7.into()), Area::Log, 7),
                    (keys.store(), Area::Store, 0),
                    (keys.log_hint(0), Area::LogHint, 0),
                    (keys.log_counter(0), Area::LogCounter, 0),
                    (keys.segment(stream, 3), Area::Segment, 3),
                    (keys.slot(stream, u64::MAX.into()), Area::Stream, u64::MAX),
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
    fn keys_of_partitions_and_of_reactions_are_taken_apart() {
        let hint = Parsed::of("a.log4-hint.3").expect("a hint");
        assert_eq!((hint.partitions, hint.number), (4, 3));
        let row = Parsed::of("a.row.v.k=2E.0000000000000002").expect("a row");
        assert_eq!((row.text, row.number), ("v.k=2E", 2));
        let hashed = Parsed::of("a.row-sha256.ab.0000000000000002").expect("a row");
        assert_eq!((hashed.text, hashed.hashed), ("ab", true));
        assert!(Parsed::of("a.view-head-sha256.ab").is_some());
        let hint = Parsed::of("a.hint.turn=20mailer").expect("a hint");
        assert_eq!((hint.area, hint.text), (Area::Hint, "turn=20mailer"));
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
            "a.log1.0000000000000001",
            "a.log65.0000000000000001",
            "a.log04.0000000000000001",
            "a.log4-hint.4",
            "a.log-hint.1",
            "a.log-counter.1",
            "a.log-count",
            "a.store.x",
            "a.row.v.0000000000000001",
            "b12.log-hint",
        ] {
            assert_eq!(Parsed::of(key), None, "{key}");
        }
    }
}
