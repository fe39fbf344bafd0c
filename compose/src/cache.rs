//! Caches results that depend only on some bytes.
//!
//! The key of an entry is a hash of those bytes and of this composer, so another or a changed
//! composer finds no entry. A damaged entry counts as absent. A failure to write an entry is
//! ignored.

use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};
use std::env;
use std::fmt::Write as _;
use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::sync::Once;
use std::time::UNIX_EPOCH;

/// The variable that names the cache folder; if it is empty, nothing is cached.
pub const VARIABLE: &str = "ANNALS_CACHE";

/// The subfolder for compiled handlers.
pub const COMPILED: &str = "compiled";

/// The mode bits that let the group or others write.
const OTHERS_WRITE: u32 = 0o022;

/// Maximum number of entries. Beyond it the older half is removed.
const MAX_ENTRIES: usize = 4_096;

/// A folder of entries, or no cache.
#[derive(Debug, Clone, Default)]
pub struct Cache {
    folder: Option<PathBuf>,
    composer: Vec<u8>,
}

impl Cache {
    /// A cache that stores nothing.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// A cache in the given folder.
    #[must_use]
    pub fn at(folder: &Path) -> Self {
        Self {
            folder: Some(folder.into()),
            composer: composer(),
        }
    }

    /// The cache in the folder that the environment names, or else in the user's cache folder.
    #[must_use]
    pub fn user() -> Self {
        let chosen = env::var_os(VARIABLE).map(PathBuf::from);
        let folder = chosen.or_else(|| Some(user_folder()?.join("annals").join("handlers")));
        let Some(folder) = folder.filter(|folder| !folder.as_os_str().is_empty()) else {
            return Self::none();
        };
        match make_private(&folder) {
            Ok(()) => Self::at(&folder),
            Err(reason) => {
                eprintln!(
                    "annals: the composer does not use the cache {}: {reason}; set {VARIABLE} to another folder",
                    folder.display()
                );
                Self::none()
            }
        }
    }

    /// The folder of the entries, if there is a cache. Other code may keep subfolders in it.
    #[must_use]
    pub fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    /// Reads the cached result of these bytes for this purpose.
    pub fn get<T: DeserializeOwned>(&self, purpose: &str, bytes: &[u8]) -> Option<T> {
        let text = fs::read_to_string(self.file(purpose, bytes)?).ok()?;
        let (sum, value) = text.split_once('\n')?;
        if sum != hash(&[value.as_bytes()]) {
            return None;
        }
        serde_json::from_str(value).ok()
    }

    /// Caches the result of these bytes for this purpose.
    pub fn put<T: Serialize>(&self, purpose: &str, bytes: &[u8], value: &T) {
        let Some(file) = self.file(purpose, bytes) else {
            return;
        };
        let (Some(folder), Ok(value)) = (file.parent(), serde_json::to_string(value)) else {
            return;
        };
        let text = format!("{}\n{value}", hash(&[value.as_bytes()]));
        // Write atomically, because another process may write the same entry.
        let written = fs::create_dir_all(folder)
            .and_then(|()| tempfile::NamedTempFile::new_in(folder))
            .and_then(|mut new| std::io::Write::write_all(&mut new, text.as_bytes()).map(|()| new));
        if let Ok(new) = written {
            let _ = new.persist(&file);
        }
        // Count the entries once for each process. That reads the whole folder, and one process
        // adds few entries.
        static LOOKED: Once = Once::new();
        LOOKED.call_once(|| forget(folder, MAX_ENTRIES));
    }

    fn file(&self, purpose: &str, bytes: &[u8]) -> Option<PathBuf> {
        let folder = self.folder.as_ref()?;
        Some(folder.join(hash(&[&self.composer, purpose.as_bytes(), bytes])))
    }
}

/// Makes the folder, or checks that no other user can write to it. The composer trusts the entries,
/// and runs the machine code in them.
fn make_private(folder: &Path) -> io::Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)?;
    let folders = [folder.to_path_buf(), folder.join(COMPILED)];
    for folder in folders.iter().filter(|folder| folder.exists()) {
        let metadata = fs::metadata(folder)?;
        if metadata.uid() != rustix::process::geteuid().as_raw() {
            return Err(io::Error::other("it belongs to another user"));
        }
        if metadata.mode() & OTHERS_WRITE != 0 {
            return Err(io::Error::other(
                "others may write into it (run `chmod go-w`)",
            ));
        }
    }
    Ok(())
}

/// Hexadecimal SHA-256 of some pieces. The hash includes each piece's boundary.
#[must_use]
pub fn hash(pieces: &[&[u8]]) -> String {
    let mut hasher = Sha256::new();
    for piece in pieces {
        hasher.update((piece.len() as u64).to_le_bytes());
        hasher.update(piece);
    }
    hasher
        .finalize()
        .iter()
        .fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}

