//! Reads `annals.toml`.

use crate::kind::Kind;
use crate::problem::{Problem, Problems, nearest};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use toml::Spanned;

/// The manifest, as the user wrote it, with defaults filled in.
#[derive(Debug, Deserialize)]
pub struct Manifest {
    /// The application.
    pub app: App,
    /// Where events are kept.
    #[serde(default)]
    pub store: Store,
    /// How reactions are driven.
    #[serde(default)]
    pub delivery: Delivery,
    /// The handlers by name.
    #[serde(default)]
    pub handlers: BTreeMap<String, Spanned<Handler>>,
    /// Where the manifest is; paths in it start from its folder.
    #[serde(skip)]
    pub file: PathBuf,
    #[serde(skip)]
    text: String,
}

/// `[app]`
#[derive(Debug, Deserialize)]
pub struct App {
    /// Name of the application.
    pub name: String,
    /// Version of the application, for people.
    #[serde(default = "default_version")]
    pub version: String,
}

/// `[store]`
#[derive(Debug, Deserialize)]
#[serde(default)]
pub struct Store {
    /// Goes before every key.
    pub prefix: String,
    /// Number of logs.
    pub partitions: u32,
    /// Keyvalue hosts: the bucket.
    pub bucket: String,
    /// Filesystem hosts: the directory, as the guest sees it.
    pub path: String,
}

impl Default for Store {
    fn default() -> Self {
        Self {
            prefix: String::new(),
            partitions: 1,
            bucket: "default".into(),
            path: "/data".into(),
        }
    }
}

/// `[delivery]`
#[derive(Debug, Default, Deserialize)]
pub struct Delivery {
    /// How long a request goes on after its answer, to deliver to reactions, as text such as `200ms`.
    /// What suits the host, if it is left out.
    budget: Option<String>,
}

impl Delivery {
    /// The budget in milliseconds, if one is set.
    #[must_use]
    pub fn budget(&self) -> Option<u32> {
        self.budget.as_deref().and_then(milliseconds)
    }
}

/// `[handlers.<name>]`
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Handler {
    /// A crate's folder, built with its own tool.
    pub path: Option<PathBuf>,
    /// A built component.
    pub component: Option<PathBuf>,
    /// A command that builds the component, run in the manifest's folder.
    pub build: Option<String>,
    /// Overrides the decider's own cadence.
    pub snapshot_every: Option<u32>,
    /// Host imports granted.
    #[serde(default)]
    pub allow: Vec<String>,
    /// What becomes of events that its reactions fail on.
    pub on_failure: Option<OnFailure>,
}

/// `on-failure` of a handler. What is left out is as in [`FailurePolicy::default`].
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct OnFailure {
    attempts: Option<u32>,
    backoff: Option<String>,
    max_backoff: Option<String>,
    then: Option<String>,
}

/// What becomes of an event that a reaction fails on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FailurePolicy {
    /// How often an event is tried, at least once.
    pub attempts: u32,
    /// Milliseconds before the second attempt; doubled for each one after it.
    pub backoff: u32,
    /// The longest pause between attempts, in milliseconds.
    pub max_backoff: u32,
    /// What is done after the last attempt.
    pub then: LastResort,
}

/// What becomes of an event that a reaction failed on for the last time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LastResort {
    /// It is put aside, and the reaction goes on.
    Park,
    /// It is passed over.
    Skip,
    /// The reaction stops there.
    Stop,
}

impl Default for FailurePolicy {
    fn default() -> Self {
        Self {
            attempts: 8,
            backoff: 250,
            max_backoff: 60_000,
            then: LastResort::Park,
        }
    }
}

