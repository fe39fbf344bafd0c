//! The store adapter over `wasi:filesystem`: a slot is a file, created by a hard link.
//!
//! A file's whole content is written and synced under a temporary name, then linked to its own
//! name, which fails if that name exists: of all creators one wins, and nobody ever sees half a
//! file. Then the directory is synced: only after that is the creation acknowledged, and the
//! temporary name taken away.
//!
//! # What is seen is durable
//!
//! Whoever reads a slot may act upon it, in another directory that is synced earlier; after a
//! power cut the act would be there and the slot not. So a slot is only shown when its name is
//! durable. The file tells: while its creator has not synced the directory, it still has its
//! temporary name, so there are two links to it. A reader that counts more than one syncs the
//! directory itself. A creator that died in between leaves the second link for ever: then every
//! read of that slot syncs, which is slow and right.
//!
//! What is `put` may be lost, and nothing is decided upon it, so its name is not synced.
//!
//! # Layout
//!
//! | module | job |
//! |---|---|
//! | `directory` | finds the data directory among the preopened ones; shards |
#![deny(missing_docs)]

mod directory;

use std::rc::Rc;

use annals_store_adapter::{Backend, Creation, SlotError, Slots, StoreSettings, file_name};
use wasip2::filesystem::types::{Descriptor, DescriptorFlags, ErrorCode, OpenFlags, PathFlags};
use wasip2::random::insecure::get_insecure_random_u64;

use directory::Directory;

/// Most bytes of one read or write; hosts may take less.
const CHUNK: usize = 64 * 1024;
/// Bytes of the first read of a file: most slots fit.
const FIRST_READ: u64 = 4096;

/// The backend: one directory.
struct Filesystem;

/// Slots are files.
struct FileSlots {
    directory: Directory,
}

annals_store_adapter::export!(Filesystem);

impl Backend for Filesystem {
    type Slots = FileSlots;

    fn open(settings: &StoreSettings) -> Result<FileSlots, String> {
        Ok(FileSlots {
            directory: Directory::open(&settings.path)?,
        })
    }
}

impl Slots for FileSlots {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, SlotError> {
        let name = file_name::of(key);
        let Some(shard) = self
            .directory
            .shard(&name)
            .map_err(SlotError::Unavailable)?
        else {
            return Ok(None);
        };
        match shard.open_at(
            PathFlags::empty(),
            &name,
            OpenFlags::empty(),
            DescriptorFlags::READ,
        ) {
            Ok(file) => {
                make_name_durable(&shard, &file)
                    .map_err(|e| unavailable(key, "syncing the directory of", e))?;
                read_all(&file)
                    .map(Some)
                    .map_err(|e| unavailable(key, "reading", e))
            }
            Err(ErrorCode::NoEntry) => Ok(None),
            Err(error) => Err(unavailable(key, "opening", error)),
        }
    }

    fn create(&self, key: &str, value: &[u8]) -> Result<Creation, SlotError> {
        let name = file_name::of(key);
        let (shard, temporary) = self.write_temporary(key, &name, value)?;
        let linked = shard.link_at(PathFlags::empty(), &temporary, &shard, &name);
        let (answer, is_settled) = match linked {
            // Synced here and not later: an acknowledged creation must survive a power cut.
            Ok(()) => match shard.sync() {
                Ok(()) => (Ok(Creation::Created), true),
                Err(error) => (Err(in_doubt(key, "syncing the directory of", error)), false),
            },
            // Whoever created it may have died before syncing the directory. What is decided upon
            // its being there must not outlive it.
            Err(ErrorCode::Exist) => match shard.sync() {
                Ok(()) => (Ok(Creation::Exists), true),
                Err(error) => (
                    Err(unavailable(key, "syncing the directory of", error)),
                    true,
                ),
            },
            // The host may fail after the link was made.
            Err(error @ (ErrorCode::Io | ErrorCode::Interrupted)) => {
                (Err(in_doubt(key, "linking", error)), false)
            }
            Err(error) => (Err(unavailable(key, "linking", error)), true),
        };
        // Never before the directory was synced: readers would take the slot for durable. One that
        // is left over does no other harm: its name is never used again and never read.
        if is_settled {
            let _ = shard.unlink_file_at(&temporary);
        }
        answer
    }

