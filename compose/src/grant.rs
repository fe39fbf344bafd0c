//! The interfaces that an entry of `allow` grants.
//!
//! An entry names one interface, with or without a version. With a version, such as `@0.2`, it
//! covers only imports of that version. An entry covers the interface and the interfaces that it
//! cannot be used without: those whose types its functions use, and theirs in turn, listed in
//! [`NEEDS`].

/// The interfaces that each WASI interface needs.
const NEEDS: &[(&str, &[&str])] = &[
    ("wasi:cli/stderr", &["wasi:io/streams"]),
    ("wasi:cli/stdin", &["wasi:io/streams"]),
    ("wasi:cli/stdout", &["wasi:io/streams"]),
    ("wasi:cli/terminal-stderr", &["wasi:cli/terminal-output"]),
    ("wasi:cli/terminal-stdin", &["wasi:cli/terminal-input"]),
    ("wasi:cli/terminal-stdout", &["wasi:cli/terminal-output"]),
    ("wasi:clocks/monotonic-clock", &["wasi:io/poll"]),
    ("wasi:filesystem/preopens", &["wasi:filesystem/types"]),
    (
        "wasi:filesystem/types",
        &["wasi:clocks/wall-clock", "wasi:io/streams"],
    ),
    ("wasi:http/outgoing-handler", &["wasi:http/types"]),
    (
        "wasi:http/types",
        &["wasi:clocks/monotonic-clock", "wasi:io/streams"],
    ),
    ("wasi:io/streams", &["wasi:io/error", "wasi:io/poll"]),
    ("wasi:keyvalue/atomics", &["wasi:keyvalue/store"]),
    ("wasi:keyvalue/batch", &["wasi:keyvalue/store"]),
    ("wasi:sockets/instance-network", &["wasi:sockets/network"]),
    (
        "wasi:sockets/ip-name-lookup",
        &["wasi:io/poll", "wasi:sockets/network"],
    ),
    ("wasi:sockets/network", &["wasi:io/error"]),
    (
        "wasi:sockets/tcp",
        &[
            "wasi:clocks/monotonic-clock",
            "wasi:io/streams",
            "wasi:sockets/network",
        ],
    ),
    ("wasi:sockets/tcp-create-socket", &["wasi:sockets/tcp"]),
    (
        "wasi:sockets/udp",
        &["wasi:io/poll", "wasi:sockets/network"],
    ),
    ("wasi:sockets/udp-create-socket", &["wasi:sockets/udp"]),
];

/// The interface name without its version.
#[must_use]
pub fn unversioned(interface: &str) -> &str {
    interface.split('@').next().unwrap_or(interface)
}

/// True if the entry names this import itself.
#[must_use]
pub fn names(entry: &str, import: &str) -> bool {
    match import.strip_prefix(entry) {
        Some("") => true,
        Some(rest) if entry.contains('@') => rest.starts_with('.'),
        Some(rest) => rest.starts_with('@'),
        None => false,
    }
}

/// True if the entry covers this import.
#[must_use]
pub fn covers(entry: &str, import: &str) -> bool {
    names(entry, import) || is_needed(unversioned(entry), unversioned(import))
}

/// The smallest set of entries that covers all of these imports.
#[must_use]
pub fn least<'a>(imports: &[&'a str]) -> Vec<&'a str> {
    let all: Vec<&str> = imports.iter().map(|import| unversioned(import)).collect();
    let mut least: Vec<&str> = Vec::new();
    for one in &all {
        if !all.iter().any(|other| is_needed(other, one)) && !least.contains(one) {
            least.push(one);
        }
    }
    least
}

/// True if `user` cannot be used without `needed`.
fn is_needed(user: &str, needed: &str) -> bool {
    let direct = NEEDS.iter().find(|(name, _)| *name == user);
    direct.is_some_and(|(_, needs)| {
        needs
            .iter()
            .any(|need| *need == needed || is_needed(need, needed))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_covers_what_its_interface_needs_to_be_used() {
        let entry = "wasi:http/outgoing-handler";
        for covered in [
            "wasi:http/outgoing-handler@0.2.4",
            "wasi:http/types@0.2.6",
            "wasi:io/error@0.2.6",
            "wasi:io/poll@0.2.6",
            "wasi:io/streams@0.2.6",
            "wasi:clocks/monotonic-clock@0.2.6",
        ] {
            assert!(covers(entry, covered), "{covered}");
        }
        for other in [
            "wasi:http/outgoing-handler-of-others@0.2.4",
            "wasi:http/incoming-handler@0.2.4",
            "wasi:clocks/wall-clock@0.2.6",
            "wasi:cli/environment@0.2.6",
        ] {
            assert!(!covers(entry, other), "{other}");
        }
    }

    #[test]
    fn a_version_in_an_entry_is_meant() {
        assert!(covers(
            "wasi:cli/environment@0.2",
            "wasi:cli/environment@0.2.6"
        ));
        assert!(covers(
            "wasi:cli/environment@0.2.6",
            "wasi:cli/environment@0.2.6"
        ));
        assert!(!covers(
            "wasi:cli/environment@0.2.1",
            "wasi:cli/environment@0.2.12"
        ));
        assert!(!covers(
            "wasi:cli/environment@0.3",
            "wasi:cli/environment@0.2.6"
        ));
    }

    #[test]
    fn the_least_entries_leave_out_what_others_need() {
        let imports = [
            "wasi:io/streams@0.2.6",
            "wasi:http/types@0.2.6",
            "wasi:cli/environment@0.2.6",
            "wasi:http/outgoing-handler@0.2.6",
        ];
        assert_eq!(
            least(&imports),
            ["wasi:cli/environment", "wasi:http/outgoing-handler"]
        );
    }
}
