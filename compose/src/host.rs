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
                rest.is_empty()
                    || rest.starts_with('.')
                    || offered.ends_with('/') && rest.contains("@0.2.")
            })
        })
    }

    /// Does this host keep the events behind an interface? Then it is for the store adapter alone: nothing
    /// else appends, and a handler could not be kept from it.
    #[must_use]
    pub fn keeps_events_behind(self, import: &str) -> bool {
        let package = match self.adapter() {
            Adapter::Keyvalue | Adapter::KeyvalueIncrement => "wasi:keyvalue/",
            Adapter::Filesystem => "wasi:filesystem/",
        };
        import.starts_with(package)
    }

    /// How many milliseconds a request goes on after its answer, to deliver to reactions, unless the
    /// manifest says otherwise. annals-host drives deliveries by itself.
    #[must_use]
    pub fn delivery_budget(self) -> u32 {
        match self {
            Self::Annals => 0,
            Self::Wasmtime | Self::WasmCloud => 200,
        }
    }

    /// Does an application with reactions export `wasi:cli/run` beside its HTTP handler? Nothing could
    /// call it on wasmCloud, where a component that exports it may be taken for another sort of workload.
    #[must_use]
    pub fn runs_commands(self) -> bool {
        self != Self::WasmCloud
    }

    /// Packages, or interfaces and where their versions begin.
    fn offered(self) -> &'static [&'static str] {
        match self {
            Self::Annals => &[
                "wasi:io/",
                "wasi:clocks/",
                "wasi:random/",
                "wasi:cli/",
                // Empty unless a folder is shared with `--dir`.
                "wasi:filesystem/",
                "wasi:http/types@0.2",
                "wasi:http/outgoing-handler@0.2",
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
                // These two with `-S cli`.
                "wasi:cli/",
                "wasi:filesystem/",
                "wasi:http/types@0.2",
                "wasi:http/outgoing-handler@0.2",
            ],
            Self::WasmCloud => &[
                "wasi:io/",
                "wasi:clocks/",
                "wasi:random/",
                "wasi:cli/",
                "wasi:http/types@0.2",
                "wasi:http/outgoing-handler@0.2",
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

    /// The command that delivers to reactions once, where there is one.
    #[must_use]
    pub fn pump_command(self, app: &str) -> Option<String> {
        // It imports what its HTTP face does, and so wants that linked.
        (self == Self::Wasmtime)
            .then(|| format!("wasmtime run -S cli,http --dir ./data::/data {app} pump"))
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
        assert!(!Host::Wasmtime.offers("wasi:cli/environment@0.3.0"));
    }

    #[test]
    fn every_host_offers_what_a_notifier_needs_to_post() {
        for host in Host::value_variants() {
            for import in [
                "wasi:http/outgoing-handler@0.2.6",
                "wasi:cli/environment@0.2.6",
            ] {
                assert!(host.offers(import), "{host}: {import}");
            }
            assert!(!host.offers("wasi:http/outgoing-handler@0.3.0"), "{host}");
            assert!(!host.offers("wasi:sockets/tcp@0.2.6"), "{host}");
        }
    }
}
