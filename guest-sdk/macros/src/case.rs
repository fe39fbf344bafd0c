//! Converts names of variants into kebab-case, for programs, and into words, for people.

/// Converts a name to kebab-case: `AccountNotOpen` to `account-not-open`, `HTTPGate` to `http-gate`.
pub fn kebab(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut out = String::new();
    for (i, &letter) in letters.iter().enumerate() {
        let after_lower = i > 0 && !letters[i - 1].is_uppercase();
        let before_lower = letters.get(i + 1).is_some_and(|next| next.is_lowercase());
        if letter.is_uppercase() && i > 0 && (after_lower || before_lower) {
            out.push('-');
        }
        out.extend(letter.to_lowercase());
    }
    out.replace('_', "-")
}

/// Converts a code into words: `account-not-open` to `account not open`.
pub fn words(code: &str) -> String {
    code.replace('-', " ")
}

#[cfg(test)]
mod tests {
    #[test]
    fn kebab_case() {
        for (name, kebab) in [
            ("AccountNotOpen", "account-not-open"),
            ("HTTPGate", "http-gate"),
            ("A", "a"),
            ("V2Gate", "v2-gate"),
        ] {
            assert_eq!(super::kebab(name), kebab);
        }
    }
}
