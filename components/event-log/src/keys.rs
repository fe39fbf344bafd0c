//! The key of every record: `root.kind.…`, at most 256 bytes of `[A-Za-z0-9_=.-]`.
//!
//! The segments between dots are escaped and contain no dots. So the first segment alone determines the prefix of a
//! key, and two prefixes in one bucket never share a key.

use sha2::{Digest, Sha256};

use crate::name::{StreamName, escape, hex, push_escaped, push_number};
use crate::numbers::{LogSlot, Slot};

/// Maximum bytes of an escaped text in a key. A longer text is replaced by its SHA-256.
const MAX_SEGMENT_BYTES: usize = 180;
/// Maximum bytes of an escaped prefix. The longest key is `a` + this + `.stream.` + 180 + `.` + 16 digits.
const MAX_PREFIX_BYTES: usize = 48;

/// Builds the keys of one prefix.
#[derive(Clone, Debug)]
pub struct Keys {
    root: String,
    /// `log`, followed by the number of partitions if there are several. So logs with different numbers of partitions
    /// have different keys.
    log: String,
}

impl Keys {
    /// The keys of a prefix, for a log with this number of partitions.
    pub fn new(prefix: &str, partitions: u32) -> Self {
        let escaped = escape(prefix);
        // The first letter, `a` or `b`, distinguishes the two forms, and no key begins with a dot.
        let root = if escaped.len() <= MAX_PREFIX_BYTES {
            format!("a{escaped}")
        } else {
            format!("b{}", &sha256_hex(prefix)[..MAX_PREFIX_BYTES])
        };
        Self {
            root,
            log: log(partitions),
        }
    }

    /// The store's record.
    pub fn store(&self) -> String {
        format!("{}.store", self.root)
    }

    /// The first segment of every key, which encodes the prefix.
    pub fn root(&self) -> &str {
        &self.root
    }

    /// The keys of a root that was parsed from a key.
    pub fn of_root(root: &str, partitions: u32) -> Self {
        Self {
            root: root.to_owned(),
            log: log(partitions),
        }
    }

    /// Slot of the log.
    pub fn log(&self, slot: LogSlot) -> String {
        self.numbered(&self.log, "", slot.get())
    }

    /// Slot of a log with one partition.
    pub fn undivided_log(&self, slot: LogSlot) -> String {
        format!("{}.log.{:016x}", self.root, slot.get())
    }

    /// Hint: the number of an existing row of the partition.
    pub fn log_hint(&self, partition: u32) -> String {
        match partition {
            0 => format!("{}.{}-hint", self.root, self.log),
            other => format!("{}.{}-hint.{other}", self.root, self.log),
        }
    }

    /// Counter: the highest row of the partition that a writer of the atomic protocol has drawn.
    pub fn log_counter(&self, partition: u32) -> String {
        // Every commit needs this key, so the code avoids the slow formatter.
        let mut key = String::with_capacity(self.root.len() + self.log.len() + 16);
        for part in [&self.root, ".", &self.log, "-counter"] {
            key.push_str(part);
        }
        if partition > 0 {
            key.push_str(&format!(".{partition}"));
        }
        key
    }

    /// Slot of a stream.
    pub fn slot(&self, stream: StreamName<'_>, slot: Slot) -> String {
        self.numbered("stream", stream.as_str(), slot.get())
    }

    /// Segment: copies of a stream's slots.
    pub fn segment(&self, stream: StreamName<'_>, number: u64) -> String {
        self.numbered("segment", stream.as_str(), number)
    }

    /// `root.kind.text.number`, or `root.kind.number` if the text is empty. Every commit needs several such keys, so
    /// the code avoids the slow formatter.
    fn numbered(&self, kind: &str, text: &str, number: u64) -> String {
        let mut key = String::with_capacity(self.root.len() + kind.len() + text.len() + 32);
        key.push_str(&self.root);
        key.push('.');
        if text.is_empty() {
            key.push_str(kind);
        } else {
            push_segment(&mut key, kind, text);
        }
        key.push('.');
        push_number(&mut key, number);
        key
    }

    /// Hint: the number of an existing slot of the stream.
    pub fn stream_hint(&self, stream: StreamName<'_>) -> String {
        format!("{}.{}", self.root, segment("head", stream.as_str()))
    }

    /// The claim of a command id.
    pub fn command(&self, command_id: &str) -> String {
        format!("{}.{}", self.root, segment("command", command_id))
    }

    /// The snapshot of a decider's state for a stream.
    pub fn snapshot(&self, stream: StreamName<'_>, decider: &str) -> String {
        // Stream names contain no control characters, so the NUL separates the two unambiguously.
        format!(
            "{}.snapshot.{}",
            self.root,
            sha256_hex(&format!("{stream}\0{decider}"))
        )
    }
}

fn log(partitions: u32) -> String {
    match partitions {
        1 => "log".to_owned(),
        _ => format!("log{partitions}"),
    }
}

fn segment(kind: &str, text: &str) -> String {
    let mut segment = String::new();
    push_segment(&mut segment, kind, text);
    segment
}

fn push_segment(out: &mut String, kind: &str, text: &str) {
    out.push_str(kind);
    let kind_ends = out.len();
    out.push('.');
    push_escaped(out, text);
    if out.len() - kind_ends - 1 > MAX_SEGMENT_BYTES {
        out.truncate(kind_ends);
        out.push_str("-sha256.");
        out.push_str(&sha256_hex(text));
    }
}

fn sha256_hex(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes()))
}

