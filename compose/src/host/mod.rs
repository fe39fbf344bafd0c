//! What each host offers, which store adapter suits it, and how an application is served there.
//!
//! A host is described in a file of its own, by a [`Description`]; [`files`] writes the files that some hosts
//! want beside the application.

mod annals;
pub mod files;
mod jco;
mod spin;
mod wasmcloud;
mod wasmtime;

use files::File;
use std::fmt;
use std::path::{Path, PathBuf};

/// A host that an application can be composed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Host {
    /// annals-host: events in durable `wasi:keyvalue`.
    Annals,
    /// `wasmtime serve`: events in files.
    Wasmtime,
    /// Node.js, by jco: events in files. Writes a launcher.
    Jco,
    /// wasmCloud: `wasi:keyvalue` without compare-and-set. Writes .wash/config.yaml.
    WasmCloud,
    /// Spin: `wasi:keyvalue` with a compare-and-set that cannot create. Writes spin.toml.
    Spin,
}

/// The store adapters that come with Annals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Adapter {
    /// `wasi:keyvalue` 0.2.0-draft2, with compare-and-set.
    Keyvalue,
    /// `wasi:keyvalue` 0.2.0-draft, which has `increment` only.
    KeyvalueIncrement,
    /// `wasi:keyvalue` 0.2.0-draft2, whose compare-and-set cannot create.
    KeyvaluePointer,
    /// `wasi:filesystem`.
    Filesystem,
}

impl Adapter {
    /// The package behind which it keeps the events.
    fn package(self) -> &'static str {
        match self {
            Self::Keyvalue | Self::KeyvalueIncrement | Self::KeyvaluePointer => "wasi:keyvalue/",
            Self::Filesystem => "wasi:filesystem/",
        }
    }
}

/// What there is to know about a host.
struct Description {
    name: &'static str,
    adapter: Adapter,
    /// Packages, or interfaces and where their versions begin.
    offers: &'static [&'static str],
    /// See [`Host::delivery_budget`].
    delivery_budget: u32,
    /// See [`Host::runs_commands`].
    runs_commands: bool,
    serve: fn(&Served<'_>) -> String,
    pump: Option<fn(&Served<'_>) -> String>,
    files: fn(&Served<'_>) -> Vec<File>,
}

/// What every WASI 0.2 host offers, and what is asked for most.
const WASI: [&str; 6] = [
    "wasi:io/",
    "wasi:clocks/",
    "wasi:random/",
    "wasi:cli/",
    "wasi:http/types@0.2",
    "wasi:http/outgoing-handler@0.2",
];

/// An application that was composed, as far as it matters to its host's configuration.
#[derive(Debug, Clone, Copy)]
pub struct Served<'a> {
    /// The file of the component.
    pub component: &'a Path,
    /// `app.name` of the manifest.
    pub name: &'a str,
    /// `app.version` of the manifest.
    pub version: &'a str,
    /// `store.bucket` of the manifest.
    pub bucket: &'a str,
    /// `store.path` of the manifest.
    pub path: &'a str,
    /// What the component imports.
    pub imports: &'a [String],
}

impl Served<'_> {
    /// The folder that the component is in.
    fn folder(&self) -> &Path {
        match self.component.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        }
    }

    /// The component's file, seen from its folder.
    fn file(&self) -> String {
        let name = self.component.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }

    /// The component's file, as a word of a command.
    fn word(&self) -> String {
        word(self.component)
    }

    /// Does anything in it send HTTP requests?
    fn calls_out(&self) -> bool {
        self.imports_any("wasi:http/outgoing-handler@")
    }

    /// Does anything in it look at the environment?
    fn reads_environment(&self) -> bool {
        self.imports_any("wasi:cli/environment@")
    }

    fn imports_any(&self, start: &str) -> bool {
        self.imports.iter().any(|import| import.starts_with(start))
    }
}

/// A path as a word of a shell's command.
fn word(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_alphanumeric() || "/._-+=:@%".contains(c);
    match !text.is_empty() && text.chars().all(plain) {
        true => text,
        false => format!("'{}'", text.replace('\'', r"'\''")),
    }
}

