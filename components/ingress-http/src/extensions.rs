//! Extension attributes of CloudEvents. A command carries them, and its events store them.

use crate::problem::Problem;
use crate::request::Request;

/// Prefix of the headers that carry one attribute each.
const HEADER: &str = "annals-extension-";

/// Upper limit of attributes per command.
const MAX_COUNT: usize = 64;
/// Upper limit of a name, in bytes.
const MAX_NAME_BYTES: usize = 64;
/// Upper limit of a value, in bytes.
const MAX_VALUE_BYTES: usize = 4096;

/// Attributes that CloudEvents or Annals define for events.
const RESERVED: &[&str] = &[
    "actor",
    "causationid",
    "commandid",
    "correlationid",
    "data",
    "datacontenttype",
    "dataschema",
    "extensions",
    "id",
    "position",
    "schemaversion",
    "source",
    "specversion",
    "streamversion",
    "subject",
    "tags",
    "time",
    "traceparent",
    "type",
];

/// Whether CloudEvents or Annals define an attribute with this name.
pub fn is_reserved(name: &str) -> bool {
    RESERVED.contains(&name)
}

/// The extension attributes of one command, each name once.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Extensions(Vec<(String, String)>);

impl Extensions {
    /// The attributes in the headers `Annals-Extension-<name>`.
    pub fn of_headers(request: &Request) -> Result<Self, Problem> {
        let mut extensions = Self::default();
        for name in request.names_after(HEADER) {
            let header = format!("{HEADER}{name}");
            let value = request.header(&header)?.unwrap_or_default();
            extensions.add(&name, value, &format!("header {header}"))?;
        }
        Ok(extensions)
    }

    /// Adds an attribute. `at` is its place in the request.
    ///
    /// # Errors
    /// 400 if the name or the value is invalid, if the name is reserved, or if the attribute exists with
    /// another value.
    pub fn add(&mut self, name: &str, value: &str, at: &str) -> Result<(), Problem> {
        if let Some(why) = illegal(name, value) {
            return Err(Problem::bad_request(why, at));
        }
        match self.0.iter().find(|(known, _)| known == name) {
            Some((_, known)) if known == value => return Ok(()),
            Some(_) => {
                let why = format!("the extension `{name}` has two different values");
                return Err(Problem::bad_request(why, at));
            }
            None => {}
        }
        if self.0.len() == MAX_COUNT {
            let why = format!("a command has at most {MAX_COUNT} extensions");
            return Err(Problem::bad_request(why, at));
        }
        self.0.push((name.into(), value.into()));
        Ok(())
    }

    pub fn into_pairs(self) -> Vec<(String, String)> {
        self.0
    }
}

/// The reason why an attribute is invalid, or `None`.
fn illegal(name: &str, value: &str) -> Option<String> {
    let legal = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    if name.is_empty() || name.len() > MAX_NAME_BYTES || !name.bytes().all(legal) {
        return Some(format!(
            "`{name}` is not the name of an extension: 1 to {MAX_NAME_BYTES} lower-case letters and digits are allowed"
        ));
    }
    if is_reserved(name) {
        return Some(format!(
            "the attribute `{name}` is reserved for events: give the extension another name"
        ));
    }
    if value.len() > MAX_VALUE_BYTES || value.chars().any(char::is_control) {
        return Some(format!(
            "the value of the extension `{name}` must have at most {MAX_VALUE_BYTES} bytes and no control characters"
        ));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::tests::get_with;

    fn of(headers: &[(&str, &str)]) -> Option<Vec<(String, String)>> {
        let extensions = Extensions::of_headers(&get_with("/", headers));
        extensions.ok().map(Extensions::into_pairs)
    }

    #[test]
    fn headers_bring_extensions() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(of(&[("Annals-Actor", "Ada")]), Some(vec![]));
        assert_eq!(
            of(&[
                ("Annals-Extension-Tenant", " a b "),
                ("annals-extension-2", ""),
                ("ANNALS-EXTENSION-TENANT", " a b "),
            ]),
            Some(vec![pair("tenant", "a b"), pair("2", "")])
        );
    }

    #[test]
    fn what_is_no_extension_is_refused() {
        let long = "x".repeat(MAX_VALUE_BYTES + 1);
        for (name, value) in [
            ("annals-extension-", "a"),
            ("annals-extension-a-b", "a"),
            ("annals-extension-a_b", "a"),
            ("annals-extension-\u{e9}", "a"),
            ("annals-extension-tenant", "a\u{1}"),
            ("annals-extension-tenant", &long),
            ("annals-extension-type", "a"),
            ("annals-extension-tags", "a"),
        ] {
            assert_eq!(of(&[(name, value)]), None, "{name}");
        }
        let two = [
            ("annals-extension-tenant", "a"),
            ("annals-extension-tenant", "b"),
        ];
        assert_eq!(of(&two), None);
        let names: Vec<String> = (0..=MAX_COUNT)
            .map(|n| format!("annals-extension-x{n}"))
            .collect();
        let many: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "")).collect();
        assert!(of(&many[..MAX_COUNT]).is_some());
        assert_eq!(of(&many), None);
    }
}
