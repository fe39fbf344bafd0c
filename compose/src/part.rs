//! The parts of the framework that a user may have own components for.
//!
//! What a part exports, and what is there for it to import, is read off the framework's own component: one that
//! takes its place must fit where that one fits.

use std::fmt;

/// A part of the framework, in the order in which they are instantiated: each may import what those before it
/// export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// The store adapter: events and reactions' data over what the host offers.
    Store,
    /// Command in, events out.
    Sourcer,
    /// Queries, deliveries, administration.
    Dispatcher,
    /// Faces the host with `wasi:http/incoming-handler`.
    IngressHttp,
    /// Faces the host with `wasi:cli/run`.
    IngressCli,
}

impl Role {
    /// All of them, in order.
    pub const ALL: [Self; 5] = [
        Self::Store,
        Self::Sourcer,
        Self::Dispatcher,
        Self::IngressHttp,
        Self::IngressCli,
    ];

    /// As the manifest and the report have it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Store => "store",
            Self::Sourcer => "sourcer",
            Self::Dispatcher => "dispatcher",
            Self::IngressHttp => "ingress-http",
            Self::IngressCli => "ingress-cli",
        }
    }

    /// The part of a name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }

    /// The interface that the host calls, for a part that faces it.
    #[must_use]
    pub fn face(self) -> Option<&'static str> {
        match self {
            Self::IngressHttp => Some("wasi:http/incoming-handler"),
            Self::IngressCli => Some("wasi:cli/run"),
            Self::Store | Self::Sourcer | Self::Dispatcher => None,
        }
    }

    /// What of the host it may import without being granted it: what its own exports are made of.
    #[must_use]
    pub fn implied(self) -> &'static [&'static str] {
        match self {
            Self::IngressHttp => &["wasi:http/types"],
            Self::IngressCli => &[
                "wasi:cli/environment",
                "wasi:cli/stdin",
                "wasi:cli/stdout",
                "wasi:cli/stderr",
            ],
            Self::Store | Self::Sourcer | Self::Dispatcher => &[],
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
