//! The parts of the framework that a user's component may replace.
//!
//! The framework's own component defines a part's exports and the imports that are available to it.
//! A replacement must fit in the same place.

use std::fmt;

/// A part of the framework, in the order of instantiation: each part may import the exports of
/// those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// The store adapter: stores events and reactions' data through the host's interfaces.
    Store,
    /// Handles commands and appends events.
    Sourcer,
    /// Queries, deliveries, administration.
    Dispatcher,
    /// Exports `wasi:http/incoming-handler` to the host.
    IngressHttp,
    /// Exports `wasi:cli/run` to the host.
    IngressCli,
}

impl Role {
    /// All roles, in order.
    pub const ALL: [Self; 5] = [
        Self::Store,
        Self::Sourcer,
        Self::Dispatcher,
        Self::IngressHttp,
        Self::IngressCli,
    ];

    /// The name in the manifest and the report.
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

    /// The role of a name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }

    /// The interface that the host calls, if the part has one.
    #[must_use]
    pub fn face(self) -> Option<&'static str> {
        match self {
            Self::IngressHttp => Some("wasi:http/incoming-handler"),
            Self::IngressCli => Some("wasi:cli/run"),
            Self::Store | Self::Sourcer | Self::Dispatcher => None,
        }
    }

    /// The host interfaces that it may import without a grant, because its exports use them.
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