    fn put(&self, key: &str, value: &[u8]) -> Result<(), SlotError> {
        let name = file_name::of(key);
        let (shard, temporary) = self.write_temporary(key, &name, value)?;
        let renamed = shard.rename_at(&temporary, &shard, &name);
        if renamed.is_err() {
            let _ = shard.unlink_file_at(&temporary);
        }
        // The directory is not synced: what is put may be lost, but never half of it be seen.
        renamed.map_err(|error| in_doubt(key, "renaming", error))
    }

    fn delete(&self, key: &str) -> Result<(), SlotError> {
        let name = file_name::of(key);
        let Some(shard) = self
            .directory
            .shard(&name)
            .map_err(SlotError::Unavailable)?
        else {
            return Ok(());
        };
        match shard.unlink_file_at(&name) {
            // Synced: what is deleted in some order must not come back in another.
            Ok(()) => shard
                .sync()
                .map_err(|error| in_doubt(key, "syncing the directory of", error)),
            Err(ErrorCode::NoEntry) => Ok(()),
            Err(error) => Err(in_doubt(key, "deleting", error)),
        }
    }
}

impl FileSlots {
    /// Writes and syncs a file under a name that nobody else has. The content must be durable
    /// before its own name is: otherwise a power cut could leave a slot that is empty.
    fn write_temporary(
        &self,
        key: &str,
        name: &str,
        value: &[u8],
    ) -> Result<(Rc<Descriptor>, String), SlotError> {
        let shard = self
            .directory
            .make_shard(name)
            .map_err(SlotError::Unavailable)?;
        // Not secure, and need not be: EXCLUSIVE makes sure that nobody shares it.
        let temporary = format!("{}{:016x}", file_name::TEMPORARY, get_insecure_random_u64());
        let flags = OpenFlags::CREATE | OpenFlags::EXCLUSIVE;
        let file = shard
            .open_at(
                PathFlags::empty(),
                &temporary,
                flags,
                DescriptorFlags::WRITE,
            )
            .map_err(|error| unavailable(key, "creating a temporary file for", error))?;
        match write_all(&file, value).and_then(|()| file.sync_data()) {
            Ok(()) => Ok((shard, temporary)),
            Err(error) => {
                drop(file);
                let _ = shard.unlink_file_at(&temporary);
                Err(unavailable(key, "writing", error))
            }
        }
    }
}

/// Syncs the directory of a slot whose creator may not have done so yet. The count is taken after
/// the file was found by its name: one link means that the creator is through.
fn make_name_durable(directory: &Descriptor, file: &Descriptor) -> Result<(), ErrorCode> {
    if file.stat()?.link_count > 1 {
        directory.sync()?;
    }
    Ok(())
}

fn read_all(file: &Descriptor) -> Result<Vec<u8>, ErrorCode> {
    let mut content: Vec<u8> = Vec::new();
    loop {
        let length = if content.is_empty() {
            FIRST_READ
        } else {
            CHUNK as u64
        };
        let (bytes, end) = file.read(length, content.len() as u64)?;
        let nothing = bytes.is_empty();
        if content.is_empty() {
            content = bytes;
        } else {
            content.extend_from_slice(&bytes);
        }
        if end || nothing {
            return Ok(content);
        }
    }
}

fn write_all(file: &Descriptor, content: &[u8]) -> Result<(), ErrorCode> {
    let mut written = 0;
    while let Some(rest) = content.get(written..).filter(|rest| !rest.is_empty()) {
        let chunk = rest.get(..CHUNK).unwrap_or(rest);
        match file.write(chunk, written as u64)? {
            0 => return Err(ErrorCode::Io),
            bytes => written += bytes as usize,
        }
    }
    Ok(())
}

fn unavailable(key: &str, doing: &str, error: ErrorCode) -> SlotError {
    SlotError::Unavailable(describe(key, doing, error))
}

fn in_doubt(key: &str, doing: &str, error: ErrorCode) -> SlotError {
    SlotError::InDoubt(describe(key, doing, error))
}

fn describe(key: &str, doing: &str, error: ErrorCode) -> String {
    let remedy = match error {
        ErrorCode::ReadOnly | ErrorCode::NotPermitted | ErrorCode::Access => {
            ": the data directory must be writable for the host and preopened for writing"
        }
        ErrorCode::InsufficientSpace | ErrorCode::Quota => ": make room on the disk",
        ErrorCode::Unsupported => ": the data directory must lie on a filesystem with hard links",
        _ => "",
    };
    format!("{doing} {key}: {}{remedy}", error.name())
}
