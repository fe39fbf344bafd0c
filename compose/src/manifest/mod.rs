//! Reads `annals.toml`.
//!
//! [`keys`] defines the keys and their types. [`handler`], [`failure`] and [`store`] contain the
//! values of the tables.

pub mod failure;
pub mod handler;
pub mod http;
pub mod store;

mod duration;
mod keys;

use crate::limits;
use crate::problem::{Code, Place, Problem, Problems, Subject};
use duration::{milliseconds, no_duration};
pub use failure::{FailurePolicy, LastResort, OnFailure};
use handler::reserved;
pub use handler::{Formerly, Handler, Origin, Override};
pub use http::Http;
use keys::Spans;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use store::MAX_PARTITIONS;
pub use store::{Delivery, Store};
use toml::de::DeTable;

/// The manifest with defaults for missing keys.
#[derive(Debug, Deserialize)]
pub struct Manifest {
    /// The application.
    #[serde(default)]
    pub app: App,
    /// The store of events.
    #[serde(default)]
    pub store: Store,
    /// How reactions are driven.
    #[serde(default)]
    pub delivery: Delivery,
    /// How clients reach the application.
    #[serde(default)]
    pub http: Http,
    /// The handlers by name.
    #[serde(default)]
    pub handlers: BTreeMap<String, Handler>,
    /// Components of the user that replace parts of the framework.
    #[serde(default)]
    pub overrides: BTreeMap<String, Override>,
    /// The path of the manifest. Paths in it are relative to its folder.
    #[serde(skip)]
    pub file: PathBuf,
    /// Problems of the manifest itself, if [`Manifest::read_all`] read it.
    #[serde(skip)]
    pub problems: Vec<Problem>,
    #[serde(skip)]
    text: Arc<str>,
    #[serde(skip)]
    spans: Spans,
}

/// `[app]`
#[derive(Debug, Deserialize)]
#[serde(default)]
pub struct App {
    /// Name of the application.
    pub name: String,
    /// Version of the application, informational.
    pub version: String,
    /// Names of reactions and types of events that were removed on purpose.
    pub retired: Vec<String>,
}

impl Default for App {
    fn default() -> Self {
        Self {
            name: String::new(),
            version: "0.0.0".into(),
            retired: Vec::new(),
        }
    }
}

impl Manifest {
    /// Reads and checks a manifest.
    ///
    /// # Errors
    ///
    /// Every problem of the file itself; see [`crate::check`] for those of the handlers.
    pub fn read(file: &Path) -> Result<Self, Problems> {
        Self::read_all(file)?.sound()
    }

    /// Like [`Manifest::read`], but returns the valid part of a manifest with problems. The
    /// problems are in its `problems`, so that the caller can report them together with those of
    /// the handlers.
    ///
    /// # Errors
    ///
    /// If the file does not exist, is not TOML, or is too large.
    pub fn read_all(file: &Path) -> Result<Self, Problems> {
        let name = file.display().to_string();
        let bytes = crate::read::file(file, limits::MANIFEST_BYTES).map_err(|error| {
            Problem::new(
                Code::UnreadableManifest,
                &name,
                format!("cannot be read: {error}"),
                "run in the folder that holds annals.toml, or name the file with -m",
            )
        })?;
        let text = String::from_utf8(bytes).map_err(|error| {
            let at = error.utf8_error().valid_up_to();
            Problem::new(
                Code::UnreadableManifest,
                &name,
                format!("is not text: byte {at} is not UTF-8"),
                "name a manifest with -m, and save it as UTF-8",
            )
        })?;
        Self::parse_all(file, text)
    }

    /// Like [`Manifest::read`], for a text; `file` is its path.
    ///
    /// # Errors
    ///
    /// Every problem of the text.
    pub fn parse(file: &Path, text: String) -> Result<Self, Problems> {
        Self::parse_all(file, text)?.sound()
    }

    fn sound(self) -> Result<Self, Problems> {
        if self.problems.is_empty() {
            Ok(self)
        } else {
            Err(Problems(self.problems))
        }
    }