impl OnFailure {
    /// The policy, with defaults filled in.
    ///
    /// # Errors
    ///
    /// What is wrong with it, and what to do, in pairs.
    fn policy(&self) -> Result<FailurePolicy, Vec<(String, String)>> {
        let mut policy = FailurePolicy::default();
        let mut wrong = Vec::new();
        if let Some(attempts) = self.attempts {
            policy.attempts = attempts;
            if attempts == 0 {
                wrong.push((
                    "`on-failure.attempts = 0` is not possible".into(),
                    "an event is tried at least once: set it to 1 or more".into(),
                ));
            }
        }
        for (key, text, place) in [
            ("backoff", &self.backoff, &mut policy.backoff),
            ("max-backoff", &self.max_backoff, &mut policy.max_backoff),
        ] {
            if let Some(text) = text {
                match milliseconds(text) {
                    Some(given) => *place = given,
                    None => wrong.push(no_duration(&format!("on-failure.{key}"), text)),
                }
            }
        }
        if wrong.is_empty() && policy.backoff > policy.max_backoff {
            wrong.push((
                format!(
                    "`on-failure.backoff` is longer than `max-backoff`, which is {} ms",
                    policy.max_backoff
                ),
                "set `max-backoff` to at least as much".into(),
            ));
        }
        if let Some(then) = &self.then {
            policy.then = match then.as_str() {
                "park" => LastResort::Park,
                "skip" => LastResort::Skip,
                "stop" => LastResort::Stop,
                other => {
                    wrong.push((
                        format!("`on-failure.then = \"{other}\"` is not known"),
                        match nearest(other, LAST_RESORTS.iter().copied()) {
                            Some(near) => format!("did you mean \"{near}\"?"),
                            None => "set it to \"park\", \"skip\" or \"stop\"".into(),
                        },
                    ));
                    policy.then
                }
            };
        }
        if wrong.is_empty() {
            Ok(policy)
        } else {
            Err(wrong)
        }
    }
}

impl Handler {
    /// What becomes of events that its reactions fail on.
    #[must_use]
    pub fn failure_policy(&self) -> FailurePolicy {
        // A manifest with an illegal policy is refused when it is read.
        let policy = self.on_failure.as_ref().map(OnFailure::policy);
        policy.and_then(Result::ok).unwrap_or_default()
    }
}

/// A duration such as `250ms`, `2s`, `1m` or `1h`.
fn milliseconds(text: &str) -> Option<u32> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    let factor = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    number.parse::<u32>().ok()?.checked_mul(factor)
}

fn no_duration(key: &str, text: &str) -> (String, String) {
    (
        format!("`{key} = \"{text}\"` is not a duration"),
        "give a whole number and its unit, such as \"250ms\", \"2s\", \"1m\" or \"1h\"".into(),
    )
}

fn default_version() -> String {
    "0.0.0".into()
}

const TOP: &[&str] = &["app", "store", "delivery", "handlers"];
const APP: &[&str] = &["name", "version"];
/// The store's own limit: whoever reads the log's end looks at one slot of each.
const MAX_PARTITIONS: u32 = 64;
const STORE: &[&str] = &["prefix", "partitions", "bucket", "path"];
const DELIVERY: &[&str] = &["budget"];
const HANDLER: &[&str] = &[
    "path",
    "component",
    "build",
    "snapshot-every",
    "allow",
    "on-failure",
];
const ON_FAILURE: &[&str] = &["attempts", "backoff", "max-backoff", "then"];
const LAST_RESORTS: &[&str] = &["park", "skip", "stop"];

impl Manifest {
    /// Reads and checks a manifest.
    ///
    /// # Errors
    ///
    /// Every problem of the file itself; see [`crate::check`] for those of the handlers.
    pub fn read(file: &Path) -> Result<Self, Problems> {
        let name = file.display().to_string();
        let text = std::fs::read_to_string(file).map_err(|error| {
            Problem::new(
                &name,
                format!("cannot be read: {error}"),
                "run in the folder that holds annals.toml, or name the file with -m",
            )
        })?;
        Self::parse(file, text)
    }

    /// The same, of a text; `file` is where it came from.
    ///
    /// # Errors
    ///
    /// Every problem of the text.
    pub fn parse(file: &Path, text: String) -> Result<Self, Problems> {
        let name = file.display().to_string();
        let syntax = |error: toml::de::Error| {
            let problem = Problem::new(
                &name,
                error.message().replace('\n', ", "),
                "see docs/guide.md for the manifest's keys",
            );
            match error.span() {
                Some(span) => problem.at_line(line_of(&text, span.start)),
                None => problem,
            }
        };
        let table: toml::Table = toml::from_str(&text).map_err(syntax)?;
        let mut problems = unknown_keys(&name, &text, &table);
        if !problems.is_empty() {
            return Err(Problems(problems));
        }
        let mut manifest: Self = toml::from_str(&text).map_err(syntax)?;
        manifest.file = file.to_path_buf();
        manifest.text = text;
        manifest.values(&mut problems);
        if problems.is_empty() {
            Ok(manifest)
        } else {
            Err(Problems(problems))
        }
    }

    /// The folder that paths in the manifest start from.
    #[must_use]
    pub fn folder(&self) -> &Path {
        match self.file.parent() {
            Some(parent) if parent != Path::new("") => parent,
            _ => Path::new("."),
        }
    }

