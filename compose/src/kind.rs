//! The kinds of handlers.

use std::fmt;

/// The kind of a handler. A component may have handlers of several kinds.
#[derive(
    Debug, serde::Serialize, serde::Deserialize, Clone, Copy, PartialEq, Eq, PartialOrd, Ord,
)]
pub enum Kind {
    /// Handles commands and emits events.
    Decider,
    /// Folds events into rows of views.
    Projector,
    /// Folds events into processes that send commands.
    ProcessManager,
    /// Has side effects.
    Notifier,
}

impl Kind {
    /// All kinds, in the order in which they are listed.
    pub const ALL: [Self; 4] = [
        Self::Decider,
        Self::Projector,
        Self::ProcessManager,
        Self::Notifier,
    ];

    /// The contract's interface that a component with handlers of this kind exports.
    #[must_use]
    pub fn interface(self) -> &'static str {
        match self {
            Self::Decider => "deciders",
            Self::Projector => "projectors",
            Self::ProcessManager => "process-managers",
            Self::Notifier => "notifiers",
        }
    }

    /// The name of that interface in imports and exports.
    #[must_use]
    pub fn export(self) -> String {
        crate::contract(self.interface())
    }

    /// The kind whose interface this is.
    #[must_use]
    pub fn of_export(export: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.export() == export)
    }

    /// The contract's name for one handler of this kind.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Decider => "decider",
            Self::Projector => "projector",
            Self::ProcessManager => "process-manager",
            Self::Notifier => "notifier",
        }
    }

    /// One handler of this kind, in a sentence.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::ProcessManager => "process manager",
            other => other.name(),
        }
    }

    /// True if the kind receives recorded events.
    #[must_use]
    pub fn is_reaction(self) -> bool {
        self != Self::Decider
    }

    /// True if the kind only computes and has no side effects.
    #[must_use]
    pub fn is_pure(self) -> bool {
        self != Self::Notifier
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words())
    }
}
