//! The format of case files, and a reader for them.

use annals_compose::manifest::{Handler, Manifest};
use annals_compose::problem::{Code, Problem};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A file of cases.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct CaseFile {
    /// Description of the cases, informational.
    #[serde(default, rename = "description")]
    _description: Option<String>,
    /// For projectors: the view of the cases, if the component has more than one.
    #[serde(default)]
    pub view: Option<String>,
    /// The cases.
    pub cases: Vec<Case>,
}

/// Given, when, then.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Case {
    /// The name of the case.
    pub name: String,
    /// The earlier events.
    #[serde(default)]
    pub given: Vec<Message>,
    /// For projectors: the rows before the first event.
    #[serde(default)]
    pub rows: Vec<Row>,
    /// For deciders: the command.
    #[serde(default)]
    pub when: Option<Message>,
    /// For deciders: the context of the decision.
    #[serde(default)]
    pub context: Context,
    /// The expected result.
    pub then: Then,
}

/// A command or an event.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Message {
    /// Its type.
    pub r#type: String,
    /// The payload.
    #[serde(default)]
    pub data: Option<Value>,
    /// The payload as exact bytes, in place of `data`.
    #[serde(default)]
    pub raw: Option<String>,
    /// Default: `application/json`.
    #[serde(default)]
    pub content_type: Option<String>,
    /// For events only. Default of a given event: 1; of an expected event: any version.
    #[serde(default)]
    pub schema_version: Option<u32>,
    /// For events of reactions only: the stream. Default: `case-1`.
    #[serde(default)]
    pub stream: Option<String>,
    /// For events of reactions only: the time of recording, in milliseconds since the epoch.
    #[serde(default)]
    pub recorded_at: Option<u64>,
    /// For events only. Default of a given event: none; of an expected event: any tags.
    #[serde(default)]
    pub tags: Option<Vec<String>>,
    /// For events of reactions only: the extension attributes of the command.
    #[serde(default)]
    pub extensions: BTreeMap<String, String>,
}

/// A row of a view.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Row {
    /// Its key.
    pub key: String,
    /// Its value.
    pub value: Value,
}

/// The context of a decision.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Context {
    /// Milliseconds since the epoch.
    pub now: u64,
    /// 64 bits of randomness.
    pub seed: u64,
    /// Default: `test`.
    pub command_id: Option<String>,
    /// The actor who sent the command.
    pub actor: Option<String>,
    /// The extension attributes of the command.
    pub extensions: BTreeMap<String, String>,
}

/// The expected result: one of `events`, `rejected`, `malformed`, `fault` and `rows`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Then {
    /// All events of the decision.
    pub events: Option<Vec<Message>>,
    /// With `events`: the stream to which they are appended.
    pub stream: Option<String>,
    /// With `events`: true if they close the stream.
    pub closes: Option<bool>,
    /// The rejection: its code, or an object.
    pub rejected: Option<Rejected>,
    /// A text in the message of a malformed command, or in its place.
    pub malformed: Option<String>,
    /// A text in the message of a fault.
    pub fault: Option<String>,
    /// All rows of the view.
    pub rows: Option<Vec<Row>>,
}

/// An expected rejection. A missing field may have any value.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Rejected {
    /// Only the code is compared.
    Code(String),
    /// All given fields are compared.
    #[allow(missing_docs, reason = "as in the contract")]
    Whole {
        code: String,
        #[serde(default)]
        message: Option<String>,
        #[serde(default, deserialize_with = "present")]
        details: Option<Value>,
    },
}

/// `null` is a value here: it requires that there are no details.
fn present<'de, D: serde::Deserializer<'de>>(value: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(value).map(Some)
}

impl Message {
    /// The payload's bytes.
    #[must_use]
    pub fn payload(&self) -> Vec<u8> {
        match (&self.raw, &self.data) {
            (Some(raw), _) => raw.clone().into_bytes(),
            (None, Some(data)) => data.to_string().into_bytes(),
            (None, None) => b"{}".to_vec(),
        }
    }

    /// The media type of the payload.
    #[must_use]
    pub fn content_type(&self) -> String {
        let json = || "application/json".to_owned();
        self.content_type.clone().unwrap_or_else(json)
    }
}

