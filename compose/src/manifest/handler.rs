//! `[handlers.<name>]` and `[overrides.<part>]`: components that the user brings.

use super::failure::{FailurePolicy, OnFailure};
use crate::kind::Kind;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Where a component comes from: a crate, a file, or a file that a command makes.
#[derive(Debug, Default, Deserialize)]
pub struct Origin {
    /// A crate's folder, built with its own tool.
    pub path: Option<PathBuf>,
    /// A built component.
    pub component: Option<PathBuf>,
    /// A command that builds the component, run in the manifest's folder.
    pub build: Option<String>,
    /// What that command makes it of: it runs again only if something in there changed. Without it, every time.
    pub inputs: Option<Vec<PathBuf>>,
}

/// `[handlers.<name>]`
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Handler {
    /// Where its component comes from.
    #[serde(flatten)]
    pub origin: Origin,
    /// Files with cases for `annals test`, or folders of them. Without it, the folder `cases` beside it.
    pub cases: Option<Vec<PathBuf>>,
    /// Overrides the decider's own cadence.
    pub snapshot_every: Option<u32>,
    /// Host imports granted.
    #[serde(default)]
    pub allow: Vec<String>,
    /// Problems between handlers that are meant, each a code, a colon, and the type of an event.
    #[serde(default)]
    pub meant: Vec<String>,
    /// What becomes of events that its reactions fail on.
    pub on_failure: Option<OnFailure>,
    /// What its reactions were called before.
    #[serde(default)]
    pub formerly: Formerly,
}

/// What reactions were called before.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Formerly {
    /// The one reaction of the component.
    One(Vec<String>),
    /// By their names.
    Several(BTreeMap<String, Vec<String>>),
}

impl Default for Formerly {
    fn default() -> Self {
        Self::One(Vec::new())
    }
}

impl Formerly {
    /// Former names of a reaction of the component.
    #[must_use]
    pub fn of(&self, reaction: &str) -> &[String] {
        match self {
            Self::One(names) => names,
            Self::Several(by_name) => by_name.get(reaction).map_or(&[], Vec::as_slice),
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

/// `[overrides.<part>]`: a component of the user's own in place of a part of the framework.
#[derive(Debug, Deserialize)]
pub struct Override {
    /// Where its component comes from.
    #[serde(flatten)]
    pub origin: Origin,
    /// Host imports granted.
    #[serde(default)]
    pub allow: Vec<String>,
}

/// The parts that can be overridden.
pub const PARTS: &[&str] = &[
    "ingress-http",
    "ingress-cli",
    "dispatcher",
    "sourcer",
    "store",
];

/// Names that reports and traces have for parts that every application has.
pub fn reserved(name: &str) -> bool {
    const OTHERS: &[&str] = &["log", "types", "settings", "switchboard"];
    let numbered = |(kind, number): (&str, &str)| {
        Kind::ALL.iter().any(|one| one.interface() == kind)
            && number.bytes().all(|b| b.is_ascii_digit())
    };
    let part = |name: &&str| PARTS.contains(name) && *name != "store";
    part(&name) || OTHERS.contains(&name) || name.rsplit_once('-').is_some_and(numbered)
}
