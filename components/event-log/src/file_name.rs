//! The file name of a key, for stores whose slots are files: `<shard>/<name>`.
//!
//! The adapter over `wasi:filesystem` writes these files, and the tools list and verify them. Both use this module, so
//! they agree on every name.

use sha2::{Digest, Sha256};

use crate::name::hex;

/// Prefix of the names of temporary files and of marker files. No key's file name begins with it.
pub const TEMPORARY: &str = "%";
/// Name of the marker file in a directory that is known to be durable.
pub const DURABLE: &str = "%durable";
/// Prefix of a name that contains the key's digest instead of the key.
pub const DIGEST: &str = "~";
/// Maximum length of a name that spells out its key. Filesystems allow 255 bytes, and fewer if they encrypt names.
const LONGEST: usize = 140;

/// The name of a key's file.
///
/// The mapping is injective even on a case-insensitive filesystem: keys consist of `[A-Za-z0-9_=.-]`, and an upper-case
/// letter becomes `+` followed by the lower-case letter. A longer name becomes `~` followed by the key's SHA-256.
#[must_use]
pub fn of(key: &str) -> String {
    let mut name = String::with_capacity(key.len() + 8);
    for c in key.chars() {
        if c.is_ascii_uppercase() {
            name.push('+');
        }
        name.push(c.to_ascii_lowercase());
    }
    if name.len() <= LONGEST {
        name
    } else {
        format!("{DIGEST}{}", digest(key))
    }
}

/// The key whose file has this name; `None` if the name belongs to no key or contains a digest.
#[must_use]
pub fn key(name: &str) -> Option<String> {
    if name.starts_with(TEMPORARY) || name.starts_with(DIGEST) {
        return None;
    }
    let mut key = String::with_capacity(name.len());
    let mut chars = name.chars();
    while let Some(c) = chars.next() {
        key.push(match c {
            '+' => chars.next()?.to_ascii_uppercase(),
            c => c,
        });
    }
    (of(&key) == name).then_some(key)
}

/// The digest in the file name of a long key: the key's SHA-256 in lower-case hex.
#[must_use]
pub fn digest(key: &str) -> String {
    hex(&Sha256::digest(key.as_bytes()))
}

/// The shard of a file: two hex digits.
#[must_use]
pub fn shard(name: &str) -> String {
    hex(Sha256::digest(name.as_bytes()).get(..1).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_differ_also_when_case_is_ignored() {
        let keys = [
            "a.command.a",
            "a.command.A",
            "a.command.aA",
            "a.command.Aa",
            "a.command.=2B",
        ];
        let names: std::collections::BTreeSet<String> =
            keys.iter().map(|key| of(key).to_lowercase()).collect();
        assert_eq!(names.len(), keys.len());
    }

    #[test]
    fn long_names_become_short() {
        let (a, b) = ("a".repeat(256), "A".repeat(256));
        assert_ne!(of(&a), of(&b));
        assert!(of(&a).len() <= LONGEST);
        assert_eq!(key(&of(&a)), None, "a digest tells no key");
    }

    proptest! {
        #[test]
        fn a_name_tells_its_key(text in "[A-Za-z0-9_=.-]{1,60}") {
            prop_assert_eq!(key(&of(&text)), Some(text));
        }

        #[test]
        fn no_name_tells_a_key_of_another_file(name in "[A-Za-z0-9_=.+~%-]{1,60}") {
            prop_assert!(key(&name).is_none_or(|key| of(&key) == name));
        }
    }
}