impl Case {
    /// A problem of the case itself.
    fn wrong(&self) -> Option<&'static str> {
        let then = &self.then;
        let outcomes = [
            then.events.is_some(),
            then.rejected.is_some(),
            then.malformed.is_some(),
            then.fault.is_some(),
            then.rows.is_some(),
        ];
        let messages = self.given.iter().chain(&self.when);
        let mut messages = messages.chain(then.events.iter().flatten());
        match outcomes.iter().filter(|there| **there).count() {
            0 => Some("`then` is empty: set `events`, `rejected`, `malformed`, `fault` or `rows`"),
            1 if self.when.is_none() && then.rows.is_none() && then.fault.is_none() => Some(
                "`when` is missing: set it to the command, or set `then.rows` if the case is for a projector",
            ),
            1 if self.when.is_some() && then.rows.is_some() => Some(
                "the case has a command and rows: a decider has no rows, and a projector no command",
            ),
            1 if then.events.is_none() && (then.closes.is_some() || then.stream.is_some()) => {
                Some("`stream` and `closes` require `events`")
            }
            1 if messages.any(|one| one.data.is_some() && one.raw.is_some()) => {
                Some("a payload is either `data` or `raw`, not both")
            }
            1 => None,
            _ => Some("`then` contains more than one expectation"),
        }
    }
}

/// A handler's case files, in the order of their names.
///
/// # Errors
///
/// If a file or folder that the manifest names does not exist.
pub fn files(manifest: &Manifest, name: &str, handler: &Handler) -> Result<Vec<PathBuf>, Problem> {
    let folder = manifest.folder();
    let Some(named) = &handler.cases else {
        let beside = handler.origin.path.clone();
        let beside = folder
            .join(beside.unwrap_or_else(|| name.into()))
            .join("cases");
        return Ok(json_files(&beside).unwrap_or_default());
    };
    let mut files = Vec::new();
    for one in named {
        let path = folder.join(one);
        let missing = |error: std::io::Error| {
            manifest.problem(
                Code::MissingFile,
                name,
                format!("the cases {} cannot be read: {error}", path.display()),
                "correct `cases` in the manifest: files, or folders of .json files",
            )
        };
        if path.metadata().map_err(missing)?.is_dir() {
            files.extend(json_files(&path).map_err(missing)?);
        } else {
            files.push(path);
        }
    }
    Ok(files)
}

fn json_files(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "json")
        {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Reads a case file.
///
/// # Errors
///
/// If it cannot be read, or is not a case file.
pub fn read(file: &Path) -> Result<CaseFile, Problem> {
    let name = || file.display().to_string();
    let remedy = "see docs/languages.md for the format of case files";
    let text = std::fs::read_to_string(file).map_err(|error| {
        let what = format!("cannot be read: {error}");
        Problem::new(Code::IllegalCases, name(), what, remedy)
    })?;
    let read: CaseFile = serde_json::from_str(&text)
        .map_err(|error| Problem::new(Code::IllegalCases, name(), error.to_string(), remedy))?;
    for case in &read.cases {
        if let Some(wrong) = case.wrong() {
            let what = format!("case \"{}\": {wrong}", case.name);
            return Err(Problem::new(Code::IllegalCases, name(), what, remedy));
        }
    }
    Ok(read)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Result<CaseFile, String> {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), text).expect("written");
        read(file.path()).map_err(|problem| problem.what)
    }

    #[test]
    fn a_case_says_one_thing() {
        let case = |rest: &str| read_text(&format!(r#"{{"cases":[{{"name":"x",{rest}}}]}}"#));
        assert!(case(r#""when":{"type":"A"},"then":{"events":[]}"#).is_ok());
        assert!(case(r#""then":{"rows":[]}"#).is_ok());
        for (rest, told) in [
            (r#""when":{"type":"A"},"then":{}"#, "is empty"),
            (r#""then":{"events":[]}"#, "`when` is missing"),
            (
                r#""when":{"type":"A"},"then":{"events":[],"fault":"x"}"#,
                "more than one",
            ),
            (
                r#""when":{"type":"A"},"then":{"rows":[]}"#,
                "a decider has no rows",
            ),
            (
                r#""when":{"type":"A","raw":"x","data":1},"then":{"events":[]}"#,
                "not both",
            ),
            (
                r#""when":{"type":"A"},"then":{"fault":"x","closes":true}"#,
                "require `events`",
            ),
            (
                r#""when":{"typ":"A"},"then":{"events":[]}"#,
                "unknown field `typ`",
            ),
        ] {
            let wrong = case(rest).expect_err(rest);
            assert!(wrong.contains(told), "{rest}: {wrong}");
        }
    }

    #[test]
    fn details_may_be_demanded_to_be_absent() {
        let read = |details: &str| -> Rejected {
            serde_json::from_str(&format!(r#"{{"code":"x"{details}}}"#)).expect("a rejection")
        };
        let Rejected::Whole { details, .. } = read(r#","details":null"#) else {
            panic!("an object is whole");
        };
        assert_eq!(details, Some(Value::Null));
        let Rejected::Whole { details, .. } = read("") else {
            panic!("an object is whole");
        };
        assert_eq!(details, None);
    }
}
