//! Slots as files, in the format of the adapter over `wasi:filesystem`.
//!
//! This module uses the same names and the same steps in the same order as the adapter. Both may
//! therefore work on one directory at the same time.

use std::ffi::OsStr;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use annals_event_log::file_name::{self, DIGEST, DURABLE, TEMPORARY};
use annals_event_log::{Creation, SlotError, Slots};
use annals_event_log_tools::{Listed, Listing};

/// A data directory.
pub struct FileSlots {
    root: PathBuf,
    /// Distinguishes temporary files of this process.
    temporaries: AtomicU64,
    /// The temporary file that lost the last race for a name, and its value. A retry with the same value
    /// links it to the next name without writing it again.
    lost: Mutex<Option<(PathBuf, Vec<u8>)>>,
}

/// True if `name` is the name of a subdirectory for slots.
#[must_use]
pub fn is_shard(name: &str) -> bool {
    name.len() == 2
        && name
            .bytes()
            .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

impl FileSlots {
    /// Opens the slots of a directory, which must exist.
    #[must_use]
    pub fn new(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
            temporaries: AtomicU64::new(0),
            lost: Mutex::default(),
        }
    }

    fn take_lost(&self) -> Option<(PathBuf, Vec<u8>)> {
        let mut lost = self.lost.lock().unwrap_or_else(PoisonError::into_inner);
        lost.take()
    }

    /// Whether a file is there. Makes its name durable: a decision that depends on the slot must not outlive it.
    fn is_there(&self, path: &Path) -> io::Result<bool> {
        match fs::metadata(path) {
            Ok(found) => self.make_name_durable(path, &found).map(|()| true),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Until its creator has synced the directory, a file also has its temporary name.
    fn make_name_durable(&self, path: &Path, found: &Metadata) -> io::Result<()> {
        if found.nlink() <= 1 {
            return Ok(());
        }
        match sync(path.parent().unwrap_or(&self.root)) {
            // On a read-only file system no write can be pending.
            Err(error) if error.kind() == ErrorKind::ReadOnlyFilesystem => Ok(()),
            synced => synced,
        }
    }

    /// Reads a slot only when its name is durable.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let mut file = File::open(path)?;
        self.make_name_durable(path, &file.metadata()?)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn path(&self, key: &str) -> PathBuf {
        let name = file_name::of(key);
        self.root.join(file_name::shard(&name)).join(name)
    }

    /// Returns the file's shard for writing. It creates the shard and makes it durable before
    /// anything is written into it. It creates the marker file after the root has been synced, so a
    /// process that sees the marker need not sync again.
    fn make_shard(&self, file: &Path) -> io::Result<PathBuf> {
        let shard = file.parent().unwrap_or(&self.root).to_owned();
        let mark = shard.join(DURABLE);
        if !mark.exists() {
            match fs::create_dir(&shard) {
                Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
                _ => sync(&self.root)?,
            }
            OpenOptions::new().create(true).append(true).open(&mark)?;
        }
        Ok(shard)
    }

    /// Writes and syncs a file under a unique name.
    fn write_temporary(&self, file: &Path, value: &[u8]) -> io::Result<(PathBuf, PathBuf)> {
        let shard = self.make_shard(file)?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let seed =
            now.map_or(0, |now| now.as_nanos() as u64) ^ (u64::from(std::process::id()) << 32);
        let number = self.temporaries.fetch_add(1, Ordering::Relaxed);
        let temporary = shard.join(format!("{TEMPORARY}{:016x}", seed.wrapping_add(number)));
        let mut open = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&temporary)?;
        let written = open.write_all(value).and_then(|()| open.sync_data());
        if let Err(error) = written {
            let _ = fs::remove_file(&temporary);
            return Err(error);
        }
        Ok((shard, temporary))
    }
}

fn sync(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

fn describe(doing: &str, key: &str, error: &io::Error) -> String {
    format!("{doing} {key}: {error}")
}

fn unavailable<'a>(doing: &'a str, key: &'a str) -> impl Fn(io::Error) -> SlotError + 'a {
    move |error| SlotError::Unavailable(describe(doing, key, &error))
}

fn in_doubt<'a>(doing: &'a str, key: &'a str) -> impl Fn(io::Error) -> SlotError + 'a {
    move |error| SlotError::InDoubt(describe(doing, key, &error))
}

impl Slots for FileSlots {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, SlotError> {
        match self.read(&self.path(key)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(unavailable("reading", key)(error)),
        }
    }

    fn has(&self, key: &str) -> Result<bool, SlotError> {
        self.is_there(&self.path(key))
            .map_err(unavailable("looking for", key))
    }

    fn create(&self, key: &str, value: &[u8]) -> Result<Creation, SlotError> {
        let path = self.path(key);
        // Look first: the slot often exists already, and writing and syncing a file costs most.
        if self.has(key)? {
            return Ok(Creation::Exists);
        }
        let lost = self.take_lost();
        let (shard, temporary) = match lost {
            Some((temporary, lost)) if lost == value => {
                let shard = self.make_shard(&path);
                (shard.map_err(unavailable("writing", key))?, temporary)
            }
            other => {
                if let Some((temporary, _)) = other {
                    let _ = fs::remove_file(temporary);
                }
                self.write_temporary(&path, value)
                    .map_err(unavailable("writing", key))?
            }
        };
        match fs::hard_link(&temporary, &path) {
            Ok(()) => {
                sync(&shard).map_err(in_doubt("syncing the directory of", key))?;
                // Remove the temporary name only after the sync: without it, readers take the slot for
                // durable.
                let _ = fs::remove_file(&temporary);
                Ok(Creation::Created)
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                let mut lost = self.lost.lock().unwrap_or_else(PoisonError::into_inner);
                let before = lost.replace((temporary, value.to_vec()));
                drop(lost);
                if let Some((temporary, _)) = before {
                    let _ = fs::remove_file(temporary);
                }
                self.has(key).map(|_| Creation::Exists)
            }
            Err(error) => Err(in_doubt("linking", key)(error)),
        }
    }

    fn put(&self, key: &str, value: &[u8]) -> Result<(), SlotError> {
        let path = self.path(key);
        let (_, temporary) = self
            .write_temporary(&path, value)
            .map_err(unavailable("writing", key))?;
        fs::rename(&temporary, &path).map_err(|error| {
            let _ = fs::remove_file(&temporary);
            in_doubt("renaming", key)(error)
        })
    }

    fn delete(&self, key: &str) -> Result<(), SlotError> {
        match fs::remove_file(self.path(key)) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(in_doubt("deleting", key)(error))
            }
            _ => Ok(()),
        }
    }

    fn end_operation(&self) {
        if let Some((temporary, _)) = self.take_lost() {
            let _ = fs::remove_file(temporary);
        }
    }
}

