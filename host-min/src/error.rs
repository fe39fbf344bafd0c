//! Why the host cannot start or go on.

use std::path::PathBuf;

/// An error of the host itself, in the words of the one who started it.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// The component file cannot be read.
    #[error("cannot read {path}: {source}; give the path of a composed component")]
    Read {
        /// As given.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is a core module.
    #[error("{0} is a core module, not a component; compose it first: annals compose")]
    CoreModule(PathBuf),
    /// The file does not compile.
    #[error("{path} is not a component that this host can compile: {reason}")]
    Compile {
        /// As given.
        path: PathBuf,
        /// The compiler's words.
        reason: String,
    },
    /// The component needs what this host does not offer, or exports no HTTP handler.
    #[error(
        "{path} does not fit this host: {reason}; compose it for this host: annals compose --host annals"
    )]
    Unfit {
        /// As given.
        path: PathBuf,
        /// The linker's words.
        reason: String,
    },
    /// A directory to share cannot be opened.
    #[error("cannot share directory {path}: {reason}; it must exist and be readable")]
    Directory {
        /// As given.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}; choose another with --listen")]
    Listen {
        /// As given.
        address: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The store's record of the application forbids it.
    #[error("{0}")]
    Refused(String),
    /// The store's directory is held by another process.
    #[error("the store {0} is in use by another process; stop that one or give another --store")]
    StoreLocked(PathBuf),
    /// The store cannot be opened.
    #[error("cannot open the store {path}: {reason}")]
    StoreOpen {
        /// As given.
        path: PathBuf,
        /// The store's words.
        reason: String,
    },
    /// What is read of a store could not be copied.
    #[error(
        "a copy of the store's journals cannot be made in {path}: {reason}; name a directory with room in TMPDIR"
    )]
    Copy {
        /// The temporary directory.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// The directory holds a store of another kind, alone or beside one of ours.
    #[error(
        "{path} holds a store of files, which another host such as `wasmtime serve` wrote{}; give a directory of its own, or take the \
         events over: annals-host export --store files:{path} | annals-host import --store NEW",
        if *.beside { ", beside a store of this host" } else { "" }
    )]
    StoreOfFiles {
        /// As given.
        path: PathBuf,
        /// A store of ours is there, too.
        beside: bool,
    },
    /// A file of the store is not as it was written.
    #[error("the store {path} is damaged, in {file}; restore it from a backup")]
    StoreDamaged {
        /// As given.
        path: PathBuf,
        /// The first that was found.
        file: PathBuf,
    },
    /// The store ends earlier than what was acknowledged.
    #[error(
        "the store {path} is damaged: acknowledged writes are missing at its end; restore it from \
         a backup, or remove {file} to go on without them"
    )]
    StoreBehind {
        /// As given.
        path: PathBuf,
        /// The file that tells it.
        file: PathBuf,
    },
    /// What was written last could not be made durable.
    #[error("the store could not be flushed: {0}")]
    Flush(String),
    /// wasmtime refuses its configuration or its resources.
    #[error("the WebAssembly engine cannot start: {0}")]
    Engine(String),
    /// A thread or a signal handler could not be set up.
    #[error("the system refuses what the host needs: {0}")]
    System(#[from] std::io::Error),
}

impl HostError {
    /// True if the input is at fault (exit status 1), false if the host is (3).
    pub fn is_users(&self) -> bool {
        !matches!(
            self,
            Self::Copy { .. } | Self::Flush(_) | Self::Engine(_) | Self::System(_)
        )
    }
}
