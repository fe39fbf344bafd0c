//! Who is measured: servers of the same bank, and of nothing at all.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use annals_tests::server::{Kind, Place, Server};
use annals_tests::tools;
use anyhow::{Context as _, Result};

use crate::apps::App;

/// A server. All that serve the bank acknowledge a command only when it is synced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Peer {
    /// A composed application on `annals-host`.
    Annals(App),
    /// The same without deliveries to reactions.
    NoDelivery(App),
    /// A composed application on `wasmtime serve`, with the filesystem adapter.
    Wasmtime(App),
    /// The same, told to send many requests to an instance.
    WasmtimeKept(App),
    /// The domain by hand over the embedded store of `annals-host`.
    Native {
        /// States are kept in memory.
        cache: bool,
    },
    /// The domain by hand over the files and the log protocol of a composed application on `wasmtime serve`.
    NativeFiles,
    /// hyper alone.
    NativeHello,
    /// axum, cqrs-es and sqlite-es.
    Cqrs {
        /// A snapshot every so many events; 0: none.
        snapshots: usize,
    },
}

/// The two deciders on `annals-host`: what budgets are about.
pub const ANNALS: Peer = Peer::Annals(App::Deciders { snapshots: 100 });
/// The same, without snapshots.
pub const ANNALS_REPLAY: Peer = Peer::Annals(App::Deciders { snapshots: 0 });
/// A component that does nothing, on `annals-host`.
pub const ANNALS_HELLO: Peer = Peer::Annals(App::Hello);
/// The two deciders on `wasmtime serve`.
pub const WASMTIME: Peer = Peer::Wasmtime(App::Deciders { snapshots: 100 });
/// The same, where instances are kept.
pub const WASMTIME_KEPT: Peer = Peer::WasmtimeKept(App::Deciders { snapshots: 100 });
/// A component that does nothing, on `wasmtime serve`.
pub const WASMTIME_HELLO: Peer = Peer::Wasmtime(App::Hello);
/// By hand.
pub const NATIVE: Peer = Peer::Native { cache: false };
/// By hand, with states in memory.
pub const NATIVE_CACHE: Peer = Peer::Native { cache: true };
/// By hand, over the same files as [`WASMTIME_KEPT`].
pub const NATIVE_FILES: Peer = Peer::NativeFiles;
/// hyper alone.
pub const NATIVE_HELLO: Peer = Peer::NativeHello;
/// cqrs-es without snapshots.
pub const CQRS: Peer = Peer::Cqrs { snapshots: 0 };
/// cqrs-es with snapshots.
pub const CQRS_SNAPSHOTS: Peer = Peer::Cqrs { snapshots: 100 };

/// All that serve the two deciders, in the order of tables.
pub const BANKS: [Peer; 8] = [
    ANNALS,
    NATIVE,
    NATIVE_CACHE,
    CQRS,
    CQRS_SNAPSHOTS,
    WASMTIME,
    WASMTIME_KEPT,
    NATIVE_FILES,
];

/// wasmtime has room for 1000 core instances, and a bank has some 50: with more clients than that it answers 500, and
/// users are told to make room.
const ROOM: [&str; 4] = [
    "-O",
    "pooling-total-core-instances=20000,pooling-total-component-instances=20000",
    "-O",
    "pooling-total-memories=10000,pooling-total-tables=10000",
];

/// What a store consists of: peers of one kind can share what was prepared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Store {
    /// Annals in the embedded store.
    Embedded,
    /// Annals in files.
    Files,
    /// Events by hand in the embedded store.
    Native,
    /// SQLite.
    Sqlite,
}

impl Peer {
    /// In tables and plots.
    #[must_use]
    pub fn name(self) -> String {
        match self {
            Self::Annals(app) => format!("annals-host{}", app.suffix()),
            Self::NoDelivery(app) => format!("annals-host{}, no delivery", app.suffix()),
            Self::Wasmtime(app) => format!("wasmtime serve{}", app.suffix()),
            Self::WasmtimeKept(app) => {
                format!("wasmtime serve, instances kept{}", app.suffix())
            }
            Self::Native { cache: false } => "native".into(),
            Self::Native { cache: true } => "native, states in memory".into(),
            Self::NativeFiles => "native, the same protocol over files".into(),
            Self::NativeHello => "hyper hello".into(),
            Self::Cqrs { snapshots: 0 } => "cqrs-es".into(),
            Self::Cqrs { .. } => "cqrs-es, snapshots".into(),
        }
    }