/// Before a command: goes to a folder, unless one is there.
fn in_folder(folder: &Path, command: &str) -> String {
    match folder == Path::new(".") {
        true => command.to_owned(),
        false => format!("cd {} && {command}", word(folder)),
    }
}

impl Host {
    /// Every host.
    pub const ALL: [Self; 5] = [
        Self::Annals,
        Self::Wasmtime,
        Self::Jco,
        Self::WasmCloud,
        Self::Spin,
    ];

    fn description(self) -> &'static Description {
        match self {
            Self::Annals => &annals::DESCRIPTION,
            Self::Wasmtime => &wasmtime::DESCRIPTION,
            Self::Jco => &jco::DESCRIPTION,
            Self::WasmCloud => &wasmcloud::DESCRIPTION,
            Self::Spin => &spin::DESCRIPTION,
        }
    }

    /// The adapter for this host's store.
    #[must_use]
    pub fn adapter(self) -> Adapter {
        self.description().adapter
    }

    /// Does the host offer an interface? What is composed for it may import nothing else.
    #[must_use]
    pub fn offers(self, import: &str) -> bool {
        self.description().offers.iter().any(|offered| {
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
        import.starts_with(self.adapter().package())
    }

    /// How many milliseconds a request goes on after its answer, to deliver to reactions, unless the
    /// manifest says otherwise. annals-host and jco's launcher drive deliveries by themselves.
    #[must_use]
    pub fn delivery_budget(self) -> u32 {
        self.description().delivery_budget
    }

    /// Does an application with reactions export `wasi:cli/run` beside its HTTP handler? Where nothing could
    /// call it, a component that exports it may be taken for another sort of workload.
    #[must_use]
    pub fn runs_commands(self) -> bool {
        self.description().runs_commands
    }

    /// The command that serves an application, for people.
    #[must_use]
    pub fn serve_command(self, served: &Served<'_>) -> String {
        (self.description().serve)(served)
    }

    /// The command that delivers to reactions once, where there is one.
    #[must_use]
    pub fn pump_command(self, served: &Served<'_>) -> Option<String> {
        self.description().pump.map(|command| command(served))
    }

    /// The files that the host wants beside the application.
    #[must_use]
    pub fn files(self, served: &Served<'_>) -> Vec<File> {
        (self.description().files)(served)
    }
}

/// Where jco's launcher of an application is written.
#[must_use]
pub fn jco_launcher(component: &Path) -> PathBuf {
    jco::folder(component)
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.description().name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_draft_is_another_interface() {
        let draft2 = "wasi:keyvalue/store@0.2.0-draft2";
        let draft = "wasi:keyvalue/store@0.2.0-draft";
        assert!(Host::WasmCloud.offers(draft));
        assert!(!Host::WasmCloud.offers(draft2));
        assert!(Host::Spin.offers(draft2));
        assert!(!Host::Spin.offers(draft));
        assert!(Host::Annals.offers(draft2));
        assert!(Host::Wasmtime.offers("wasi:http/types@0.2.4"));
        assert!(!Host::Wasmtime.offers("wasi:http/types@0.21.0"));
        assert!(!Host::Wasmtime.offers("wasi:cli/environment@0.3.0"));
    }

    #[test]
    fn every_host_offers_what_a_notifier_needs_to_post() {
        for host in Host::ALL {
            for import in [
                "wasi:http/outgoing-handler@0.2.6",
                "wasi:cli/environment@0.2.6",
            ] {
                assert!(host.offers(import), "{host}: {import}");
            }
            assert!(!host.offers("wasi:http/outgoing-handler@0.3.0"), "{host}");
            assert!(!host.offers("wasi:sockets/tcp@0.2.6"), "{host}");
            assert!(
                !host.offers("wasi:keyvalue/batch@0.2.0-draft3"),
                "{host}: hosts disagree on batch"
            );
        }
    }

    #[test]
    fn a_path_is_one_word_of_a_command() {
        assert_eq!(word(Path::new("out/app-1.wasm")), "out/app-1.wasm");
        assert_eq!(word(Path::new("my app's.wasm")), r"'my app'\''s.wasm'");
    }
}
