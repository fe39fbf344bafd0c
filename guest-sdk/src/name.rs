//! Names of streams, categories, views and handlers.

/// Maximum length of a stream's name, in bytes.
const MAX_STREAM: usize = 128;

/// Maximum length of the name of a view or reaction, in bytes.
const MAX_VIEW: usize = 64;

/// Maximum length of a row's key or a process id, in bytes.
const MAX_KEY: usize = 1024;

/// Whether the name is `[a-z][a-z0-9_]*`, and short enough to leave room for an id.
pub(crate) const fn is_category(name: &str) -> bool {
    let bytes = name.as_bytes();
    if bytes.is_empty() || bytes.len() > MAX_STREAM - 2 || !bytes[0].is_ascii_lowercase() {
        return false;
    }
    let mut i = 1;
    while i < bytes.len() {
        if !(bytes[i].is_ascii_lowercase() || bytes[i].is_ascii_digit() || bytes[i] == b'_') {
            return false;
        }
        i += 1;
    }
    true
}

/// Returns the name of a subject's stream. The decider supplies only the id, so it cannot name a stream outside its
/// category.
pub(crate) fn stream(category: &str, id: &str) -> Result<String, String> {
    if id.is_empty() {
        return Err(format!("the id of the {category} is empty"));
    }
    if id.chars().any(char::is_control) {
        return Err(format!(
            "the id of the {category} contains a control character"
        ));
    }
    let room = MAX_STREAM - category.len() - 1;
    if id.len() > room {
        return Err(format!(
            "the id of the {category} has {} bytes, more than {room}",
            id.len()
        ));
    }
    Ok(format!("{category}-{id}"))
}

/// Whether the name is `[a-z][a-z0-9_-]*`, of at most 64 bytes.
pub(crate) const fn is_view(name: &str) -> bool {
    let bytes = name.as_bytes();
    if bytes.is_empty() || bytes.len() > MAX_VIEW || !bytes[0].is_ascii_lowercase() {
        return false;
    }
    let mut i = 1;
    while i < bytes.len() {
        if !(bytes[i].is_ascii_lowercase()
            || bytes[i].is_ascii_digit()
            || matches!(bytes[i], b'_' | b'-'))
        {
            return false;
        }
        i += 1;
    }
    true
}

/// Whether this is a valid name of a process manager or notifier.
pub(crate) const fn is_reaction(name: &str) -> bool {
    let bytes = name.as_bytes();
    if bytes.is_empty() || bytes.len() > MAX_VIEW {
        return false;
    }
    let mut i = 0;
    while i < bytes.len() {
        if !(bytes[i].is_ascii_alphanumeric() || matches!(bytes[i], b'_' | b'-')) {
            return false;
        }
        i += 1;
    }
    true
}

/// Checks that this is a valid key of a row or id of a process.
pub(crate) fn check_key(what: &str, key: &str) -> Result<(), String> {
    match key.len() {
        0 => Err(format!("{what} is empty")),
        1..=MAX_KEY => Ok(()),
        bytes => Err(format!("{what} has {bytes} bytes, more than {MAX_KEY}")),
    }
}

/// Returns the name of a decider: its own `NAME`, or else the name of its type in kebab-case.
pub(crate) fn of<T>(own: &str) -> String {
    if own.is_empty() {
        kebab_type_name(std::any::type_name::<T>())
    } else {
        own.to_owned()
    }
}

/// Returns the last segment of a type's path, in kebab-case.
pub(crate) fn kebab_type_name(path: &str) -> String {
    let path = path.split('<').next().unwrap_or(path);
    let name = path.rsplit("::").next().unwrap_or(path);
    let letters: Vec<char> = name.chars().collect();
    let mut kebab = String::new();
    for (i, &letter) in letters.iter().enumerate() {
        let after_lower = i > 0 && !letters[i - 1].is_uppercase();
        let before_lower = letters.get(i + 1).is_some_and(|next| next.is_lowercase());
        if letter.is_uppercase() && i > 0 && (after_lower || before_lower) && !kebab.ends_with('-')
        {
            kebab.push('-');
        }
        if letter == '_' {
            kebab.push('-');
        } else {
            kebab.extend(letter.to_lowercase());
        }
    }
    kebab
}

/// Compares two strings in a constant context.
pub(crate) const fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    let mut i = 0;
    while i < a.len() {
        if a[i] != b[i] {
            return false;
        }
        i += 1;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn categories() {
        for yes in ["a", "account", "a_1"] {
            assert!(is_category(yes), "{yes}");
        }
        for no in ["", "Account", "1a", "_a", "a-b", "ä", &"a".repeat(127)] {
            assert!(!is_category(no), "{no}");
        }
    }

    #[test]
    fn views() {
        for yes in ["a", "open-accounts", "a_1", &"a".repeat(64)] {
            assert!(is_view(yes), "{yes}");
        }
        for no in ["", "Accounts", "1a", "-a", "a@1", "~a", &"a".repeat(65)] {
            assert!(!is_view(no), "{no}");
        }
    }

    #[test]
    fn reactions() {
        for yes in ["a", "Mailer", "statement-mailer_2", &"a".repeat(64)] {
            assert!(is_reaction(yes), "{yes}");
        }
        for no in ["", "a b", "a.b", "~a", "a@1", &"a".repeat(65)] {
            assert!(!is_reaction(no), "{no}");
        }
    }

    #[test]
    fn keys_have_a_length() {
        assert_eq!(check_key("the key", "a\u{0}/é"), Ok(()));
        assert_eq!(check_key("the key", &"x".repeat(1024)), Ok(()));
        assert!(check_key("the key", "").is_err());
        assert!(check_key("the key", &"x".repeat(1025)).is_err());
    }

    #[test]
    fn streams_stay_in_their_category_and_within_limits() {
        assert_eq!(stream("account", "4-2").as_deref(), Ok("account-4-2"));
        assert!(stream("account", "").is_err());
        assert!(stream("account", "a\nb").is_err());
        assert!(stream("account", "a\u{85}b").is_err());
        assert_eq!(
            stream("account", &"x".repeat(120)).map(|s| s.len()),
            Ok(128)
        );
        assert!(stream("account", &"x".repeat(121)).is_err());
    }

    #[test]
    fn type_names_become_kebab_case() {
        for (path, kebab) in [
            ("bank::OpenAccount", "open-account"),
            ("a::b::HTTPGate", "http-gate"),
            ("Transact", "transact"),
            ("a::Of<b::C>", "of"),
            ("a::V2Gate", "v2-gate"),
        ] {
            assert_eq!(kebab_type_name(path), kebab);
        }
    }
}