    /// What its store consists of.
    #[must_use]
    pub fn store(self) -> Store {
        match self {
            Self::Annals(_) | Self::NoDelivery(_) => Store::Embedded,
            Self::Wasmtime(_) | Self::WasmtimeKept(_) | Self::NativeFiles => Store::Files,
            Self::Native { .. } | Self::NativeHello => Store::Native,
            Self::Cqrs { .. } => Store::Sqlite,
        }
    }

    /// The component that it serves, and on which host.
    #[must_use]
    pub fn app(self) -> Option<(App, Kind)> {
        match self {
            Self::Annals(app) | Self::NoDelivery(app) => Some((app, Kind::Annals)),
            Self::Wasmtime(app) => Some((app, Kind::Wasmtime)),
            Self::WasmtimeKept(app) => Some((app, Kind::WasmtimeKept)),
            _ => None,
        }
    }

    /// The only path that it answers.
    #[must_use]
    pub fn path(self) -> Option<&'static str> {
        (self == Self::NativeHello).then_some("/hello")
    }

    /// It answers anything with nothing.
    #[must_use]
    pub fn is_hello(self) -> bool {
        matches!(
            self,
            Self::NativeHello | Self::Annals(App::Hello) | Self::Wasmtime(App::Hello)
        )
    }

    /// Starts it over the store in `data`, and waits until it answers.
    ///
    /// # Errors
    ///
    /// If it does not.
    pub fn start(self, app: &Path, data: &Path) -> Result<Running> {
        let serve = move |place: &Place<'_>| {
            let mut command = self.command(place)?;
            // Hosts gather a backtrace with every error then, as nobody has them do in service.
            command.env_remove("RUST_BACKTRACE");
            Ok(command)
        };
        let server = Server::start_by(serve, app, data)?;
        let url = server.url();
        let address = url.strip_prefix("http://").unwrap_or(&url).parse()?;
        Ok(Running { server, address })
    }

    /// The command that serves it.
    ///
    /// # Errors
    ///
    /// If it is not built.
    pub fn command(self, place: &Place<'_>) -> Result<Command> {
        let address = format!("127.0.0.1:{}", place.port);
        let mut command = match self {
            Self::Annals(_) => return Kind::Annals.serve(place, &[]),
            Self::NoDelivery(_) => return Kind::Annals.serve(place, &["--no-delivery".into()]),
            Self::Wasmtime(_) => return Kind::Wasmtime.serve(place, &ROOM.map(Into::into)),
            Self::WasmtimeKept(_) => return Kind::WasmtimeKept.serve(place, &ROOM.map(Into::into)),
            Self::Native { .. } | Self::NativeFiles | Self::NativeHello => Command::new(native()?),
            Self::Cqrs { .. } => Command::new(cqrs()?),
        };
        command.arg("--store").arg(place.store);
        if let Self::Cqrs { snapshots } = self {
            command.args(["--snapshots", &snapshots.to_string()]);
        }
        command.args(["serve", "--listen", &address]);
        match self {
            NATIVE_CACHE => drop(command.arg("--cache")),
            NATIVE_FILES => drop(command.arg("--files")),
            _ => {}
        }
        Ok(command)
    }
}

/// The server by hand.
///
/// # Errors
///
/// If it is not built.
pub fn native() -> Result<PathBuf> {
    tools::built("bench-native")
}

/// The server with cqrs-es.
///
/// # Errors
///
/// If it is not built.
pub fn cqrs() -> Result<PathBuf> {
    let file = tools::target_folder()?.join("peers/release/bench-cqrs");
    anyhow::ensure!(
        file.exists(),
        "{} is not built; `cargo xtask bench` does it",
        file.display()
    );
    Ok(file)
}

/// A server that answers. Dropping it kills it.
pub struct Running {
    /// The process.
    pub server: Server,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Running {
    /// Its process.
    ///
    /// # Errors
    ///
    /// If it was killed.
    pub fn pid(&self) -> Result<u32> {
        self.server.pid().context("the server runs")
    }
}
