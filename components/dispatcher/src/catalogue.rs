//! Which reactions the application has.

use crate::annals::es::types::{ReactionDescriptor, StartFrom};
use crate::annals::framework::settings::{AppSettings, FailurePolicy, LastResort};

/// What kind of reaction, and with that, what delivering an event to it means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Projector,
    ProcessManager,
    Notifier,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Projector => "projector",
            Self::ProcessManager => "process-manager",
            Self::Notifier => "notifier",
        }
    }

    /// Milliseconds for which a deliverer has a reaction to itself without a sign of life. A pure handler
    /// answers at once; a notifier waits for others.
    pub fn lease(self) -> u64 {
        match self {
            Self::Projector | Self::ProcessManager => 5_000,
            Self::Notifier => 10_000,
        }
    }
}

/// A reaction, as the application knows it.
#[derive(Clone, Debug)]
pub struct Reaction {
    pub name: String,
    /// What the store keeps it under: the first name that it had.
    pub key: String,
    pub kind: Kind,
    /// In the switchboard of its kind.
    pub index: u32,
    pub version: u32,
    pub event_types: Vec<String>,
    pub views: Vec<String>,
    pub from_now: bool,
    pub lanes: u32,
    pub policy: FailurePolicy,
}

impl Reaction {
    pub fn wants(&self, event_type: &str) -> bool {
        self.event_types.is_empty() || self.event_types.iter().any(|wanted| wanted == event_type)
    }

    /// What its views are called in the store, without their generations. The first one is what the reaction is
    /// known by, so it may have been renamed.
    pub fn stored_views(&self) -> Vec<String> {
        let stored = |(place, view): (usize, &String)| match place {
            0 => self.key.clone(),
            _ => format!("{}.{view}", self.key),
        };
        self.views.iter().enumerate().map(stored).collect()
    }

    /// A generation of a view in the store.
    pub fn stored_view(&self, view: &str, generation: u32) -> String {
        let place = self.views.iter().position(|known| known == view);
        match place {
            Some(0) => stored_view(&self.key, generation),
            _ => stored_view(&format!("{}.{view}", self.key), generation),
        }
    }
}

/// What happens to a reaction that the settings say nothing of.
const POLICY: FailurePolicy = FailurePolicy {
    attempts: 8,
    backoff: 250,
    max_backoff: 60_000,
    last_resort: LastResort::Park,
};

/// All reactions, from what the switchboards and the settings say.
pub fn reactions(
    settings: &AppSettings,
    [projectors, managers, notifiers]: [Vec<ReactionDescriptor>; 3],
) -> Vec<Reaction> {
    let kinds = [
        (Kind::Projector, projectors),
        (Kind::ProcessManager, managers),
        (Kind::Notifier, notifiers),
    ];
    kinds
        .into_iter()
        .flat_map(|(kind, described)| (0..).zip(described).map(move |it| (kind, it)))
        .map(|(kind, (index, described))| reaction(settings, kind, index, described))
        .collect()
}

fn reaction(
    settings: &AppSettings,
    kind: Kind,
    index: u32,
    described: ReactionDescriptor,
) -> Reaction {
    let policy = settings
        .handlers
        .iter()
        .find(|handler| handler.name == described.name && handler.kind == kind.name())
        .map_or(POLICY, |handler| handler.on_failure);
    Reaction {
        key: described.name.clone(),
        name: described.name,
        kind,
        index,
        version: described.version,
        event_types: described.event_types,
        views: described.views,
        from_now: described.start == StartFrom::Now,
        lanes: match kind {
            Kind::Notifier => described.concurrency.max(1),
            // Rows and processes are touched by events of many streams, and take them in one order.
            Kind::Projector | Kind::ProcessManager => 1,
        },
        policy: FailurePolicy {
            attempts: policy.attempts.max(1),
            ..policy
        },
    }
}

/// The name of a generation of a view in the store.
pub fn stored_view(view: &str, generation: u32) -> String {
    format!("{view}@{generation}")
}
