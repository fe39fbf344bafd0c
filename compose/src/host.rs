//! What each host offers, and which store adapter suits it.

use clap::ValueEnum;
use std::fmt;

/// A host that an application can be composed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Host {
    /// annals-host: durable `wasi:keyvalue`.
    Annals,
    /// `wasmtime serve -S cli --dir ./data::/data`: events in files.
    Wasmtime,
}

/// The store adapters that come with Annals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Adapter {
    /// `wasi:keyvalue` 0.2.0-draft2, with compare-and-set.
    Keyvalue,
    /// `wasi:filesystem`.
    Filesystem,
}

impl Host {
    /// The adapter for this host's store.
    #[must_use]
    pub fn adapter(self) -> Adapter {
        match self {
            Self::Annals => Adapter::Keyvalue,
            Self::Wasmtime => Adapter::Filesystem,
        }
    }

    /// The prefixes of the interfaces that the host offers; what is composed for it may import
    /// these and nothing else.
    #[must_use]
    pub fn offers(self) -> &'static [&'static str] {
        match self {
            Self::Annals => &[
                "wasi:io/",
                "wasi:clocks/",
                "wasi:random/",
                "wasi:http/types@0.2",
                "wasi:cli/stderr@0.2",
                "wasi:keyvalue/store@0.2.0-draft",
                "wasi:keyvalue/atomics@0.2.0-draft",
                "wasi:keyvalue/batch@0.2.0-draft",
            ],
            Self::Wasmtime => &[
                "wasi:io/",
                "wasi:clocks/",
                "wasi:random/",
                "wasi:http/types@0.2",
                "wasi:cli/stderr@0.2",
                "wasi:filesystem/",
            ],
        }
    }

    /// The command that serves an application, for people.
    #[must_use]
    pub fn serve_command(self, app: &str) -> String {
        match self {
            Self::Annals => format!("annals-host serve {app}"),
            Self::Wasmtime => {
                format!("mkdir -p data && wasmtime serve -S cli --dir ./data::/data {app}")
            }
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Annals => "annals",
            Self::Wasmtime => "wasmtime",
        })
    }
}
