//! A store adapter on a real host, behind the probe component.
//!
//! A composed application has one prefix. For another prefix, the host is stopped and then started with another
//! application on the same data. Applications that share a bucket or directory do the same, and an embedded store
//! belongs to one process at a time.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use annals_compose::framework;
use annals_compose::host::{Adapter, Host, Served};
use annals_compose::wiring::Part;
use annals_tests::server::{Kind, Place};
use anyhow::{Context as _, Result, ensure};

use crate::probe;
use crate::remote::Remote;
use crate::serving::{Apps, Serving};
use crate::store::{Backend, Store};

/// A store adapter that a host serves, with its own data. Dropping it ends the host's process.
pub struct Hosted(Arc<Serving>);

/// The project's own adapters, each on a host that provides the guarantees that the adapter needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ours {
    /// store-keyvalue-conditional on annals-host.
    Conditional,
    /// store-keyvalue on annals-host.
    Keyvalue,
    /// store-keyvalue-increment on annals-host.
    Increment,
    /// store-filesystem on `wasmtime serve`.
    Filesystem,
    /// The same, with instances that serve several requests.
    FilesystemKept,
    /// store-filesystem on jco in Node.js.
    Jco,
    /// store-keyvalue-pointer on a stand-in for Spin with SQLite.
    SpinSqlite,
    /// store-keyvalue-pointer on a stand-in for Spin with Redis.
    SpinRedis,
    /// store-keyvalue-increment on a stand-in for wasmCloud.
    WasmCloud,
}

impl Ours {
    /// All of the project's adapters.
    pub const ALL: [Self; 9] = [
        Self::Conditional,
        Self::Keyvalue,
        Self::Increment,
        Self::Filesystem,
        Self::FilesystemKept,
        Self::Jco,
        Self::SpinSqlite,
        Self::SpinRedis,
        Self::WasmCloud,
    ];

    fn adapter(self) -> Adapter {
        match self {
            Self::Conditional => Adapter::KeyvalueConditional,
            Self::Keyvalue => Adapter::Keyvalue,
            Self::Increment | Self::WasmCloud => Adapter::KeyvalueIncrement,
            Self::Filesystem | Self::FilesystemKept | Self::Jco => Adapter::Filesystem,
            Self::SpinSqlite | Self::SpinRedis => Adapter::KeyvaluePointer,
        }
    }

    fn host(self) -> (Kind, &'static str) {
        match self {
            Self::Conditional | Self::Keyvalue | Self::Increment => (Kind::Annals, "annals-host"),
            Self::Filesystem => (Kind::Wasmtime, "wasmtime serve"),
            Self::FilesystemKept => (
                Kind::WasmtimeKept,
                "wasmtime serve, which keeps its instances",
            ),
            Self::Jco => (Kind::Jco, "jco"),
            Self::SpinSqlite => (Kind::SpinSqlite, "a host like Spin on SQLite"),
            Self::SpinRedis => (Kind::SpinRedis, "a host like Spin on Redis"),
            Self::WasmCloud => (Kind::WasmCloud, "a host like wasmCloud"),
        }
    }
}

impl Hosted {
    /// One of the project's adapters, with a log of `partitions` partitions.
    ///
    /// # Errors
    /// If the host or the probe component cannot be provided.
    pub fn ours(which: Ours, partitions: u32) -> Result<Self> {
        let (kind, host) = which.host();
        let adapter = framework::store(which.adapter());
        let name = match partitions {
            1 => format!("{} on {host}", adapter.name),
            _ => format!("{} on {host}, {partitions} partitions", adapter.name),
        };
        let survives = !matches!(which, Ours::Increment | Ours::WasmCloud);
        Self::start(name, adapter, partitions, survives, move |place| {
            if kind == Kind::Jco {
                launcher(place.app)?;
            }
            kind.serve(place, &[])
        })
    }

    /// Any adapter on any host. The host's command is split at spaces. Then `{app}`, `{data}` and `{port}` are
    /// replaced by the composed application, the folder for its data, and the port of 127.0.0.1 to listen on.
    ///
    /// # Errors
    /// If the adapter does not match the contract, or the host does not start.
    pub fn foreign(component: &Path, serve: &str) -> Result<Self> {
        let adapter = probe::component("adapter", component)?;
        let (_, exports) = annals_compose::read::externs(&adapter.bytes)?;
        for interface in
            ["event-reader", "event-store", "reaction-store"].map(annals_compose::contract)
        {
            ensure!(
                exports.contains(&interface),
                "{} exports no {interface}, which the world `store-adapter` asks for",
                component.display()
            );
        }
        let words: Vec<String> = serve.split_whitespace().map(str::to_owned).collect();
        let name = component.file_stem().unwrap_or(component.as_os_str());
        let host = Path::new(words.first().context("the host's command is empty")?);
        let host = host.file_name().unwrap_or(host.as_os_str());
        let name = format!("{} on {}", name.display(), host.display());
        Self::start(name, adapter, 1, true, move |place| {
            let mut words = words.iter().map(|word| {
                word.replace("{app}", &place.app.to_string_lossy())
                    .replace("{data}", &place.store.to_string_lossy())
                    .replace("{port}", &place.port.to_string())
            });
            let mut command = Command::new(words.next().unwrap_or_default());
            command.args(words);
            Ok(command)
        })
    }

    /// The adapter of annals-host on one more host of a store that several hosts share. `flags` name the store.
    ///
    /// # Errors
    /// If the host or the probe component cannot be provided.
    pub fn sharing(name: String, partitions: u32, flags: Vec<String>) -> Result<Self> {
        let adapter = framework::store(Ours::Conditional.adapter());
        Self::start(name, adapter, partitions, true, move |place| {
            place.serve_on(&flags)
        })
    }

    /// Whether the host reaches its store.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        let prefix = self.0.prefix();
        Remote::new(self.0.clone(), &prefix).health().is_ok()
    }

    /// The process of the host.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.0.pid()
    }

    fn start(
        name: String,
        adapter: Part,
        partitions: u32,
        survives: bool,
        serve: impl Fn(&Place<'_>) -> Result<Command> + Send + 'static,
    ) -> Result<Self> {
        let folder = tempfile::tempdir().context("making a folder for the data")?;
        let apps = Apps::new(adapter, partitions, probe::build()?, folder.path());
        let serving = Serving::start(name, apps, survives, folder, serve)?;
        Ok(Self(Arc::new(serving)))
    }
}

/// Writes jco's launcher, as `annals compose` does.
fn launcher(app: &Path) -> Result<()> {
    let served = Served {
        component: app,
        name: "store-conformance",
        version: "0",
        bucket: "default",
        path: "/data",
        imports: &[],
    };
    for file in Host::Jco.files(&served) {
        file.write()?;
    }
    annals_tests::tools::provide_jco(app.parent().unwrap_or(app))
}

impl Backend for Hosted {
    fn name(&self) -> String {
        self.0.name().to_owned()
    }

    fn connect(&self, prefix: &str) -> Box<dyn Store + Send> {
        Box::new(Remote::new(self.0.clone(), prefix))
    }

    fn partitions(&self) -> u32 {
        self.0.partitions()
    }

    fn crash(&self) -> bool {
        self.0.crash()
    }
}
