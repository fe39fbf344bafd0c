//! The supported hosts: the interfaces that each host offers, the store adapter that it needs, and how it serves an
//! application.
//!
//! Each host has a file of its own with a [`Description`]. [`files`] writes the files that some
//! hosts need beside the application.

mod annals;
pub mod files;
mod jco;
mod keyvalue;
mod spin;
mod wasmcloud;
mod wasmtime;

use files::File;
use std::fmt;
use std::path::{Path, PathBuf};

/// A host that an application can be composed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Host {
    /// annals-host: stores events in durable `wasi:keyvalue`, with steps on several keys.
    Annals,
    /// Any host with durable `wasi:keyvalue` whose compare-and-set can create a key.
    Keyvalue,
    /// `wasmtime serve`: stores events in files.
    Wasmtime,
    /// Node.js with jco: stores events in files. Writes a launcher.
    Jco,
    /// wasmCloud: `wasi:keyvalue` without compare-and-set. Writes .wash/config.yaml.
    WasmCloud,
    /// Spin: `wasi:keyvalue` with a compare-and-set that cannot create a key. Writes spin.toml.
    Spin,
}

/// The store adapters that come with Annals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Adapter {
    /// `wasi:keyvalue` 0.2.0-draft2, with compare-and-set.
    Keyvalue,
    /// `wasi:keyvalue` 0.2.0-draft2, with `annals:keyvalue/conditional`.
    KeyvalueConditional,
    /// `wasi:keyvalue` 0.2.0-draft, which has `increment` only.
    KeyvalueIncrement,
    /// `wasi:keyvalue` 0.2.0-draft2, whose compare-and-set cannot create a key.
    KeyvaluePointer,
    /// `wasi:filesystem`.
    Filesystem,
}

impl Adapter {
    /// The packages through which the adapter stores the events.
    fn packages(self) -> &'static [&'static str] {
        match self {
            Self::Keyvalue | Self::KeyvalueIncrement | Self::KeyvaluePointer => &["wasi:keyvalue/"],
            Self::KeyvalueConditional => &["wasi:keyvalue/", "annals:keyvalue/"],
            Self::Filesystem => &["wasi:filesystem/"],
        }
    }
}

/// The properties of a host.
struct Description {
    name: &'static str,
    adapter: Adapter,
    /// Packages, or interfaces with the prefix of their versions.
    offers: &'static [&'static str],
    /// See [`Host::delivery_budget`].
    delivery_budget: u32,
    /// See [`Host::runs_commands`].
    runs_commands: bool,
    serve: fn(&Served<'_>) -> String,
    pump: Option<fn(&Served<'_>) -> String>,
    files: fn(&Served<'_>) -> Vec<File>,
}

/// The packages that every WASI 0.2 host offers.
const WASI: [&str; 6] = [
    "wasi:io/",
    "wasi:clocks/",
    "wasi:random/",
    "wasi:cli/",
    "wasi:http/types@0.2",
    "wasi:http/outgoing-handler@0.2",
];

/// A composed application, as far as it affects its host's configuration.
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
    /// The component's imports.
    pub imports: &'a [String],
}

impl Served<'_> {
    /// The folder of the component.
    fn folder(&self) -> &Path {
        match self.component.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        }
    }

    /// The component's file, relative to its folder.
    fn file(&self) -> String {
        let name = self.component.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }

    /// The component's file, as a word of a shell command.
    fn word(&self) -> String {
        word(self.component)
    }

    /// True if a component of the application can send HTTP requests.
    fn calls_out(&self) -> bool {
        self.imports_any("wasi:http/outgoing-handler@")
    }

    /// True if a component of the application can read the environment.
    fn reads_environment(&self) -> bool {
        self.imports_any("wasi:cli/environment@")
    }

    fn imports_any(&self, start: &str) -> bool {
        self.imports.iter().any(|import| import.starts_with(start))
    }
}

/// A path as a word of a shell command.
fn word(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_alphanumeric() || "/._-+=:@%".contains(c);
    match !text.is_empty() && text.chars().all(plain) {
        true => text,
        false => format!("'{}'", text.replace('\'', r"'\''")),
    }
}

/// Prefixes a command with a change to a folder, unless that is the current one.
fn in_folder(folder: &Path, command: &str) -> String {
    match folder == Path::new(".") {
        true => command.to_owned(),
        false => format!("cd {} && {command}", word(folder)),
    }
}

impl Host {
    /// Every host.
    pub const ALL: [Self; 6] = [
        Self::Annals,
        Self::Keyvalue,
        Self::Wasmtime,
        Self::Jco,
        Self::WasmCloud,
        Self::Spin,
    ];

    fn description(self) -> &'static Description {
        match self {
            Self::Annals => &annals::DESCRIPTION,
            Self::Keyvalue => &keyvalue::DESCRIPTION,
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

    /// True if the host offers an interface. An application for this host may import no other
    /// interface.
    #[must_use]
    pub fn offers(self, import: &str) -> bool {
        self.description().offers.iter().any(|offered| {
            import.strip_prefix(offered).is_some_and(|rest| {
                // A version must end here or at a dot: `draft2` is not a version of `draft`.
                rest.is_empty()
                    || rest.starts_with('.')
                    || offered.ends_with('/') && rest.contains("@0.2.")
            })
        })
    }

    /// True if this host stores the events through this interface. Only the store adapter may use
    /// it: no other code may append, and the host cannot restrict a handler that has the interface.
    #[must_use]
    pub fn keeps_events_behind(self, import: &str) -> bool {
        let packages = self.adapter().packages();
        packages.iter().any(|package| import.starts_with(package))
    }

    /// Milliseconds after a response for which a request delivers to reactions, unless the manifest
    /// sets them. annals-host and jco's launcher drive deliveries themselves.
    #[must_use]
    pub fn delivery_budget(self) -> u32 {
        self.description().delivery_budget
    }

    /// True if an application with reactions exports `wasi:cli/run` in addition to its HTTP
    /// handler. A host that cannot call it may take such a component for another kind of workload.
    #[must_use]
    pub fn runs_commands(self) -> bool {
        self.description().runs_commands
    }

    /// The command that serves an application, for the user.
    #[must_use]
    pub fn serve_command(self, served: &Served<'_>) -> String {
        (self.description().serve)(served)
    }

    /// The command that delivers to reactions once, if the host has one.
    #[must_use]
    pub fn pump_command(self, served: &Served<'_>) -> Option<String> {
        self.description().pump.map(|command| command(served))
    }

    /// The files that the host needs beside the application.
    #[must_use]
    pub fn files(self, served: &Served<'_>) -> Vec<File> {
        (self.description().files)(served)
    }
}

/// The path of jco's launcher for an application.
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