    /// A problem of one handler, at its place in the manifest.
    #[must_use]
    pub fn problem(
        &self,
        handler: &str,
        what: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Problem {
        let problem = Problem::new(self.file.display().to_string(), what, remedy).of(handler);
        match self.handlers.get(handler) {
            Some(entry) => problem.at_line(line_of(&self.text, entry.span().start)),
            None => problem,
        }
    }

    fn values(&self, problems: &mut Vec<Problem>) {
        let file = self.file.display().to_string();
        if !(1..=MAX_PARTITIONS).contains(&self.store.partitions) {
            problems.push(Problem::new(
                &file,
                format!(
                    "`store.partitions = {}` is not possible",
                    self.store.partitions
                ),
                format!("leave it out, or set it to 1 to {MAX_PARTITIONS}"),
            ));
        }
        if !self.store.path.starts_with('/') {
            problems.push(Problem::new(
                &file,
                format!("`store.path = \"{}\"` is not absolute", self.store.path),
                "give the path as the guest sees it, such as \"/data\"",
            ));
        }
        if let Some(text) = &self.delivery.budget
            && milliseconds(text).is_none()
        {
            let (what, remedy) = no_duration("delivery.budget", text);
            problems.push(Problem::new(&file, what, remedy));
        }
        if self.handlers.is_empty() {
            problems.push(Problem::new(
                &file,
                "has no handlers",
                "add a table such as [handlers.open-account] with `path` or `component`",
            ));
        }
        for (name, handler) in &self.handlers {
            let handler = handler.get_ref();
            let legal = !name.is_empty()
                && name.len() <= 64
                && name
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
            if !legal {
                problems.push(self.problem(
                    name,
                    "is not a legal name",
                    "use lower-case letters, digits and `-`, at most 64",
                ));
            }
            if reserved(name) {
                problems.push(self.problem(
                    name,
                    "has the name of a part of the framework",
                    "choose another",
                ));
            }
            if let Some(Err(wrong)) = handler.on_failure.as_ref().map(OnFailure::policy) {
                for (what, remedy) in wrong {
                    problems.push(self.problem(name, what, remedy));
                }
            }
            match (&handler.path, &handler.component) {
                (None, None) => problems.push(self.problem(
                    name,
                    "has neither `path` nor `component`",
                    "set `path` to a crate's folder, or `component` to a built component",
                )),
                (Some(_), Some(_)) => problems.push(self.problem(
                    name,
                    "has both `path` and `component`",
                    "keep one of them",
                )),
                (Some(_), None) if handler.build.is_some() => problems.push(self.problem(
                    name,
                    "has `build` beside `path`",
                    "a crate is built with its own tool: remove `build`, or set `component` instead of `path`",
                )),
                _ => {}
            }
        }
    }
}

/// Names that reports and traces have for parts that every application has.
fn reserved(name: &str) -> bool {
    const PARTS: &[&str] = &[
        "types",
        "settings",
        "switchboard",
        "sourcer",
        "dispatcher",
        "ingress-http",
        "ingress-cli",
    ];
    let numbered = |(kind, number): (&str, &str)| {
        Kind::ALL.iter().any(|one| one.interface() == kind)
            && number.bytes().all(|b| b.is_ascii_digit())
    };
    PARTS.contains(&name) || name.rsplit_once('-').is_some_and(numbered)
}

fn unknown_keys(file: &str, text: &str, table: &toml::Table) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut look = |table: &toml::Table, known: &[&str], place: &str| {
        for key in table.keys().filter(|key| !known.contains(&key.as_str())) {
            let remedy = match nearest(key, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("known keys are {}", known.join(", ")),
            };
            let problem = Problem::new(file, format!("unknown key `{key}` in {place}"), remedy);
            problems.push(match line_of_key(text, key) {
                Some(line) => problem.at_line(line),
                None => problem,
            });
        }
    };
    look(table, TOP, "the manifest");
    for (name, known) in [("app", APP), ("store", STORE), ("delivery", DELIVERY)] {
        if let Some(toml::Value::Table(inner)) = table.get(name) {
            look(inner, known, &format!("[{name}]"));
        }
    }
    if let Some(toml::Value::Table(handlers)) = table.get("handlers") {
        for (name, handler) in handlers {
            if let toml::Value::Table(inner) = handler {
                look(inner, HANDLER, &format!("[handlers.{name}]"));
                if let Some(toml::Value::Table(policy)) = inner.get("on-failure") {
                    look(policy, ON_FAILURE, &format!("[handlers.{name}] on-failure"));
                }
            }
        }
    }
    problems
}

fn line_of(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|b| *b == b'\n').count()
}

