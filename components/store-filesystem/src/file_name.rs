//! The file name of a key.

use sha2::{Digest, Sha256};

/// What names of temporary files begin with; no key's file does.
pub const TEMPORARY: &str = "%";
/// Longest name that is spelled out. Filesystems allow 255 bytes, and less when names are encrypted.
const LONGEST: usize = 140;

/// Injective also where the filesystem takes upper and lower case for the same: keys consist of
/// `[A-Za-z0-9_=.-]`, and an upper-case letter becomes `+` and the lower-case one. Longer names
/// become `~` and the key's SHA-256.
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
        format!("~{}", hex(&Sha256::digest(key.as_bytes())))
    }
}

/// The shard of a file: two hex digits.
pub fn shard(name: &str) -> String {
    hex(Sha256::digest(name.as_bytes()).get(..1).unwrap_or_default())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

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
    }
}
