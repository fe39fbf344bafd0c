//! The store's directory: makes it durable, and removes what an interrupted creation left in it.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::Path;

/// The file that fjall writes last when it creates a store.
const VERSION: &str = "version";
/// The prefix of a complete version file. One byte with the version follows.
const MAGIC: &[u8] = b"FJL";
/// The journal that fjall creates before the version file. fjall refuses to create a store where it
/// exists.
const FIRST_JOURNAL: &str = "0.jnl";
const LOCK: &str = "lock";
/// fjall syncs the contents of this directory, but not its entries.
const KEYSPACES: &str = "keyspaces";

/// Creates the directory if it is absent. Removes what an interrupted creation left in it, because
/// fjall would refuse to open that.
///
/// # Errors
/// The error of the operating system.
pub fn prepare(directory: &Path) -> io::Result<()> {
    make(directory)?;
    let version = existing(fs::read(directory.join(VERSION)))?;
    if version.is_some_and(|content| content.starts_with(MAGIC) && content.len() > MAGIC.len()) {
        return Ok(());
    }
    // fjall creates the lock before the journal. So if the journal exists and the lock does not, a
    // power cut has lost the lock's entry, and nobody is creating the store. A process that begins
    // now cannot create a journal before this one is removed, so its own is never removed.
    let began = directory.join(FIRST_JOURNAL).exists();
    let lock = existing(File::open(directory.join(LOCK)))?;
    match &lock {
        // Another process holds the lock and may be creating the store now. fjall reports that.
        Some(lock) if lock.try_lock().is_err() => return Ok(()),
        None if !began => return Ok(()),
        Some(_) | None => {}
    }
    if !is_empty(directory)? {
        return Ok(());
    }
    for name in [VERSION, FIRST_JOURNAL] {
        existing(fs::remove_file(directory.join(name)))?;
    }
    sync(directory)
}

/// Makes the entries of the store's directories durable.
///
/// # Errors
/// The error of the operating system.
pub fn sync_names(directory: &Path) -> io::Result<()> {
    sync(&directory.join(KEYSPACES))?;
    sync(directory)
}

/// Creates the directory and its missing parents, and syncs the parent of each.
fn make(directory: &Path) -> io::Result<()> {
    if directory.is_dir() {
        return Ok(());
    }
    let parent = directory.parent().filter(|p| !p.as_os_str().is_empty());
    if let Some(parent) = parent {
        make(parent)?;
    }
    match fs::create_dir(directory) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists && directory.is_dir() => {}
        made => made?,
    }
    sync(parent.unwrap_or(Path::new(".")))
}

/// True if there is no keyspace and the journal is empty: nothing was ever written to this store.
fn is_empty(directory: &Path) -> io::Result<bool> {
    let keyspaces = existing(fs::read_dir(directory.join(KEYSPACES)))?;
    let journal = existing(fs::read(directory.join(FIRST_JOURNAL)))?;
    let others = fs::read_dir(directory)?.any(|entry| {
        entry.is_ok_and(|entry| {
            let name = entry.file_name();
            [VERSION, FIRST_JOURNAL, LOCK, KEYSPACES]
                .iter()
                .all(|known| name != *known)
        })
    });
    Ok(keyspaces.is_none_or(|mut entries| entries.next().is_none())
        && journal.is_none_or(|content| content.iter().all(|byte| *byte == 0))
        && !others)
}

fn existing<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(unix)]
fn sync(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

/// Directories cannot be synced on this platform.
#[cfg(not(unix))]
fn sync(_directory: &Path) -> io::Result<()> {
    Ok(())
}
