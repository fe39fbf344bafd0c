//! The cache of compiled components.
//!
//! The key of an entry is a hash of the component's bytes and of every engine setting that affects
//! the generated code. The host executes machine code without checking it. It therefore reads an
//! entry only from a folder that no other user can write to, and only if the entry matches the
//! checksum beside it. An entry that does not match is logged and compiled again.

use std::collections::hash_map::DefaultHasher;
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::fs::{self, DirBuilder, File};
use std::hash::{Hash as _, Hasher as _};
use std::io::{self, Read as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use sha2::{Digest as _, Sha256};
use wasmtime::Engine;
use wasmtime::component::Component;

/// Maximum number of entries. Beyond it the oldest entries are removed.
const MAX_ENTRIES: usize = 64;
const EXTENSION: &str = "cwasm";
/// Extension of the file with an entry's checksum.
const CHECKSUM_EXTENSION: &str = "sha256";
/// The mode bits that let the group or others write.
const OTHERS_WRITE: u32 = 0o022;

/// Where the host keeps compiled components.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CompileCache {
    /// Nowhere: compile at each start.
    Off,
    /// In this directory.
    At(PathBuf),
    /// In the user's cache directory.
    User,
}

impl CompileCache {
    fn folder(&self) -> Option<PathBuf> {
        match self {
            Self::Off => None,
            Self::At(folder) => Some(folder.clone()),
            Self::User => {
                let base = std::env::var_os("XDG_CACHE_HOME")
                    .map(PathBuf::from)
                    .filter(|path| path.is_absolute())
                    .or_else(|| std::env::home_dir().map(|home| home.join(".cache")))?;
                Some(base.join("annals-host").join("compiled"))
            }
        }
    }

    /// Reads a component from the cache, or compiles it and adds it to the cache.
    ///
    /// # Errors
    /// If the component does not compile. A cache that cannot be used is logged and is not an
    /// error.
    pub fn load(&self, engine: &Engine, bytes: &[u8]) -> wasmtime::Result<Component> {
        let compile = || Component::from_binary(engine, bytes);
        let Some(folder) = self.folder() else {
            return compile();
        };
        if let Err(error) = prepare(&folder) {
            let folder = folder.display().to_string();
            tracing::warn!(folder, %error, "the host does not cache compiled components; give another --cache-dir");
            return compile();
        }
        let entry = folder.join(key(engine, bytes)).with_extension(EXTENSION);
        match read(engine, &entry) {
            Ok(component) => return Ok(component),
            Err(Unusable::Absent) => {}
            Err(Unusable::Refused(reason)) => {
                let entry = entry.display().to_string();
                tracing::warn!(
                    entry,
                    reason,
                    "the host rejects a compiled component and compiles it again"
                );
            }
        }
        let component = compile()?;
        if let Err(error) = write(&component, &entry) {
            let entry = entry.display().to_string();
            tracing::warn!(entry, %error, "a compiled component could not be cached");
        }
        forget(&folder);
        Ok(component)
    }
}

/// Why an entry cannot be used.
enum Unusable {
    Absent,
    Refused(String),
}

/// Makes the folder, or checks that only this user can write to it.
fn prepare(folder: &Path) -> io::Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)?;
    let metadata = fs::metadata(folder)?;
    if metadata.uid() != rustix::process::geteuid().as_raw() {
        return Err(io::Error::other("the folder belongs to another user"));
    }
    if metadata.mode() & OTHERS_WRITE != 0 {
        return Err(io::Error::other("others may write into the folder"));
    }
    Ok(())
}

fn key(engine: &Engine, bytes: &[u8]) -> String {
    let mut engines = DefaultHasher::new();
    engine.precompile_compatibility_hash().hash(&mut engines);
    let mut hash = Sha256::new();
    hash.update(engines.finish().to_le_bytes());
    hash.update(bytes);
    hex(&hash.finalize())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn read(engine: &Engine, entry: &Path) -> Result<Component, Unusable> {
    let refused = |reason: String| Unusable::Refused(reason);
    let mut code = match File::open(entry) {
        Ok(code) => code,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(Unusable::Absent),
        Err(error) => return Err(refused(error.to_string())),
    };
    let sum = fs::read_to_string(entry.with_extension(CHECKSUM_EXTENSION))
        .map_err(|error| refused(format!("its checksum: {error}")))?;
    let mut hash = Sha256::new();
    let mut piece = vec![0; 64 << 10];
    loop {
        match code.read(&mut piece) {
            Ok(0) => break,
            Ok(length) => hash.update(&piece[..length]),
            Err(error) => return Err(refused(error.to_string())),
        }
    }
    if sum != hex(&hash.finalize()) {
        return Err(refused("its content does not match its checksum".into()));
    }
    // SAFETY: the bytes match their checksum, so a compatible engine wrote them. The file is mapped
    // after the comparison. It cannot change in between: no other user can write to the folder, and
    // a process of this user replaces an entry by renaming another file over it.
    unsafe { Component::deserialize_file(engine, entry) }
        .map_err(|error| refused(format!("{error:#}")))
}

/// Writes the checksum before the code: code without a checksum is rejected, and a checksum without
/// code is ignored.
fn write(component: &Component, entry: &Path) -> wasmtime::Result<()> {
    let code = component.serialize()?;
    place(
        &entry.with_extension(CHECKSUM_EXTENSION),
        hex(&Sha256::digest(&code)).as_bytes(),
    )?;
    place(entry, &code)?;
    Ok(())
}

/// Writes the file atomically.
fn place(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let draft = path.with_extension(format!("{}.draft", std::process::id()));
    fs::write(&draft, bytes)?;
    fs::rename(&draft, path)
}

fn forget(folder: &Path) {
    let Ok(files) = fs::read_dir(folder) else {
        return;
    };
    let mut entries: Vec<(SystemTime, PathBuf)> = files
        .flatten()
        .map(|file| file.path())
        .filter(|path| path.extension() == Some(OsStr::new(EXTENSION)))
        .filter_map(|path| Some((fs::metadata(&path).ok()?.modified().ok()?, path)))
        .collect();
    entries.sort();
    let many = entries.len().saturating_sub(MAX_ENTRIES);
    for (_, path) in entries.into_iter().take(many) {
        // Ignore the error: another process may have removed the file already.
        let _ = fs::remove_file(&path);
        let _ = fs::remove_file(path.with_extension(CHECKSUM_EXTENSION));
    }
}
