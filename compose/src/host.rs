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
    /// wasmCloud: `wasi:keyvalue` without compare-and-set.
    #[value(name = "wasmcloud")]
    WasmCloud,
}

/// The store adapters that come with Annals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Adapter {
    /// `wasi:keyvalue` 0.2.0-draft2, with compare-and-set.
    Keyvalue,
    /// `wasi:keyvalue` 0.2.0-draft, which has `increment` only.
    KeyvalueIncrement,
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
            Self::WasmCloud => Adapter::KeyvalueIncrement,
        }
    }

    /// Does the host offer an interface? What is composed for it may import nothing else.
    #[must_use]
    pub fn offers(self, import: &str) -> bool {
        self.offered().iter().any(|offered| {
            import.strip_prefix(offered).is_some_and(|rest| {
                // A version is whole at its end or a dot: draft2 is not draft.
                offered.ends_with('/') || rest.is_empty() || rest.starts_with('.')
            })
        })
    }

    /// Packages, or interfaces and where their versions begin.
    fn offered(self) -> &'static [&'static str] {
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
                "wasi:keyvalue/store@0.2.0-draft2",
                "wasi:keyvalue/atomics@0.2.0-draft2",
                "wasi:keyvalue/batch@0.2.0-draft2",
            ],
            Self::Wasmtime => &[
                "wasi:io/",
                "wasi:clocks/",
                "wasi:random/",
                "wasi:http/types@0.2",
                "wasi:cli/stderr@0.2",
                "wasi:filesystem/",
            ],
            Self::WasmCloud => &[
                "wasi:io/",
                "wasi:clocks/",
                "wasi:random/",
                "wasi:http/types@0.2",
                "wasi:cli/stderr@0.2",
                "wasi:keyvalue/store@0.2.0-draft",
                "wasi:keyvalue/atomics@0.2.0-draft",
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
            // What `wash dev` serves stands in its configuration; there is nothing to build.
            Self::WasmCloud => format!(
                "mkdir -p .wash && printf 'build:\\n  command: \"true\"\\n  component_path: {app}\\n' > .wash/config.yaml && wash dev"
            ),
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Annals => "annals",
            Self::Wasmtime => "wasmtime",
            Self::WasmCloud => "wasmcloud",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_draft_is_another_interface() {
        let draft2 = "wasi:keyvalue/store@0.2.0-draft2";
        assert!(Host::WasmCloud.offers("wasi:keyvalue/store@0.2.0-draft"));
        assert!(!Host::WasmCloud.offers(draft2));
        assert!(Host::Annals.offers(draft2));
        assert!(Host::Wasmtime.offers("wasi:http/types@0.2.4"));
        assert!(!Host::Wasmtime.offers("wasi:http/types@0.21.0"));
    }
}
