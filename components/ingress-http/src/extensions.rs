//! Extension attributes of CloudEvents: a command brings them along, and its events keep them.

use crate::problem::Problem;
use crate::request::Request;

/// The headers that bring an attribute each begin like this.
const HEADER: &str = "annals-extension-";

/// Attributes of one command.
const MAX_COUNT: usize = 64;
/// Bytes of a name.
const MAX_NAME: usize = 64;
/// Bytes of a value.
const MAX_VALUE: usize = 4096;

/// Attributes that CloudEvents or Annals give events themselves.
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

/// Does the name belong to an attribute that events have themselves?
pub fn is_reserved(name: &str) -> bool {
    RESERVED.contains(&name)
}

/// The extension attributes of one command, each name once.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Extensions(Vec<(String, String)>);

impl Extensions {
    /// Those of the headers `Annals-Extension-<name>`.
    pub fn of_headers(request: &Request) -> Result<Self, Problem> {
        let mut extensions = Self::default();
        for name in request.names_after(HEADER) {
            let header = format!("{HEADER}{name}");
            let value = request.header(&header)?.unwrap_or_default();
            extensions.add(&name, value, &format!("header {header}"))?;
        }
        Ok(extensions)
    }

    /// Adds an attribute. `at` says where it stands in the request.
    ///
    /// # Errors
    /// 400 if the name or the value is illegal, if events have an attribute of that name themselves, or if it is there with
    /// another value.
    pub fn add(&mut self, name: &str, value: &str, at: &str) -> Result<(), Problem> {
        if let Some(why) = illegal(name, value) {
            return Err(Problem::bad_request(why, at));
        }
        match self.0.iter().find(|(known, _)| known == name) {
            Some((_, known)) if known == value => return Ok(()),
            Some(_) => {
                let why = format!("the extension `{name}` is given with two values");
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

/// Why an attribute is none, if so.
fn illegal(name: &str, value: &str) -> Option<String> {
    let legal = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    if name.is_empty() || name.len() > MAX_NAME || !name.bytes().all(legal) {
        return Some(format!(
            "the name of an extension has 1 to {MAX_NAME} lower-case letters and digits, not `{name}`"
        ));
    }
    if is_reserved(name) {
        return Some(format!(
            "events have an attribute `{name}` already: give the extension another name"
        ));
    }
    if value.len() > MAX_VALUE || value.chars().any(char::is_control) {
        return Some(format!(
            "the value of the extension `{name}` must have at most {MAX_VALUE} bytes and no control characters"
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
        let long = "x".repeat(MAX_VALUE + 1);
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
