//! What is recorded of an application.

use serde::{Deserialize, Serialize};

/// An application, as it ran last.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Digests of applications that were compared with this record and change nothing in it, newest first. They lie at the
    /// front, so [`super::is_compared`] decodes nothing else.
    pub digests: Vec<String>,
    pub name: String,
    pub version: String,
    /// Version of the composer.
    pub composer: String,
    pub deciders: Vec<Decider>,
    pub reactions: Vec<Reaction>,
    /// Reactions that are gone: their keys are never given again.
    pub retired: Vec<Reaction>,
}

impl Record {
    /// Would writing one in place of the other change nothing that is ever compared? Versions for people do not count: two
    /// deployments beside each other would replace each other's record for ever.
    pub fn same(&self, other: &Self) -> bool {
        (&self.deciders, &self.reactions, &self.retired)
            == (&other.deciders, &other.reactions, &other.retired)
    }

    /// The key of the reaction of a name.
    #[cfg(feature = "reactions")]
    pub fn key(&self, name: &str) -> Option<&str> {
        let mut reactions = self.reactions.iter();
        let found = reactions.find(|reaction| reaction.name == name)?;
        Some(&found.key)
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decider {
    pub name: String,
    pub category: String,
    pub commands: Vec<String>,
    pub emits: Vec<String>,
    pub folds: Vec<String>,
    /// Newest schema versions that it understands, of events whose version is not 1.
    pub schemas: Vec<(String, u32)>,
}

impl Decider {
    pub fn schema(&self, event_type: &str) -> u32 {
        let mut schemas = self.schemas.iter();
        schemas
            .find(|(name, _)| name == event_type)
            .map_or(1, |(_, version)| *version)
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reaction {
    pub name: String,
    /// What its checkpoints, rows, processes and command ids are kept under.
    pub key: String,
    /// `projector`, `process-manager` or `notifier`.
    pub kind: String,
    pub version: u32,
    pub views: Vec<String>,
    /// Types of the events that it is given; empty: all.
    pub wants: Vec<String>,
    /// Names that it had, oldest first.
    pub formerly: Vec<String>,
}