    fn parse_all(file: &Path, text: String) -> Result<Self, Problems> {
        let name = file.display().to_string();
        if text.len() as u64 > limits::MANIFEST_BYTES {
            let what = format!("is larger than {} MB", limits::MANIFEST_BYTES >> 20);
            let remedy = "name a manifest with -m";
            return Err(Problem::new(Code::UnreadableManifest, name, what, remedy).into());
        }
        let text: Arc<str> = text.into();
        let syntax = |error: toml::de::Error| {
            Problem::new(
                Code::Syntax,
                &name,
                error.message().replace('\n', ", "),
                "see docs/guide.md for the manifest's keys",
            )
            .at(error.span().map(|span| Place::new(&text, span)))
        };
        let mut table = DeTable::parse(&text).map_err(syntax)?;
        let (spans, wrong) = keys::look(table.get_mut());
        let read = Self::deserialize(toml::Deserializer::from(table)).map_err(syntax);
        let mut manifest = read?;
        manifest.file = file.to_path_buf();
        manifest.text = text;
        manifest.spans = spans;
        let mut problems: Vec<Problem> = Vec::new();
        for one in wrong {
            let place = Place::new(&manifest.text, one.span);
            let mut problem = Problem::new(one.code, &name, one.what, one.remedy).at(Some(place));
            problem.subject = one.subject;
            problems.push(problem);
        }
        // Invalid keys were removed: do not report their subjects for missing keys.
        let broken: Vec<&Subject> = problems.iter().filter_map(|p| p.subject.as_ref()).collect();
        let more = manifest.values(&broken);
        problems.extend(more);
        let too_many = |problem: &Problem| problem.code == Code::TooManyHandlers;
        if problems.iter().any(too_many) {
            return Err(Problems(problems));
        }
        manifest.problems = problems;
        Ok(manifest)
    }

    /// The path of the manifest.
    #[must_use]
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// The folder that paths in the manifest are relative to.
    #[must_use]
    pub fn folder(&self) -> &Path {
        match self.file.parent() {
            Some(parent) if parent != Path::new("") => parent,
            _ => Path::new("."),
        }
    }

    /// The sources of all components that the user brings.
    pub fn origins(&self) -> impl Iterator<Item = &Origin> {
        let parts = self.overrides.values().map(|entry| &entry.origin);
        self.handlers
            .values()
            .map(|entry| &entry.origin)
            .chain(parts)
    }

