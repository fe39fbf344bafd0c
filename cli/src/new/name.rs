//! Legal names, and their spellings in code.

use annals_compose::manifest::handler::reserved;
use annals_compose::problem::{Code, Problem};
use heck::{ToPascalCase as _, ToShoutySnakeCase as _, ToSnakeCase as _};

/// Maximum length in bytes, which is also that of views and handlers.
const MAX_NAME_BYTES: usize = 64;

/// Names that no crate can have, or that would conflict with a dependency of a handler.
const TAKEN: &[&str] = &[
    "abstract",
    "alloc",
    "annals",
    "annals-js",
    "annals-outside",
    "annals-py",
    "as",
    "async",
    "await",
    "become",
    "box",
    "break",
    "build",
    "const",
    "continue",
    "core",
    "crate",
    "deps",
    "do",
    "dyn",
    "else",
    "enum",
    "examples",
    "extern",
    "false",
    "final",
    "fn",
    "for",
    "gen",
    "if",
    "impl",
    "in",
    "incremental",
    "let",
    "loop",
    "macro",
    "match",
    "mod",
    "move",
    "mut",
    "override",
    "priv",
    "proc-macro",
    "pub",
    "ref",
    "return",
    "self",
    "serde",
    "static",
    "std",
    "struct",
    "super",
    "target",
    "test",
    "tests",
    "trait",
    "true",
    "try",
    "type",
    "typeof",
    "unsafe",
    "unsized",
    "use",
    "virtual",
    "where",
    "while",
    "yield",
    "data",
    "node-modules",
];

/// A name in kebab-case that has a spelling in every language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name(String);

impl Name {
    /// Checks a name as the user wrote it.
    ///
    /// # Errors
    ///
    /// The problem and the remedy.
    pub fn new(name: &str) -> Result<Self, Problem> {
        let legal = name.starts_with(|c: char| c.is_ascii_lowercase())
            && name
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && !name.ends_with('-')
            && !name.contains("--");
        if !legal || name.len() > MAX_NAME_BYTES {
            let near = name.to_snake_case().replace('_', "-");
            let near: String = near
                .chars()
                .filter(|c| c.is_ascii_alphanumeric() || *c == '-')
                .collect();
            let near = near.trim_matches(|c: char| c == '-' || c.is_ascii_digit());
            let remedy = format!(
                "use lower-case letters, digits and single `-`, a letter first, at most {MAX_NAME_BYTES}{}",
                if near.is_empty() || near == name || near.len() > MAX_NAME_BYTES {
                    String::new()
                } else {
                    format!(", such as `{near}`")
                }
            );
            return Err(Problem::new(
                Code::IllegalName,
                "annals new",
                format!("`{name}` is not a legal name"),
                remedy,
            ));
        }
        if TAKEN.contains(&name) || reserved(name) {
            return Err(Problem::new(
                Code::ReservedName,
                "annals new",
                format!("`{name}` is reserved"),
                format!("choose another name, such as `my-{name}`"),
            ));
        }
        Ok(Self(name.into()))
    }

    /// The name with a suffix.
    ///
    /// # Errors
    ///
    /// If the result is too long.
    pub fn with_suffix(&self, suffix: &str) -> Result<Self, Problem> {
        Self::new(&format!("{}{suffix}", self.0))
    }

    /// `bank-two`
    #[must_use]
    pub fn kebab(&self) -> &str {
        &self.0
    }

    /// `BankTwo`
    #[must_use]
    pub fn pascal(&self) -> String {
        self.0.to_pascal_case()
    }

    /// `bank_two`
    #[must_use]
    pub fn snake(&self) -> String {
        self.0.replace('-', "_")
    }

    /// `BANK_TWO`
    #[must_use]
    pub fn shouty(&self) -> String {
        self.0.to_shouty_snake_case()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_spelt_in_four_ways() {
        let name = Name::new("bank-two").expect("legal");
        assert_eq!(
            (
                name.kebab(),
                &*name.pascal(),
                &*name.snake(),
                &*name.shouty()
            ),
            ("bank-two", "BankTwo", "bank_two", "BANK_TWO")
        );
    }

    #[test]
    fn what_is_no_name_is_told_with_one_that_is() {
        for (given, near) in [
            ("BankTwo", Some("`bank-two`")),
            ("bank_two", Some("`bank-two`")),
            ("bank two", Some("`bank-two`")),
            ("bank--two", Some("`bank-two`")),
            ("-bank", Some("`bank`")),
            ("2bank", Some("`bank`")),
            ("../bank", Some("`bank`")),
            ("", None),
            ("é", None),
            (&"x".repeat(65), None),
        ] {
            let problem = Name::new(given).expect_err(given);
            assert!(problem.what.contains("is not a legal name"), "{problem}");
            match near {
                Some(near) => assert!(
                    problem.remedy.ends_with(&format!("such as {near}")),
                    "{problem}"
                ),
                None => assert!(!problem.remedy.contains("such as"), "{problem}"),
            }
        }
    }

    #[test]
    fn names_with_a_meaning_of_their_own_are_refused() {
        for name in [
            "self",
            "annals",
            "test",
            "sourcer",
            "projectors-1",
            "target",
        ] {
            let problem = Name::new(name).expect_err(name);
            assert!(
                problem.remedy.contains(&format!("`my-{name}`")),
                "{problem}"
            );
        }
    }
}