/// The first line that sets a key or opens a table of that name, or else holds it in an inline table.
fn line_of_key(text: &str, key: &str) -> Option<usize> {
    let begins = |line: &str| {
        let line = line
            .trim_start()
            .trim_start_matches('[')
            .trim_start_matches("handlers.");
        line.trim_start_matches('"').starts_with(key)
    };
    let inline = |line: &str| line.contains('{') && line.contains(key);
    let line = text.lines().position(begins);
    let line = line.or_else(|| text.lines().position(inline));
    line.map(|index| index + 1)
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
            "annals.toml:5: unknown key `snapshot-evry` in [handlers.a]; did you mean `snapshot-every`?"
        );
    }

    #[test]
    fn every_problem_is_told_at_once() {
        let told = problems(
            "[app]\nname = \"x\"\n[handlers.A]\n[handlers.b]\npath = \"b\"\ncomponent = \"c\"\n",
        );
        assert_eq!(told.lines().count(), 3, "{told}");
    }

    #[test]
    fn a_failure_policy_fills_in_what_is_left_out() {
        let text = format!("{GOOD}on-failure = {{ backoff = \"2s\", then = \"stop\" }}\n");
        let manifest = Manifest::parse(Path::new("annals.toml"), text).expect("legal");
        let policy = manifest.handlers["a"].get_ref().failure_policy();
        let expected = FailurePolicy {
            attempts: 8,
            backoff: 2000,
            max_backoff: 60_000,
            then: LastResort::Stop,
        };
        assert_eq!(policy, expected);
        let manifest = Manifest::parse(Path::new("annals.toml"), GOOD.into()).expect("legal");
        let policy = manifest.handlers["a"].get_ref().failure_policy();
        assert_eq!(policy, FailurePolicy::default());
        assert_eq!(manifest.delivery.budget(), None);
    }

    #[test]
    fn every_problem_of_a_failure_policy_is_told() {
        let policy = "on-failure = { attempts = 0, backoff = \"2\", max-backoff = \"9999h\", then = \"pak\" }";
        let told = problems(&format!("{GOOD}{policy}\n[delivery]\nbudget = \"soon\"\n"));
        for part in [
            "annals.toml: `delivery.budget = \"soon\"` is not a duration; give a whole number and its unit, such as \"250ms\"",
            "annals.toml:3: handler `a`: `on-failure.attempts = 0` is not possible; an event is tried at least once",
            "`on-failure.backoff = \"2\"` is not a duration",
            "`on-failure.max-backoff = \"9999h\"` is not a duration",
            "`on-failure.then = \"pak\"` is not known; did you mean \"park\"?",
        ] {
            assert!(told.contains(part), "no {part} in: {told}");
        }
        assert_eq!(told.lines().count(), 5, "{told}");
        let told = problems(&format!("{GOOD}on-failure = {{ backoff = \"2m\" }}\n"));
        assert!(
            told.contains("`on-failure.backoff` is longer than `max-backoff`, which is 60000 ms"),
            "{told}"
        );
    }

    #[test]
    fn an_unknown_key_of_a_failure_policy_names_the_nearest_and_its_line() {
        let text = format!("{GOOD}on-failure = {{ atempts = 3 }}\n");
        assert_eq!(
            problems(&text),
            "annals.toml:5: unknown key `atempts` in [handlers.a] on-failure; did you mean `attempts`?"
        );
    }

    #[test]
    fn a_handler_cannot_be_called_like_a_part_of_the_framework() {
        for name in ["sourcer", "types", "projectors-12"] {
            let told = problems(&GOOD.replace("handlers.a", &format!("handlers.{name}")));
            let expected = format!("handler `{name}`: has the name of a part of the framework");
            assert!(told.contains(&expected), "{told}");
        }
        assert_eq!(
            problems(&GOOD.replace("handlers.a", "handlers.projectors-x")),
            ""
        );
    }

    #[test]
    fn durations_have_units() {
        let given = [
            "0ms",
            "250ms",
            "2s",
            "1m",
            "1h",
            "1d",
            "s",
            "",
            "5",
            "4294967295s",
        ];
        let read = given.map(milliseconds);
        let expected = [
            Some(0),
            Some(250),
            Some(2000),
            Some(60_000),
            Some(3_600_000),
        ];
        assert_eq!(read[..5], expected);
        assert!(read[5..].iter().all(Option::is_none), "{read:?}");
    }

    #[test]
    fn broken_syntax_names_its_line() {
        assert!(problems("[app]\nname = ").starts_with("annals.toml:2"));
    }
}
