//! The servers under measurement: servers of the same bank, and servers that do nothing.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use annals_tests::server::{Kind, Place, Server};
use annals_tests::tools;
use anyhow::{Context as _, Result};

use crate::apps::App;

/// A server. A server of the bank acknowledges a command only when its event is synced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Peer {
    /// A composed application on `annals-host`.
    Annals(App),
    /// The same, without deliveries to reactions.
    NoDelivery(App),
    /// A composed application on `wasmtime serve`, with the filesystem adapter.
    Wasmtime(App),
    /// The same, with the option to serve many requests by one instance.
    WasmtimeKept(App),
    /// The domain in a native program over the embedded store of `annals-host`.
    Native {
        /// The server keeps states in memory.
        cache: bool,
    },
    /// The domain in a native program, over the files and the log protocol of a composed application on `wasmtime
    /// serve`.
    NativeFiles,
    /// hyper alone.
    NativeHello,
    /// axum, cqrs-es and sqlite-es.
    Cqrs {
        /// Number of events between two snapshots; 0: no snapshots.
        snapshots: usize,
    },
}

/// The two deciders on `annals-host`: the subject of the budgets.
pub const ANNALS: Peer = Peer::Annals(App::Deciders { snapshots: 100 });
/// The same, without snapshots.
pub const ANNALS_REPLAY: Peer = Peer::Annals(App::Deciders { snapshots: 0 });
/// A component that does nothing, on `annals-host`.
pub const ANNALS_HELLO: Peer = Peer::Annals(App::Hello);
/// The two deciders on `wasmtime serve`.
pub const WASMTIME: Peer = Peer::Wasmtime(App::Deciders { snapshots: 100 });
/// The same, with instances that are kept between requests.
pub const WASMTIME_KEPT: Peer = Peer::WasmtimeKept(App::Deciders { snapshots: 100 });
/// A component that does nothing, on `wasmtime serve`.
pub const WASMTIME_HELLO: Peer = Peer::Wasmtime(App::Hello);
/// The native program.
pub const NATIVE: Peer = Peer::Native { cache: false };
/// The native program, with states in memory.
pub const NATIVE_CACHE: Peer = Peer::Native { cache: true };
/// The native program over the same files as [`WASMTIME_KEPT`].
pub const NATIVE_FILES: Peer = Peer::NativeFiles;
/// hyper alone.
pub const NATIVE_HELLO: Peer = Peer::NativeHello;
/// cqrs-es without snapshots.
pub const CQRS: Peer = Peer::Cqrs { snapshots: 0 };
/// cqrs-es with snapshots.
pub const CQRS_SNAPSHOTS: Peer = Peer::Cqrs { snapshots: 100 };

/// The name of the two deciders on `annals-host` with PostgreSQL as its store.
pub const POSTGRES: &str = "annals-host, PostgreSQL";

/// All peers with the two deciders, in the order of tables.
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

/// By default, wasmtime allows 1000 core instances, and an instance of the bank takes some 50 of them. With more
/// clients than fit, wasmtime answers 500. The documentation advises users to raise the limit, as these options do.
const ROOM: [&str; 4] = [
    "-O",
    "pooling-total-core-instances=20000,pooling-total-component-instances=20000",
    "-O",
    "pooling-total-memories=10000,pooling-total-tables=10000",
];

/// The format of a store. Peers with the same format can share prepared stores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Store {
    /// Annals in the embedded store.
    Embedded,
    /// Annals in files.
    Files,
    /// Events of the native program in the embedded store.
    Native,
    /// SQLite.
    Sqlite,
}

impl Peer {
    /// The name in tables and plots.
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

    /// The format of the peer's store.
    #[must_use]
    pub fn store(self) -> Store {
        match self {
            Self::Annals(_) | Self::NoDelivery(_) => Store::Embedded,
            Self::Wasmtime(_) | Self::WasmtimeKept(_) | Self::NativeFiles => Store::Files,
            Self::Native { .. } | Self::NativeHello => Store::Native,
            Self::Cqrs { .. } => Store::Sqlite,
        }
    }

    /// The component that the peer serves, and its host.
    #[must_use]
    pub fn app(self) -> Option<(App, Kind)> {
        match self {
            Self::Annals(app) | Self::NoDelivery(app) => Some((app, Kind::Annals)),
            Self::Wasmtime(app) => Some((app, Kind::Wasmtime)),
            Self::WasmtimeKept(app) => Some((app, Kind::WasmtimeKept)),
            _ => None,
        }
    }

    /// The only path that the peer answers, if it has just one.
    #[must_use]
    pub fn path(self) -> Option<&'static str> {
        (self == Self::NativeHello).then_some("/hello")
    }

    /// True if the peer answers every request without any work.
    #[must_use]
    pub fn is_hello(self) -> bool {
        matches!(
            self,
            Self::NativeHello | Self::Annals(App::Hello) | Self::Wasmtime(App::Hello)
        )
    }

    /// Starts the peer over the store in `data`, and waits until it answers.
    ///
    /// # Errors
    ///
    /// If the peer does not answer.
    pub fn start(self, app: &Path, data: &Path) -> Result<Running> {
        let serve = move |place: &Place<'_>| {
            let mut command = self.command(place)?;
            // With this variable, hosts capture a backtrace for every error, which no deployed host does.
            command.env_remove("RUST_BACKTRACE");
            Ok(command)
        };
        Running::of(Server::start_by(serve, app, data)?)
    }

    /// The command that starts the peer.
    ///
    /// # Errors
    ///
    /// If the program is not built.
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

/// The program of the native server.
///
/// # Errors
///
/// If the program is not built.
pub fn native() -> Result<PathBuf> {
    tools::built("bench-native")
}

/// The program of the server with cqrs-es.
///
/// # Errors
///
/// If the program is not built.
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
    /// The address that it listens on.
    pub address: SocketAddr,
}

impl Running {
    /// A server that has just been started.
    ///
    /// # Errors
    ///
    /// If its URL has no address.
    pub fn of(server: Server) -> Result<Self> {
        let url = server.url();
        let address = url.strip_prefix("http://").unwrap_or(&url).parse()?;
        Ok(Self { server, address })
    }

    /// The server's process id.
    ///
    /// # Errors
    ///
    /// If the process was killed.
    pub fn pid(&self) -> Result<u32> {
        self.server.pid().context("the server runs")
    }
}
