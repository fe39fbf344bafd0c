//! The store adapter over `wasi:filesystem`. A slot is a file, which a hard link creates.
//!
//! The adapter writes and syncs a file's whole content under a temporary name, then links the file to its
//! final name. The link fails if that name exists, so of all creators one wins, and no reader sees a partial
//! file. Then the adapter syncs the directory. Only after that does it acknowledge the creation and unlink
//! the temporary name.
//!
//! # A slot that is read is durable
//!
//! A reader may act upon a slot and write to another directory, which may be synced first. After a power cut the
//! reader's write would exist without the slot that it depends on. So the adapter shows a slot only once its name is
//! durable. The number of the file's links shows that: until the creator has synced the directory, the file still has
//! its temporary name, so it has two links. A reader that counts more than one link syncs the directory itself. A
//! creator that died before it removed the temporary name leaves the second link permanently. Then every read of that
//! slot syncs, which is slow but correct.
//!
//! A value that `put` writes may be lost, and no decision depends on it, so its name is not synced.
//!
//! # Layout
//!
//! | module | job |
//! |---|---|
//! | `directory` | finds the data directory among the preopened ones; shards |
#![deny(missing_docs)]

use annals_allocator as _;

mod directory;

use std::cell::RefCell;

use annals_store_adapter::{Backend, Creation, SlotError, Slots, StoreSettings, file_name};
use wasip2::filesystem::types::{
    Descriptor, DescriptorFlags, DescriptorStat, ErrorCode, OpenFlags, PathFlags,
};
use wasip2::random::insecure::get_insecure_random_u64;

use directory::Directory;

/// Upper limit of one read or write, in bytes. Hosts may accept less.
const CHUNK_BYTES: usize = 64 * 1024;

/// The backend: one directory.
struct Filesystem;

/// A directory. Each file is a slot.
struct FileSlots {
    directory: Directory,
    /// The temporary file that lost the last race for a name. A retry with the same value links it to the
    /// next name without writing it again.
    lost: RefCell<Option<Temporary>>,
}

annals_store_adapter::export!(Filesystem);

impl Backend for Filesystem {
    type Slots = FileSlots;

    fn open(settings: &StoreSettings) -> Result<FileSlots, String> {
        Ok(FileSlots {
            directory: Directory::open(&settings.path)?,
            lost: RefCell::default(),
        })
    }
}

impl Slots for FileSlots {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, SlotError> {
        let place = Place::of(key);
        let file = match self.directory.root().open_at(
            PathFlags::empty(),
            &place.path,
            OpenFlags::empty(),
            DescriptorFlags::READ,
        ) {
            Ok(file) => file,
            Err(ErrorCode::NoEntry) => return Ok(None),
            Err(error) => return Err(unavailable(key, "opening", error)),
        };
        // The link count must be read after the file was opened by its name.
        let stat = file
            .stat()
            .map_err(|error| unavailable(key, "looking at", error))?;
        self.make_name_durable(key, &place, &stat)?;
        read_all(&file, stat.size)
            .map(Some)
            .map_err(|error| unavailable(key, "reading", error))
    }

    fn has(&self, key: &str) -> Result<bool, SlotError> {
        self.is_there(key, &Place::of(key))
    }

    fn create(&self, key: &str, value: &[u8]) -> Result<Creation, SlotError> {
        let place = Place::of(key);
        // Check first: the slot often exists already, and writing and syncing a file is the main cost of a
        // creation.
        if self.is_there(key, &place)? {
            return Ok(Creation::Exists);
        }
        let root = self.directory.root();
        let temporary = match self.lost.take() {
            Some(lost) if lost.value == value => {
                self.directory
                    .make_shard(&place.shard)
                    .map_err(SlotError::Unavailable)?;
                lost
            }
            other => {
                if let Some(lost) = other {
                    lost.unlink(root);
                }
                self.write_temporary(key, &place, value)?
            }
        };
        match root.link_at(PathFlags::empty(), &temporary.path, root, &place.path) {
            // Sync before the acknowledgement: an acknowledged creation must survive a power cut.
            Ok(()) => match self.directory.sync_shard(&place.shard) {
                // Unlink only after the directory was synced: otherwise readers would consider the slot
                // durable. A remaining temporary file does no other harm, because its name is never reused
                // and never read.
                Ok(()) => {
                    temporary.unlink(root);
                    Ok(Creation::Created)
                }
                Err(error) => Err(in_doubt(key, "syncing the directory of", error)),
            },
            Err(ErrorCode::Exist) => {
                self.lost.replace(Some(temporary));
                self.is_there(key, &place).map(|_| Creation::Exists)
            }
            // The host may have made the link before it failed.
            Err(error @ (ErrorCode::Io | ErrorCode::Interrupted)) => {
                Err(in_doubt(key, "linking", error))
            }
            Err(error) => {
                temporary.unlink(root);
                Err(unavailable(key, "linking", error))
            }
        }
    }