impl Drop for FileSlots {
    fn drop(&mut self) {
        self.end_operation();
    }
}

impl Listing for FileSlots {
    fn visit(
        &self,
        each: &mut dyn FnMut(Listed<'_>) -> Result<(), SlotError>,
    ) -> Result<(), SlotError> {
        let root = self.root.display().to_string();
        for shard in fs::read_dir(&self.root).map_err(unavailable("listing", &root))? {
            let shard = shard.map_err(unavailable("listing", &root))?;
            let name = lossy(&shard.file_name());
            if !is_shard(&name) {
                if !name.starts_with(TEMPORARY) {
                    each(Listed::Foreign(&name))?;
                }
                continue;
            }
            for file in fs::read_dir(shard.path()).map_err(unavailable("listing", &name))? {
                let file = file.map_err(unavailable("listing", &name))?;
                visit_file(&name, &file.path(), &lossy(&file.file_name()), each)?;
            }
        }
        Ok(())
    }
}

fn visit_file(
    shard: &str,
    path: &Path,
    name: &str,
    each: &mut dyn FnMut(Listed<'_>) -> Result<(), SlotError>,
) -> Result<(), SlotError> {
    if name.starts_with(TEMPORARY) {
        return Ok(());
    }
    let place = format!("{shard}/{name}");
    // A reader never searches for this slot in another shard.
    if file_name::shard(name) != shard {
        return each(Listed::Foreign(&place));
    }
    if let Some(digest) = name.strip_prefix(DIGEST) {
        return match fs::read(path) {
            Ok(bytes) => each(Listed::Digest(digest, &bytes)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            Err(error) => Err(unavailable("reading", &place)(error)),
        };
    }
    match file_name::key(name) {
        Some(key) => each(Listed::Key(&key)),
        None => each(Listed::Foreign(&place)),
    }
}

fn lossy(name: &OsStr) -> String {
    name.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_that_create_one_file_one_wins_and_nothing_is_left_over() {
        let dir = tempfile::tempdir().expect("a directory");
        let slots = FileSlots::new(dir.path());
        for key in 0..20 {
            let key = format!("a.{key}");
            let won: usize = std::thread::scope(|scope| {
                let rivals: Vec<_> = (0..4u8)
                    .map(|n| {
                        let (slots, key) = (&slots, &key);
                        scope.spawn(move || slots.create(key, &[n]) == Ok(Creation::Created))
                    })
                    .collect();
                rivals
                    .into_iter()
                    .map(|rival| usize::from(rival.join().expect("no panic")))
                    .sum()
            });
            assert_eq!(won, 1);
        }
        slots.end_operation();
        let mut keys = 0;
        slots
            .visit(&mut |listed| {
                assert!(matches!(listed, Listed::Key(_)), "{listed:?}");
                keys += 1;
                Ok(())
            })
            .expect("listed");
        assert_eq!(keys, 20);
        let temporaries = fs::read_dir(dir.path())
            .expect("read")
            .flat_map(|shard| fs::read_dir(shard.expect("read").path()).expect("read"))
            .filter(|file| {
                let name = lossy(&file.as_ref().expect("read").file_name());
                name.starts_with(TEMPORARY) && name != DURABLE
            });
        assert_eq!(temporaries.count(), 0);
    }

    #[test]
    fn long_keys_and_foreign_files_are_listed_as_what_they_are() {
        let dir = tempfile::tempdir().expect("a directory");
        let slots = FileSlots::new(dir.path());
        let long = "K".repeat(200);
        assert_eq!(slots.create(&long, b"v"), Ok(Creation::Created));
        assert_eq!(slots.create(&long, b"w"), Ok(Creation::Exists));
        assert_eq!(slots.get(&long), Ok(Some(b"v".to_vec())));
        slots.put("a.B", b"x").expect("written");
        fs::write(dir.path().join("readme"), b"").expect("written");
        let mut listed = Vec::new();
        slots
            .visit(&mut |found| {
                listed.push(format!("{found:?}"));
                Ok(())
            })
            .expect("listed");
        listed.sort();
        let digest = file_name::digest(&long);
        assert_eq!(
            listed,
            [
                format!("Digest({digest:?}, [118])"),
                "Foreign(\"readme\")".into(),
                "Key(\"a.B\")".into()
            ]
        );
        slots.delete("a.B").expect("deleted");
        slots.delete("a.B").expect("absent is fine");
        assert_eq!(slots.get("a.B"), Ok(None));
    }
}
