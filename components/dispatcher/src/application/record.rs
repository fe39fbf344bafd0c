//! The record of an application.

use serde::{Deserialize, Serialize};

/// The application that ran last.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Digests of applications that have been compared with this record and would not change it, newest
    /// first. This field is the first one, so [`super::is_compared`] decodes nothing else.
    pub digests: Vec<String>,
    pub name: String,
    pub version: String,
    /// Version of the composer.
    pub composer: String,
    pub deciders: Vec<Decider>,
    pub reactions: Vec<Reaction>,
    /// Dropped reactions. Their keys are never reused.
    pub retired: Vec<Reaction>,
}

impl Record {
    /// Whether both records are equal in everything that comparisons use. The application's name and versions
    /// do not count: otherwise two deployments beside each other would replace each other's record for ever.
    pub fn same(&self, other: &Self) -> bool {
        (&self.deciders, &self.reactions, &self.retired)
            == (&other.deciders, &other.reactions, &other.retired)
    }

    /// The key of the reaction with this name.
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
    /// The newest schema version that the decider understands, for each event type whose version is not 1.
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
    /// Prefix of the names of its checkpoints, rows, processes and command ids.
    pub key: String,
    /// `projector`, `process-manager` or `notifier`.
    pub kind: String,
    pub version: u32,
    pub views: Vec<String>,
    /// Types of the events that the reaction takes. Empty means all types.
    pub event_types: Vec<String>,
    /// Former names, oldest first.
    pub formerly: Vec<String>,
}
