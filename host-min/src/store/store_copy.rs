//! Reads a store without writing into it.
//!
//! fjall cannot open a database for reading only: it takes a lock, cuts a torn journal after a
//! crash, and turns journals into tables. A reader therefore opens a copy of the store in a
//! temporary directory. That directory has copies of the journals and of the small files, and links
//! to the tables, which no process changes after they are written. The store itself may be on a
//! read-only file system.

use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::error::HostError;

/// fjall holds this lock while the database is open.
const LOCK: &str = "lock";
/// The name of a keyspace's folder of tables.
const TABLES: &str = "tables";

/// A copy of a store; removed when dropped.
pub struct StoreCopy {
    store: PathBuf,
    directory: TempDir,
    /// Prevents a host from serving the store while it is read.
    _lock: Option<File>,
}

impl StoreCopy {
    /// Makes a copy of `store`.
    ///
    /// # Errors
    /// [`HostError::StoreLocked`] if a process has the store open, [`HostError::StoreOpen`] if the
    /// store cannot be read, and [`HostError::Copy`].
    pub fn of(store: &Path) -> Result<Self, HostError> {
        let unreadable = |error: io::Error| HostError::StoreOpen {
            path: store.to_owned(),
            reason: error.to_string(),
        };
        let lock = match File::open(store.join(LOCK)) {
            Ok(file) => match file.try_lock_shared() {
                Ok(()) => Some(file),
                Err(TryLockError::WouldBlock) => {
                    return Err(HostError::StoreLocked(store.to_owned()));
                }
                Err(TryLockError::Error(error)) => return Err(unreadable(error)),
            },
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(unreadable(error)),
        };
        let from = store.canonicalize().map_err(unreadable)?;
        let directory = tempfile::Builder::new()
            .prefix("annals-host-")
            .tempdir()
            .map_err(|error| uncopied(&std::env::temp_dir(), &error))?;
        copy_directory(&from, directory.path(), false).map_err(|fault| match fault {
            Fault::Read(error) => unreadable(error),
            Fault::Write(error) => uncopied(directory.path(), &error),
        })?;
        Ok(Self {
            store: store.to_owned(),
            directory,
            _lock: lock,
        })
    }

    /// The copy's directory.
    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Replaces the copy's path by the store's in an error.
    pub fn named(&self, error: HostError) -> HostError {
        let path = self.store.clone();
        let there = |file: PathBuf| match file.strip_prefix(self.path()) {
            Ok(file) => self.store.join(file),
            Err(_) => file,
        };
        match error {
            HostError::StoreLocked(_) => HostError::StoreLocked(path),
            HostError::StoreOpen { reason, .. } => HostError::StoreOpen { path, reason },
            HostError::StoreDamaged { file, .. } => HostError::StoreDamaged {
                path,
                file: there(file),
            },
            HostError::StoreBehind { file, .. } => HostError::StoreBehind {
                path,
                file: there(file),
            },
            other => other,
        }
    }
}

fn uncopied(to: &Path, error: &io::Error) -> HostError {
    HostError::Copy {
        path: to.to_owned(),
        reason: error.to_string(),
    }
}

/// The side of a copy that failed.
enum Fault {
    Read(io::Error),
    Write(io::Error),
}

/// Copies a directory, and links tables instead of copying them.
fn copy_directory(from: &Path, to: &Path, tables: bool) -> Result<(), Fault> {
    for entry in fs::read_dir(from).map_err(Fault::Read)? {
        let entry = entry.map_err(Fault::Read)?;
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() {
            fs::create_dir(&to).map_err(Fault::Write)?;
            copy_directory(&from, &to, entry.file_name() == TABLES)?;
        } else if tables {
            link(&from, &to).map_err(Fault::Write)?;
        } else {
            let mut source = File::open(&from).map_err(Fault::Read)?;
            let mut copy = File::create_new(&to).map_err(Fault::Write)?;
            // An error is taken for one of the target: a full disk is more likely than an
            // unreadable source.
            io::copy(&mut source, &mut copy).map_err(Fault::Write)?;
        }
    }
    Ok(())
}

#[cfg(unix)]
fn link(table: &Path, link: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(table, link)
}

#[cfg(not(unix))]
fn link(table: &Path, link: &Path) -> io::Result<()> {
    fs::copy(table, link).map(|_| ())
}
