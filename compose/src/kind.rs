//! The kinds of handlers.

use std::fmt;

/// What a handler does; a component may hold handlers of several kinds.
#[derive(
    Debug, serde::Serialize, serde::Deserialize, Clone, Copy, PartialEq, Eq, PartialOrd, Ord,
)]
pub enum Kind {
    /// Commands in, events out.
    Decider,
    /// Folds events into rows of views.
    Projector,
    /// Folds events into processes that send commands.
    ProcessManager,
    /// Has side effects.
    Notifier,
}

impl Kind {
    /// All of them, in the order in which they are told.
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

    /// Name of that interface as components import and export it.
    #[must_use]
    pub fn export(self) -> String {
        crate::contract(self.interface())
    }

    /// The kind whose interface this is.
    #[must_use]
    pub fn of_export(export: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.export() == export)
    }

    /// One handler of this kind, in the contract's word.
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

    /// Is given events after they were recorded.
    #[must_use]
    pub fn is_reaction(self) -> bool {
        self != Self::Decider
    }

    /// Computes, and can do nothing else.
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