    /// A problem of a handler or a part, placed at the header of its table.
    #[must_use]
    pub fn problem(
        &self,
        code: Code,
        subject: impl Into<Subject>,
        what: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Problem {
        let subject = subject.into();
        let header = self.value(&subject.path());
        Problem::new(code, self.file.display().to_string(), what, remedy)
            .at(header)
            .of(subject)
    }

    /// The place of a key, by its path, such as `["handlers", "mailer", "allow"]`.
    #[must_use]
    pub fn key(&self, path: &[&str]) -> Option<Place> {
        let span = self.spans.get(path)?.key.clone();
        Some(Place::new(&self.text, span))
    }

    /// The place of a key's value; for a table with a header, the header. Entries of a list are
    /// named by their index.
    #[must_use]
    pub fn value(&self, path: &[&str]) -> Option<Place> {
        let span = self.spans.get(path)?.value.clone();
        Some(Place::new(&self.text, span))
    }

    /// The place of a value in the table of a handler or a part.
    #[must_use]
    pub fn value_of(&self, subject: &Subject, path: &[&str]) -> Option<Place> {
        self.value(&[&subject.path(), path].concat())
    }

    /// Checks values beyond their types, except for handlers and parts with problems.
    fn values(&self, broken: &[&Subject]) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut report = |code, path: &[&str], what: String, remedy: String| {
            let problem = Problem::new(code, self.file.display().to_string(), what, remedy);
            problems.push(problem.at(self.value(path)));
        };
        if self.key(&["app", "name"]).is_none() {
            report(
                Code::MissingKey,
                &["app"],
                "the application has no name".into(),
                "set `name` in the table [app]".into(),
            );
        }
        if !(1..=MAX_PARTITIONS).contains(&self.store.partitions) {
            report(
                Code::IllegalValue,
                &["store", "partitions"],
                format!(
                    "`store.partitions = {}` is not possible",
                    self.store.partitions
                ),
                format!("leave it out, or set it to 1 to {MAX_PARTITIONS}"),
            );
        }
        if !self.store.path.starts_with('/') {
            report(
                Code::IllegalValue,
                &["store", "path"],
                format!("`store.path = \"{}\"` is not absolute", self.store.path),
                "give the path as the guest sees it, such as \"/data\"".into(),
            );
        }
        if let Some(text) = &self.delivery.budget
            && milliseconds(text).is_none()
        {
            let (what, remedy) = no_duration("delivery.budget", text);
            report(Code::IllegalValue, &["delivery", "budget"], what, remedy);
        }
        for (index, origin) in self.http.cors.iter().enumerate() {
            if !http::is_origin(origin) {
                report(
                    Code::IllegalValue,
                    &["http", "cors", &index.to_string()],
                    format!("`http.cors` holds \"{origin}\", which is not an origin"),
                    "write it as browsers send it, such as \"https://shop.example\" or \"http://localhost:3000\": lower case, \
                     no path, no default port; \"*\" allows any"
                        .into(),
                );
            }
        }
        if self.handlers.is_empty() && broken.is_empty() {
            report(
                Code::NoHandlers,
                &["handlers"],
                "has no handlers".into(),
                "add a table such as [handlers.open-account] with `path` or `component`".into(),
            );
        }
        if self.handlers.len() > limits::MAX_HANDLERS {
            report(
                Code::TooManyHandlers,
                &["handlers"],
                format!("has {} handlers", self.handlers.len()),
                format!(
                    "compose at most {} into one application",
                    limits::MAX_HANDLERS
                ),
            );
        }
        for (name, handler) in &self.handlers {
            if !broken.contains(&&Subject::from(name)) {
                self.handler(name, handler, &mut problems);
            }
        }
        for (part, entry) in &self.overrides {
            let subject = Subject::Part(part.clone());
            if !broken.contains(&&subject) {
                self.origin(&subject, &entry.origin, &mut problems);
            }
        }
        problems
    }

    fn handler(&self, name: &str, handler: &Handler, problems: &mut Vec<Problem>) {
        let subject = Subject::from(name);
        let key = || self.key(&["handlers", name]);
        let legal = (1..=64).contains(&name.len())
            && name
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if !legal {
            let problem = self.problem(
                Code::IllegalName,
                name,
                "is not a legal name",
                "use lower-case letters, digits and `-`, at most 64",
            );
            problems.push(problem.at(key()));
        }
        if reserved(name) {
            let problem = self.problem(
                Code::ReservedName,
                name,
                "has the name of a part of the framework",
                "choose another",
            );
            problems.push(problem.at(key()));
        }
        if let Some(Err(wrong)) = handler.on_failure.as_ref().map(OnFailure::policy) {
            for one in wrong {
                let problem = self.problem(Code::IllegalValue, name, one.what, one.remedy);
                problems.push(problem.at(self.value_of(&subject, &["on-failure", one.key])));
            }
        }
        self.origin(&subject, &handler.origin, problems);
    }

    /// Checks that a component has exactly one source.
    fn origin(&self, subject: &Subject, origin: &Origin, problems: &mut Vec<Problem>) {
        let (code, what, remedy, key) = match (&origin.path, &origin.component) {
            (None, None) => (
                Code::MissingKey,
                "has neither `path` nor `component`",
                "set `path` to a crate's folder, or `component` to a built component",
                None,
            ),
            (Some(_), Some(_)) => (
                Code::ConflictingKeys,
                "has both `path` and `component`",
                "keep one of them",
                Some("component"),
            ),
            (Some(_), None) if origin.build.is_some() => (
                Code::ConflictingKeys,
                "has `build` beside `path`",
                "a crate is built with its own tool: remove `build`, or set `component` instead of `path`",
                Some("build"),
            ),
            _ if origin.inputs.is_some() && origin.build.is_none() => (
                Code::ConflictingKeys,
                "has `inputs` but no `build`",
                "`inputs` decides when `build` runs again: remove it, or set `build`",
                Some("inputs"),
            ),
            _ => return,
        };
        let [table, name] = subject.path();
        let place = key.and_then(|key| self.key(&[table, name, key]));
        problems.push(self.problem(code, subject, what, remedy).at(place));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: &str) -> String {
        match Manifest::parse(Path::new("annals.toml"), text.into()) {
            Ok(_) => String::new(),
            Err(problems) => problems.to_string(),
        }
    }