/// Identifies this composer by its version and by its binary's length and time, because one version
/// may be built many times.
fn composer() -> Vec<u8> {
    let metadata = env::current_exe().and_then(fs::metadata).ok();
    let built = metadata
        .as_ref()
        .and_then(|metadata| metadata.modified().ok());
    let built = built.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    let length = metadata.map(|metadata| metadata.len());
    format!("{} {length:?} {built:?}", env!("CARGO_PKG_VERSION")).into_bytes()
}

fn user_folder() -> Option<PathBuf> {
    let absolute = |name: &str| {
        env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    absolute("XDG_CACHE_HOME").or_else(|| Some(absolute("HOME")?.join(".cache")))
}

/// Removes the older half of the entries if there are too many.
fn forget(folder: &Path, most: usize) {
    let mut entries: Vec<_> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let entry = entry.ok()?;
            Some((entry.metadata().ok()?.modified().ok()?, entry.path()))
        })
        .collect();
    if entries.len() > most {
        entries.sort();
        for (_, file) in &entries[..entries.len() / 2] {
            let _ = fs::remove_file(file);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    fn entries(folder: &Path) -> Vec<PathBuf> {
        fs::read_dir(folder)
            .expect("a folder")
            .map(|entry| entry.expect("an entry").path())
            .collect()
    }

    #[test]
    fn what_was_put_is_got_for_the_same_bytes_and_purpose() {
        let home = tempfile::tempdir().expect("a folder");
        let cache = Cache::at(home.path());
        cache.put("probe", b"bytes", &vec!["a"]);
        assert_eq!(cache.get("probe", b"bytes"), Some(vec!["a".to_owned()]));
        assert_eq!(cache.get::<Vec<String>>("probe", b"other"), None);
        assert_eq!(cache.get::<Vec<String>>("prob", b"ebytes"), None);
        let none = Cache::none();
        none.put("probe", b"bytes", &1);
        assert_eq!(none.get::<u32>("probe", b"bytes"), None);
    }

    #[test]
    fn a_folder_that_others_may_write_to_is_not_used() {
        let home = tempfile::tempdir().expect("a folder");
        let folder = home.path().join("a/cache");
        make_private(&folder).expect("made");
        let permit = |folder: &Path, mode| {
            fs::set_permissions(folder, fs::Permissions::from_mode(mode)).expect("set");
        };
        for (mode, private) in [
            (0o777, false),
            (0o775, false),
            (0o755, true),
            (0o1777, false),
        ] {
            permit(&folder, mode);
            assert_eq!(make_private(&folder).is_ok(), private, "{mode:o}");
        }
        permit(&folder, 0o700);
        make_private(&folder.join(COMPILED)).expect("made");
        permit(&folder.join(COMPILED), 0o777);
        assert!(make_private(&folder).is_err(), "others' code");
    }

    #[test]
    fn another_composer_finds_nothing() {
        let home = tempfile::tempdir().expect("a folder");
        let cache = Cache::at(home.path());
        cache.put("probe", b"bytes", &1);
        let other = Cache {
            composer: b"0.0.0".into(),
            ..cache.clone()
        };
        assert_eq!(
            (
                cache.get("probe", b"bytes"),
                other.get::<u32>("probe", b"bytes")
            ),
            (Some(1), None)
        );
    }

    #[test]
    fn a_damaged_entry_is_none_and_is_mended() {
        let home = tempfile::tempdir().expect("a folder");
        let cache = Cache::at(home.path());
        cache.put("probe", b"bytes", &10);
        let [file] = &entries(home.path())[..] else {
            panic!("one entry")
        };
        let whole = fs::read(file).expect("there");
        for length in 0..whole.len() {
            fs::write(file, &whole[..length]).expect("written");
            assert_eq!(
                cache.get::<u32>("probe", b"bytes"),
                None,
                "of {length} bytes"
            );
        }
        let mut changed = whole.clone();
        *changed.last_mut().expect("a value") = b'1';
        fs::write(file, changed).expect("written");
        assert_eq!(cache.get::<u32>("probe", b"bytes"), None);
        cache.put("probe", b"bytes", &10);
        assert_eq!(cache.get::<u32>("probe", b"bytes"), Some(10));
    }

    #[test]
    fn a_full_cache_forgets_what_is_older() {
        let home = tempfile::tempdir().expect("a folder");
        for number in 0..10_u64 {
            let file = fs::File::create(home.path().join(number.to_string())).expect("written");
            file.set_modified(UNIX_EPOCH + std::time::Duration::from_secs(number))
                .expect("set");
        }
        forget(home.path(), 10);
        assert_eq!(entries(home.path()).len(), 10);
        forget(home.path(), 9);
        let mut left: Vec<String> = entries(home.path())
            .iter()
            .map(|path| path.file_name().expect("a name").to_string_lossy().into())
            .collect();
        left.sort();
        assert_eq!(left, ["5", "6", "7", "8", "9"]);
    }
}
