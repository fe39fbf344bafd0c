//! Tags and extension attributes in a line.
//!
//! `tags` holds the tags of an event in their order, separated by spaces. Within a tag, a space is encoded as `%20` and
//! a percent sign as `%25`.
//!
//! A line contains each extension attribute of a command under the attribute's own name. If lines use that name
//! themselves, or the name begins with `ext`, the line prefixes the name with `ext`. `extensions` lists the names as
//! the line contains them, in their order, separated by spaces. An attribute that is neither known nor listed there is
//! an error. So an importer never mistakes an attribute from a newer release for an extension.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// Prefix of an extension name that would otherwise collide with an attribute of lines.
const PREFIX: &str = "ext";

/// Attributes of CloudEvents and of lines, in alphabetical order.
const USED: [&str; 33] = [
    "actor",
    "causationid",
    "claimcursor",
    "claimfingerprint",
    "commandid",
    "commandtype",
    "commitsize",
    "correlationid",
    "data",
    "datacontenttype",
    "dataschema",
    "extensions",
    "generation",
    "handler",
    "id",
    "logpartitions",
    "position",
    "reflects",
    "schemaversion",
    "source",
    "specversion",
    "streamclosed",
    "streamslot",
    "streamversion",
    "streamvoids",
    "subject",
    "tags",
    "time",
    "timems",
    "traceparent",
    "type",
    "view",
    "viewkey",
];

/// The name under which a line contains an extension attribute.
pub(crate) fn attribute(name: &str) -> Cow<'_, str> {
    match name.starts_with(PREFIX) || USED.binary_search(&name).is_ok() {
        true => format!("{PREFIX}{name}").into(),
        false => name.into(),
    }
}

/// The value of `extensions`: the names under which the line contains the extension attributes. `None` if there are
/// none.
pub(crate) fn listed(extensions: &[(String, String)]) -> Option<String> {
    joined(extensions.iter().map(|(name, _)| attribute(name)))
}

/// The value of `tags` for the tags of an event; `None` if there are none.
pub(crate) fn tags(tags: &[String]) -> Option<String> {
    joined(tags.iter().map(|tag| match tag.contains(['%', ' ']) {
        true => Cow::from(tag.replace('%', "%25").replace(' ', "%20")),
        false => Cow::from(tag),
    }))
}

fn joined<'a>(mut words: impl Iterator<Item = Cow<'a, str>>) -> Option<String> {
    let mut joined = words.next()?.into_owned();
    for word in words {
        joined.push(' ');
        joined.push_str(&word);
    }
    Some(joined)
}

/// Decodes the value that [`tags`] encodes.
pub(crate) fn read_tags(text: Option<&str>) -> Result<Vec<String>, String> {
    let Some(text) = text else {
        return Ok(Vec::new());
    };
    let words = text.split(' ');
    let read: Vec<String> = words
        .map(|word| word.replace("%20", " ").replace("%25", "%"))
        .collect();
    // Accept only the canonical text: an export encodes no other byte with a percent sign.
    match tags(&read).as_deref() == Some(text) {
        true => Ok(read),
        false => Err(format!("tags {text:?} are not written as an export does")),
    }
}

/// A line, split into its extension attributes and the other attributes.
pub(crate) struct Apart {
    pub extensions: Vec<(String, String)>,
    /// The line without the extension attributes; `None` if the line has no `extensions` attribute.
    rest: Option<String>,
}

#[derive(Deserialize)]
struct Names<'a> {
    #[serde(borrow, default)]
    extensions: Option<Cow<'a, str>>,
}

/// The attributes of a line in their order.
struct Attributes<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Attributes<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Vec<(Cow<'de, str>, &'de RawValue)>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an event")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut all = Vec::new();
                while let Some(name) = map.next_key::<Cow<'de, str>>()? {
                    all.push((name, map.next_value()?));
                }
                Ok(all)
            }
        }
        deserializer.deserialize_map(Any).map(Self)
    }
}

impl Apart {
    /// Splits a line. Most lines have no extension attributes and are not copied.
    pub fn of(line: &[u8]) -> Result<Self, String> {
        let names: Names<'_> = serde_json::from_slice(line).map_err(|error| error.to_string())?;
        let Some(names) = names.extensions else {
            return Ok(Self {
                extensions: Vec::new(),
                rest: None,
            });
        };
        let Attributes(all) = serde_json::from_slice(line).map_err(|error| error.to_string())?;
        let mut values: BTreeMap<&str, &RawValue> = BTreeMap::new();
        let mut rest = String::from("{");
        for (name, value) in &all {
            if names.split(' ').any(|listed| listed == name) {
                if values.insert(name, value).is_some() {
                    return Err(format!("attribute {name} comes twice"));
                }
            } else if name != "extensions" {
                let comma = if rest.len() == 1 { "" } else { "," };
                let name = serde_json::Value::from(&**name);
                rest.push_str(&format!("{comma}{name}:{}", value.get()));
            }
        }
        rest.push('}');
        let mut extensions = Vec::new();
        for listed in names.split(' ') {
            let value = values
                .get(listed)
                .ok_or_else(|| format!("it lists an extension {listed:?} and has none"))?;
            let value: String = serde_json::from_str(value.get())
                .map_err(|error| format!("extension {listed}: {error}"))?;
            let name = listed.strip_prefix(PREFIX).unwrap_or(listed);
            extensions.push((name.to_owned(), value));
        }
        Ok(Self {
            extensions,
            rest: Some(rest),
        })
    }

    /// The line without its extension attributes.
    pub fn rest<'l>(&'l self, line: &'l [u8]) -> &'l [u8] {
        self.rest.as_ref().map_or(line, |rest| rest.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_in_order_and_no_two_extensions_share_one() {
        assert!(USED.is_sorted_by(|a, b| a < b));
        assert_eq!(attribute("tenant"), "tenant");
        assert_eq!(attribute("position"), "extposition");
        assert_eq!(attribute("extposition"), "extextposition");
        assert_eq!(attribute("ext"), "extext");
    }

    #[test]
    fn tags_with_spaces_and_percent_signs_come_back() {
        for list in [
            vec![],
            vec!["order:1"],
            vec!["a b", "%20", "% 20", "%2520", "%"],
            vec!["x", "x", " "],
        ] {
            let list: Vec<String> = list.into_iter().map(str::to_owned).collect();
            assert_eq!(read_tags(tags(&list).as_deref()), Ok(list));
        }
        for text in ["%41", "%2", "100%"] {
            assert!(read_tags(Some(text)).is_err(), "{text}");
        }
    }
}