/// The keys of reactions: checkpoints, hints, rows and views.
impl Keys {
    /// The prefix of the keys of a handler's checkpoint.
    pub fn checkpoint(&self, handler: &str) -> String {
        let name = segment_up_to("checkpoint", &escape(handler), MAX_REACTION_BYTES);
        format!("{}.{name}", self.root)
    }

    /// A hint: a number that deliverers share.
    pub fn hint(&self, name: &str) -> String {
        format!("{}.hint.{}", self.root, escape(name))
    }

    /// The prefix of the keys of a row.
    pub fn row(&self, view: &str, key: &str) -> String {
        let both = format!("{}.{}", escape(view), escape(key));
        format!(
            "{}.{}",
            self.root,
            segment_up_to("row", &both, MAX_REACTION_BYTES)
        )
    }

    /// An entry in the list of a view's keys.
    pub fn view_entry(&self, view: &str, index: u64) -> String {
        let name = segment_up_to("view", &escape(view), MAX_REACTION_BYTES);
        format!("{}.{name}.{index:016x}", self.root)
    }

    /// A copy of entries of that list.
    pub fn view_copy(&self, view: &str, number: u64) -> String {
        let name = segment_up_to("view-copy", &escape(view), MAX_REACTION_BYTES);
        format!("{}.{name}.{number:016x}", self.root)
    }

    /// Hint: the index of an existing entry in that list.
    pub fn view_hint(&self, view: &str) -> String {
        let name = segment_up_to("view-head", &escape(view), MAX_REACTION_BYTES);
        format!("{}.{name}", self.root)
    }
}

impl Keys {
    /// The marker of a dropped view.
    pub fn dropped_view(&self, view: &str) -> String {
        let name = segment_up_to("view-dropped", &escape(view), MAX_REACTION_BYTES);
        format!("{}.{name}", self.root)
    }
}

/// Like [`MAX_SEGMENT_BYTES`], for the keys of reactions. It is smaller because `.checkpoint.` is longer than
/// `.stream.`.
const MAX_REACTION_BYTES: usize = 160;

/// A segment for an escaped text. If the text is longer than `longest`, the segment contains the SHA-256 of the escaped
/// text.
fn segment_up_to(kind: &str, escaped: &str, longest: usize) -> String {
    if escaped.len() <= longest {
        format!("{kind}.{escaped}")
    } else {
        format!("{kind}-sha256.{}", sha256_hex(escaped))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_longest_key_has_at_most_256_bytes() {
        let keys = Keys::new(&"p".repeat(48), 1);
        let name = format!("a-{}", "=".repeat(59));
        let stream = StreamName::parse(&name).expect("legal");
        assert_eq!(escape(&name).len(), 179);
        for key in [
            keys.slot(stream, u64::MAX.into()),
            keys.segment(stream, u64::MAX),
            keys.command(&"c".repeat(180)),
            keys.stream_hint(stream),
            format!("{}.{:016x}", keys.checkpoint(&"c".repeat(160)), 1),
            format!("{}.{:016x}", keys.row(&"v".repeat(80), &"k".repeat(79)), 1),
            keys.view_entry(&"v".repeat(160), 1),
            keys.view_copy(&"v".repeat(160), 1),
            keys.view_hint(&"v".repeat(160)),
            keys.hint(&"r".repeat(160)),
            keys.dropped_view(&"v".repeat(160)),
        ] {
            assert!(key.len() <= 256, "{} bytes: {key}", key.len());
        }
    }

    fn all(prefix: &str, text: &str) -> Vec<String> {
        let keys = Keys::new(prefix, 1);
        let mut all = vec![
            keys.log(1.into()),
            keys.log_hint(0),
            keys.log_counter(0),
            keys.command(text),
        ];
        all.extend([
            keys.checkpoint(text),
            keys.row(text, text),
            keys.row("v", text),
            keys.row(text, "k"),
            keys.view_entry(text, 1),
            keys.view_copy(text, 1),
            keys.view_hint(text),
            keys.dropped_view(text),
        ]);
        if let Ok(stream) = StreamName::parse(text) {
            all.extend([
                keys.slot(stream, 1.into()),
                keys.segment(stream, 1),
                keys.stream_hint(stream),
                keys.snapshot(stream, "d"),
            ]);
        }
        all
    }

    proptest! {
        #[test]
        fn keys_are_legal_everywhere(prefix in ".{0,80}", id in ".{1,120}") {
            for key in all(&prefix, &format!("a-{id}")) {
                prop_assert!(key.len() <= 256);
                prop_assert!(!key.starts_with('.') && !key.ends_with('.'));
                prop_assert!(key.bytes().all(|b| b.is_ascii_alphanumeric() || b"_=-.".contains(&b)), "{}", key);
            }
        }

        #[test]
        fn no_two_prefixes_share_a_key(a in "[a.=_-]{0,60}", b in "[a.=_-]{0,60}", x in "[a.=-]{0,70}", y in "[a.=-]{0,70}") {
            prop_assume!(a != b);
            let (x, y) = (all(&a, &format!("a-{x}.")), all(&b, &format!("a-{y}.")));
            prop_assert!(x.iter().all(|key| !y.contains(key)));
        }

        #[test]
        fn no_two_names_share_a_key(a in "\\PC{1,60}", b in "\\PC{1,60}") {
            prop_assume!(a != b);
            let (a, b) = (format!("a-{a}"), format!("a-{b}"));
            prop_assert!(all("", &a)[3..].iter().all(|key| !all("", &b)[3..].contains(key)));
        }
    }
}
