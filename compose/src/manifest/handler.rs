//! `[handlers.<name>]` and `[overrides.<part>]`: the components that the user brings.

use super::failure::{FailurePolicy, OnFailure};
use crate::kind::Kind;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The source of a component: a crate, a file, or a file that a command makes.
#[derive(Debug, Default, Deserialize)]
pub struct Origin {
    /// The folder of a crate, which is built with its own tool.
    pub path: Option<PathBuf>,
    /// A built component.
    pub component: Option<PathBuf>,
    /// A command that builds the component in the manifest's folder.
    pub build: Option<String>,
    /// The inputs of that command. It runs again only if one of them changed. Without this key it
    /// runs every time.
    pub inputs: Option<Vec<PathBuf>>,
}

/// `[handlers.<name>]`
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Handler {
    /// The source of its component.
    #[serde(flatten)]
    pub origin: Origin,
    /// Files with cases for `annals test`, or folders of them. Default: the folder `cases` beside
    /// the component.
    pub cases: Option<Vec<PathBuf>>,
    /// Overrides the decider's own snapshot interval.
    pub snapshot_every: Option<u32>,
    /// The host interfaces that it may import.
    #[serde(default)]
    pub allow: Vec<String>,
    /// Problems between handlers that the author intends: each entry is a code, a colon and an
    /// event type.
    #[serde(default)]
    pub meant: Vec<String>,
    /// How the dispatcher treats events on which its reactions fail.
    pub on_failure: Option<OnFailure>,
    /// Former names of its reactions.
    #[serde(default)]
    pub formerly: Formerly,
}

/// Former names of reactions.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Formerly {
    /// For the component's only reaction.
    One(Vec<String>),
    /// For each reaction, by its name.
    Several(BTreeMap<String, Vec<String>>),
}

impl Default for Formerly {
    fn default() -> Self {
        Self::One(Vec::new())
    }
}

impl Formerly {
    /// The former names of a reaction of the component.
    #[must_use]
    pub fn of(&self, reaction: &str) -> &[String] {
        match self {
            Self::One(names) => names,
            Self::Several(by_name) => by_name.get(reaction).map_or(&[], Vec::as_slice),
        }
    }
}

impl Handler {
    /// How the dispatcher treats events on which its reactions fail.
    #[must_use]
    pub fn failure_policy(&self) -> FailurePolicy {
        // A manifest with an illegal policy was rejected when it was read.
        let policy = self.on_failure.as_ref().map(OnFailure::policy);
        policy.and_then(Result::ok).unwrap_or_default()
    }
}

/// `[overrides.<part>]`: a component of the user that replaces a part of the framework.
#[derive(Debug, Deserialize)]
pub struct Override {
    /// The source of its component.
    #[serde(flatten)]
    pub origin: Origin,
    /// The host interfaces that it may import.
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

/// True if reports and traces use this name for a part of every application.
pub fn reserved(name: &str) -> bool {
    const OTHERS: &[&str] = &["log", "types", "settings", "switchboard"];
    let numbered = |(kind, number): (&str, &str)| {
        Kind::ALL.iter().any(|one| one.interface() == kind)
            && number.bytes().all(|b| b.is_ascii_digit())
    };
    let part = |name: &&str| PARTS.contains(name) && *name != "store";
    part(&name) || OTHERS.contains(&name) || name.rsplit_once('-').is_some_and(numbered)
}
