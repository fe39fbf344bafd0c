//! The store's directory: durable itself, and free of what a cut-short creation left.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::Path;

/// fjall writes it last when it makes a store.
const VERSION: &str = "version";
/// How that file begins, once it is whole, before a byte for the version.
const MAGIC: &[u8] = b"FJL";
/// The journal that fjall makes before it, and then finds in its way.
const FIRST_JOURNAL: &str = "0.jnl";
const LOCK: &str = "lock";
/// fjall syncs what lies in there, not their names.
const KEYSPACES: &str = "keyspaces";

/// Makes the directory if it is absent, and takes away what a creation that was cut short left
/// in it: fjall would refuse to go on.
///
/// # Errors
/// What the system says.
pub fn prepare(directory: &Path) -> io::Result<()> {
    make(directory)?;
    let version = existing(fs::read(directory.join(VERSION)))?;
    if version.is_some_and(|content| content.starts_with(MAGIC) && content.len() > MAGIC.len()) {
        return Ok(());
    }
    let Some(lock) = existing(File::open(directory.join(LOCK)))? else {
        return Ok(());
    };
    // Held: somebody is making the store right now. fjall will say so.
    if lock.try_lock().is_err() || !is_empty(directory)? {
        return Ok(());
    }
    for name in [VERSION, FIRST_JOURNAL] {
        existing(fs::remove_file(directory.join(name)))?;
    }
    sync(directory)
}

/// Makes the names in the store's directories durable.
///
/// # Errors
/// What the system says.
pub fn sync_names(directory: &Path) -> io::Result<()> {
    sync(&directory.join(KEYSPACES))?;
    sync(directory)
}

/// Each directory on the way that is made is durable in the one above it.
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

/// No keyspace and nothing in the journal: nothing was ever written here.
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

/// Where directories cannot be synced.
#[cfg(not(unix))]
fn sync(_directory: &Path) -> io::Result<()> {
    Ok(())
}
