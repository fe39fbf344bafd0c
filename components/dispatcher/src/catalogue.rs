//! Which reactions the application has.

use crate::annals::es::types::{ReactionDescriptor, StartFrom};
use crate::annals::framework::settings::{AppSettings, FailurePolicy, LastResort};

/// The kind of a reaction. The kind determines what a delivery does: a projector changes rows, a process
/// manager changes processes and sends commands, a notifier has side effects.
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

    /// Duration of a lease, in milliseconds. The deliverer renews the lease with every checkpoint. A
    /// projector or process manager is pure and answers at once; a notifier waits for other systems, so its
    /// lease is longer.
    pub fn lease(self) -> u64 {
        match self {
            Self::Projector | Self::ProcessManager => 5_000,
            Self::Notifier => 10_000,
        }
    }
}

/// A reaction of the running application.
#[derive(Clone, Debug)]
pub struct Reaction {
    pub name: String,
    /// Prefix of the reaction's names in the store: the first name that the reaction had. A rename leaves the
    /// key as it is.
    pub key: String,
    pub kind: Kind,
    /// Index of the reaction in the switchboard of its kind.
    pub index: u32,
    pub version: u32,
    pub event_types: Vec<String>,
    pub views: Vec<String>,
    pub from_now: bool,
    pub partitions: u32,
    pub policy: FailurePolicy,
}

impl Reaction {
    pub fn handles(&self, event_type: &str) -> bool {
        self.event_types.is_empty() || self.event_types.iter().any(|wanted| wanted == event_type)
    }

    /// Names of the reaction's views in the store, without generation numbers. The first view takes the
    /// reaction's key as its name, so that a rename of the reaction does not move its rows.
    pub fn stored_views(&self) -> Vec<String> {
        let stored = |(place, view): (usize, &String)| match place {
            0 => self.key.clone(),
            _ => format!("{}.{view}", self.key),
        };
        self.views.iter().enumerate().map(stored).collect()
    }

    /// Name of one generation of a view in the store.
    pub fn stored_view(&self, view: &str, generation: u32) -> String {
        let place = self.views.iter().position(|known| known == view);
        match place {
            Some(0) => stored_view(&self.key, generation),
            _ => stored_view(&format!("{}.{view}", self.key), generation),
        }
    }
}

/// Failure policy of a reaction that has no settings.
const POLICY: FailurePolicy = FailurePolicy {
    attempts: 8,
    backoff: 250,
    max_backoff: 60_000,
    last_resort: LastResort::Park,
};

/// Builds the catalogue of all reactions from the switchboards' descriptors and the application's settings.
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
        partitions: match kind {
            Kind::Notifier => described.concurrency.max(1),
            // Events of many streams change the same row or process. One partition applies them in one order.
            Kind::Projector | Kind::ProcessManager => 1,
        },
        policy: FailurePolicy {
            attempts: policy.attempts.max(1),
            ..policy
        },
    }
}

/// Name of one generation of a view in the store.
pub fn stored_view(view: &str, generation: u32) -> String {
    format!("{view}@{generation}")
}