    const GOOD: &str = "[app]\nname = \"bank\"\n[handlers.a]\npath = \"a\"\n";

    #[test]
    fn defaults_fill_what_is_left_out() {
        let manifest = Manifest::parse(Path::new("annals.toml"), GOOD.into()).expect("legal");
        assert_eq!(manifest.store.bucket, "default");
        assert_eq!(manifest.store.path, "/data");
        assert_eq!(manifest.store.partitions, 1);
    }

    #[test]
    fn an_unknown_key_names_the_nearest_and_its_line() {
        let text = format!("{GOOD}snapshot-evry = 3\n");
        assert_eq!(
            problems(&text),
            "annals.toml:5: handler `a`: unknown key `snapshot-evry`; did you mean `snapshot-every`?"
        );
    }

    #[test]
    fn every_problem_is_told_at_once() {
        let output = problems(
            "[app]\nname = \"x\"\n[handlers.A]\n[handlers.b]\npath = \"b\"\ncomponent = \"c\"\n",
        );
        assert_eq!(output.lines().count(), 3, "{output}");
    }

    #[test]
    fn a_failure_policy_fills_in_what_is_left_out() {
        let text = format!("{GOOD}on-failure = {{ backoff = \"2s\", then = \"stop\" }}\n");
        let manifest = Manifest::parse(Path::new("annals.toml"), text).expect("legal");
        let policy = manifest.handlers["a"].failure_policy();
        let expected = FailurePolicy {
            attempts: 8,
            backoff: 2000,
            max_backoff: 60_000,
            then: LastResort::Stop,
        };
        assert_eq!(policy, expected);
        let manifest = Manifest::parse(Path::new("annals.toml"), GOOD.into()).expect("legal");
        let policy = manifest.handlers["a"].failure_policy();
        assert_eq!(policy, FailurePolicy::default());
        assert_eq!(manifest.delivery.budget(), None);
    }

    #[test]
    fn every_problem_of_a_failure_policy_is_told() {
        let policy = "on-failure = { attempts = 0, backoff = \"2\", max-backoff = \"9999h\", then = \"pak\" }";
        let output = problems(&format!("{GOOD}{policy}\n[delivery]\nbudget = \"soon\"\n"));
        for part in [
            "annals.toml:7: `delivery.budget = \"soon\"` is not a duration; give a whole number and its unit, such as \"250ms\"",
            "annals.toml:5: handler `a`: `on-failure.attempts = 0` is not possible; an event is tried at least once",
            "`on-failure.backoff = \"2\"` is not a duration",
            "`on-failure.max-backoff = \"9999h\"` is not a duration",
            "`on-failure.then = \"pak\"` is not known; did you mean \"park\"?",
        ] {
            assert!(output.contains(part), "no {part} in: {output}");
        }
        assert_eq!(output.lines().count(), 5, "{output}");
        let output = problems(&format!("{GOOD}on-failure = {{ backoff = \"2m\" }}\n"));
        assert!(
            output.contains("`on-failure.backoff` is longer than `max-backoff`, which is 60000 ms"),
            "{output}"
        );
    }

    #[test]
    fn an_unknown_key_of_a_failure_policy_names_the_nearest_and_its_line() {
        let text = format!("{GOOD}on-failure = {{ atempts = 3 }}\n");
        assert_eq!(
            problems(&text),
            "annals.toml:5: handler `a`: unknown key `atempts` in `on-failure`; did you mean `attempts`?"
        );
    }

