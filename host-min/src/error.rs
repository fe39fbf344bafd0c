//! Errors that stop the host.

use std::path::PathBuf;

/// An error of the host itself, worded for the person who started it.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// The component file cannot be read.
    #[error("cannot read {path}: {source}; give the path of a composed component")]
    Read {
        /// Path as given on the command line.
        path: PathBuf,
        /// Error of the operating system.
        source: std::io::Error,
    },
    /// The file is a core module.
    #[error("{0} is a core module, not a component; compose it first: annals compose")]
    CoreModule(PathBuf),
    /// The file does not compile.
    #[error("{path} is not a component that this host can compile: {reason}")]
    Compile {
        /// Path as given on the command line.
        path: PathBuf,
        /// Message of the compiler.
        reason: String,
    },
    /// The component imports an interface that this host does not offer, or exports no HTTP
    /// handler.
    #[error(
        "{path} does not fit this host: {reason}; compose it for this host: annals compose --host annals"
    )]
    Unfit {
        /// Path as given on the command line.
        path: PathBuf,
        /// Message of the linker.
        reason: String,
    },
    /// A directory to share cannot be opened.
    #[error("cannot share directory {path}: {reason}; it must exist and be readable")]
    Directory {
        /// Path as given on the command line.
        path: PathBuf,
        /// Message of the operating system.
        reason: String,
    },
    /// The host cannot listen on the address.
    #[error("cannot listen on {address}: {source}; choose another with --listen")]
    Listen {
        /// Address as given on the command line.
        address: String,
        /// Error of the operating system.
        source: std::io::Error,
    },
    /// The store's record of the application does not allow this application to run.
    #[error("{0}")]
    Refused(String),
    /// Another process has locked the store's directory.
    #[error("the store {0} is in use by another process; stop that one or give another --store")]
    StoreLocked(PathBuf),
    /// The store cannot be opened.
    #[error("cannot open the store {path}: {reason}")]
    StoreOpen {
        /// Path as given on the command line.
        path: PathBuf,
        /// Message of the store.
        reason: String,
    },
    /// The files of a store could not be copied for reading.
    #[error(
        "a copy of the store's journals cannot be made in {path}: {reason}; name a directory with room in TMPDIR"
    )]
    Copy {
        /// The temporary directory.
        path: PathBuf,
        /// Message of the operating system.
        reason: String,
    },
    /// The directory holds a store of files, alone or beside a store of this host.
    #[error(
        "{path} holds a store of files, which another host such as `wasmtime serve` wrote{}; give another directory, or copy the \
         events: annals-host export --store files:{path} | annals-host import --store NEW",
        if *.beside { ", beside a store of this host" } else { "" }
    )]
    StoreOfFiles {
        /// Path as given on the command line.
        path: PathBuf,
        /// True if a store of this host is there as well.
        beside: bool,
    },
    /// A file of the store differs from what was written.
    #[error("the store {path} is damaged, in {file}; restore it from a backup")]
    StoreDamaged {
        /// Path as given on the command line.
        path: PathBuf,
        /// The first damaged file that was found.
        file: PathBuf,
    },
    /// Acknowledged writes are missing at the end of the store.
    #[error(
        "the store {path} is damaged: acknowledged writes are missing at its end; restore it from \
         a backup, or remove {file} to go on without them"
    )]
    StoreBehind {
        /// Path as given on the command line.
        path: PathBuf,
        /// The flush counter file that shows it.
        file: PathBuf,
    },
    /// The URL of a remote store, or an option that belongs to it, is wrong. Never contains the URL,
    /// in which a password may be.
    #[error("--store: {0}")]
    StoreUrl(String),
    /// The server of a remote store cannot be reached.
    #[error("cannot reach {target}: {reason}; start it, or wait for it with --wait-for-store")]
    StoreUnreachable {
        /// What the host connected to, without a password.
        target: String,
        /// Message of the server or the operating system.
        reason: String,
    },
    /// The server of a remote store does not fit, or has something else in the place of the store.
    #[error("{target} cannot be used: {reason}")]
    StoreRefused {
        /// What the host connected to, without a password.
        target: String,
        /// What does not fit, and the remedy.
        reason: String,
    },
    /// There is no store on the server, and this command makes none.
    #[error("there is no store {store} on {target}")]
    StoreAbsent {
        /// The schema and the table.
        store: String,
        /// What the host connected to, without a password.
        target: String,
    },
    /// The last writes could not be made durable.
    #[error("the store could not be flushed: {0}")]
    Flush(String),
    /// wasmtime rejects its configuration, or cannot allocate its resources.
    #[error("the WebAssembly engine cannot start: {0}")]
    Engine(String),
    /// The operating system refused a thread or a signal handler.
    #[error("the operating system refused a resource that the host needs: {0}")]
    System(#[from] std::io::Error),
}

impl HostError {
    /// True if the input is at fault (exit status 1), false if the host is at fault (exit status
    /// 3).
    pub fn is_users(&self) -> bool {
        !matches!(
            self,
            Self::Copy { .. }
                | Self::Flush(_)
                | Self::Engine(_)
                | Self::System(_)
                | Self::StoreUnreachable { .. }
        )
    }
}