    fn put(&self, key: &str, value: &[u8]) -> Result<(), SlotError> {
        let place = Place::of(key);
        let root = self.directory.root();
        let temporary = self.write_temporary(key, &place, value)?;
        let renamed = root.rename_at(&temporary.path, root, &place.path);
        if renamed.is_err() {
            temporary.unlink(root);
        }
        // The directory is not synced: the value may be lost, but no reader sees a partial one.
        renamed.map_err(|error| in_doubt(key, "renaming", error))
    }

    fn delete(&self, key: &str) -> Result<(), SlotError> {
        let place = Place::of(key);
        match self.directory.root().unlink_file_at(&place.path) {
            // Sync, so that a power cut cannot restore deleted files out of order.
            Ok(()) => self
                .directory
                .sync_shard(&place.shard)
                .map_err(|error| in_doubt(key, "syncing the directory of", error)),
            Err(ErrorCode::NoEntry) => Ok(()),
            Err(error) => Err(in_doubt(key, "deleting", error)),
        }
    }

    fn end_operation(&self) {
        if let Some(lost) = self.lost.take() {
            lost.unlink(self.directory.root());
        }
    }
}

impl Drop for FileSlots {
    fn drop(&mut self) {
        self.end_operation();
    }
}

/// The path of a key's file.
struct Place {
    shard: String,
    /// Relative to the data directory.
    path: String,
}

impl Place {
    fn of(key: &str) -> Self {
        let name = file_name::of(key);
        let shard = file_name::shard(&name);
        Self {
            path: format!("{shard}/{name}"),
            shard,
        }
    }
}

/// A written and synced file under a unique temporary name.
struct Temporary {
    /// Relative to the data directory.
    path: String,
    value: Vec<u8>,
}

impl Temporary {
    fn unlink(self, root: &Descriptor) {
        let _ = root.unlink_file_at(&self.path);
    }
}

impl FileSlots {
    /// Whether a slot exists. Makes an existing slot durable: its creator may have died before it synced the
    /// directory, and a decision that depends on the slot must not outlive it.
    fn is_there(&self, key: &str, place: &Place) -> Result<bool, SlotError> {
        let root = self.directory.root();
        match root.stat_at(PathFlags::empty(), &place.path) {
            Ok(stat) => self.make_name_durable(key, place, &stat).map(|()| true),
            Err(ErrorCode::NoEntry) => Ok(false),
            Err(error) => Err(unavailable(key, "looking for", error)),
        }
    }

    /// Syncs the directory of a slot unless the creator has done so. A link count of one means that the
    /// creator has finished.
    fn make_name_durable(
        &self,
        key: &str,
        place: &Place,
        stat: &DescriptorStat,
    ) -> Result<(), SlotError> {
        if stat.link_count <= 1 {
            return Ok(());
        }
        self.directory
            .sync_shard(&place.shard)
            .map_err(|error| unavailable(key, "syncing the directory of", error))
    }

    /// Writes and syncs a temporary file. The content must be durable before the final name is: otherwise a
    /// power cut could leave an empty slot.
    fn write_temporary(
        &self,
        key: &str,
        place: &Place,
        value: &[u8],
    ) -> Result<Temporary, SlotError> {
        self.directory
            .make_shard(&place.shard)
            .map_err(SlotError::Unavailable)?;
        let root = self.directory.root();
        let temporary = Temporary {
            // A secure random number is not needed: EXCLUSIVE guarantees a unique name.
            path: format!(
                "{}/{}{:016x}",
                place.shard,
                file_name::TEMPORARY,
                get_insecure_random_u64()
            ),
            value: value.to_vec(),
        };
        let file = root
            .open_at(
                PathFlags::empty(),
                &temporary.path,
                OpenFlags::CREATE | OpenFlags::EXCLUSIVE,
                DescriptorFlags::WRITE,
            )
            .map_err(|error| unavailable(key, "creating a temporary file for", error))?;
        match write_all(&file, value).and_then(|()| file.sync_data()) {
            Ok(()) => Ok(temporary),
            Err(error) => {
                drop(file);
                temporary.unlink(root);
                Err(unavailable(key, "writing", error))
            }
        }
    }
}

/// Reads a complete file. Ends early if the file is shorter than `length`.
fn read_all(file: &Descriptor, length: u64) -> Result<Vec<u8>, ErrorCode> {
    let mut content: Vec<u8> = Vec::new();
    while (content.len() as u64) < length {
        let rest = length - content.len() as u64;
        let (bytes, end) = file.read(rest.min(CHUNK_BYTES as u64), content.len() as u64)?;
        let nothing = bytes.is_empty();
        if content.is_empty() {
            content = bytes;
        } else {
            content.extend_from_slice(&bytes);
        }
        if end || nothing {
            break;
        }
    }
    Ok(content)
}

fn write_all(file: &Descriptor, content: &[u8]) -> Result<(), ErrorCode> {
    let mut written = 0;
    while let Some(rest) = content.get(written..).filter(|rest| !rest.is_empty()) {
        let chunk = rest.get(..CHUNK_BYTES).unwrap_or(rest);
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
        ErrorCode::InsufficientSpace | ErrorCode::Quota => ": free space on the disk",
        ErrorCode::Unsupported => ": the data directory must be on a filesystem with hard links",
        _ => "",
    };
    format!("{doing} {key}: {}{remedy}", error.name())
}