    #[test]
    fn a_handler_cannot_be_called_like_a_part_of_the_framework() {
        for name in ["sourcer", "types", "projectors-12"] {
            let output = problems(&GOOD.replace("handlers.a", &format!("handlers.{name}")));
            let expected = format!("handler `{name}`: has the name of a part of the framework");
            assert!(output.contains(&expected), "{output}");
        }
        assert_eq!(
            problems(&GOOD.replace("handlers.a", "handlers.projectors-x")),
            ""
        );
    }

    #[test]
    fn every_key_and_value_of_a_wrong_type_is_told_at_once() {
        let output = problems(
            "[app]\nname = 1\nstore = 2\n[store]\npartitions = -1\n[handlers.a]\npath = [\"a\"]\n\
             allow = [\"x\", 3]\nbuil = \"b\"\n[handlers]\nb = 4\n[overrides.sorcerer]\npath = \"s\"\n",
        );
        for part in [
            "annals.toml:2: `app.name` is a whole number, but must be a text; write it as \"..\"",
            "annals.toml:3: unknown key `store` in [app]; known keys are name, version",
            "annals.toml:5: `store.partitions` is -1, which is not possible; set it to a whole number",
            "annals.toml:7: handler `a`: `path` is a list, but must be a text",
            "annals.toml:8: handler `a`: `allow` contains a whole number, but all its entries must be texts",
            "annals.toml:9: handler `a`: unknown key `buil`; did you mean `build`?",
            "annals.toml:11: handler `b`: `handlers.b` is a whole number, but must be a table",
            "annals.toml:12: part `sorcerer`: the framework has no part `sorcerer`; did you mean `sourcer`?",
        ] {
            assert!(output.contains(part), "no {part} in: {output}");
        }
        assert_eq!(output.lines().count(), 8, "{output}");
    }

    #[test]
    fn overrides_say_where_their_component_is() {
        let text = format!(
            "{GOOD}[overrides.store]\ncomponent = \"s.wasm\"\nbuild = \"make\"\nallow = [\"wasi:http/types\"]\n"
        );
        let manifest = Manifest::parse(Path::new("annals.toml"), text).expect("legal");
        let store = &manifest.overrides["store"];
        assert_eq!(store.origin.component.as_deref(), Some(Path::new("s.wasm")));
        assert_eq!(store.origin.build.as_deref(), Some("make"));
        assert_eq!(store.allow, ["wasi:http/types"]);
        let entry = manifest.value(&["overrides", "store", "allow", "0"]);
        let entry = entry.expect("a place");
        assert_eq!(&entry.text()[entry.span()], "\"wasi:http/types\"");
        assert_eq!(
            problems(&format!(
                "{GOOD}[overrides.store]\npath = \"s\"\nbuild = \"make\"\n"
            )),
            "annals.toml:7: part `store`: has `build` beside `path`; a crate is built with its own tool: \
             remove `build`, or set `component` instead of `path`"
        );
    }

    #[test]
    fn origins_are_written_as_browsers_send_them() {
        let text = |cors: &str| format!("{GOOD}[http]\n{cors}\n");
        let manifest = Manifest::parse(
            Path::new("annals.toml"),
            text("cors = [\"https://a.example\", \"*\"]"),
        );
        let manifest = manifest.expect("legal");
        assert_eq!(manifest.http.cors, ["https://a.example", "*"]);
        let output = problems(&text(
            "cors = [\"https://a.example\",\n\"https://b.example/\"]",
        ));
        assert!(
            output.starts_with("annals.toml:7: `http.cors` holds \"https://b.example/\", which is not an origin; write it as"),
            "{output}"
        );
        let output = problems(&text("cros = []"));
        assert!(
            output.contains("unknown key `cros` in [http]; did you mean `cors`?"),
            "{output}"
        );
        let output = problems(&text("cors = \"*\""));
        assert!(
            output.contains("`http.cors` is a text, but must be a list of texts"),
            "{output}"
        );
    }

    #[test]
    fn broken_syntax_names_its_line() {
        assert!(problems("[app]\nname = ").starts_with("annals.toml:2"));
    }
}
