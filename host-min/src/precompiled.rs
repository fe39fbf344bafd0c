//! Components that were compiled before.
//!
//! An entry is found by the component's bytes and by everything about the engine that decides what
//! its code looks like. Machine code is run as it is found, so it is taken only from a folder that
//! nobody else may write to, and only if it is what was written there: a checksum lies beside it.
//! Anything else is compiled again, and said in the log.

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

/// Beyond so many, the entries that were written first are forgotten.
const MOST: usize = 64;
const EXTENSION: &str = "cwasm";
/// Of the file that holds an entry's checksum.
const SUM: &str = "sha256";
/// Bits that let the group or others write.
const OTHERS_WRITE: u32 = 0o022;

/// Where compiled components are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CompileCache {
    /// Compile at each start.
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

    /// Takes a component from the cache, or compiles it and puts it there.
    ///
    /// # Errors
    /// When it does not compile. That the cache is of no use is logged, and no error.
    pub fn load(&self, engine: &Engine, bytes: &[u8]) -> wasmtime::Result<Component> {
        let compile = || Component::from_binary(engine, bytes);
        let Some(folder) = self.folder() else {
            return compile();
        };
        if let Err(error) = prepare(&folder) {
            let folder = folder.display().to_string();
            tracing::warn!(folder, %error, "compiled components are not kept; give another --cache-dir");
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
                    "a compiled component is refused; it is compiled again"
                );
            }
        }
        let component = compile()?;
        if let Err(error) = write(&component, &entry) {
            let entry = entry.display().to_string();
            tracing::warn!(entry, %error, "a compiled component could not be kept");
        }
        forget(&folder);
        Ok(component)
    }
}

/// Why an entry is not used.
enum Unusable {
    Absent,
    Refused(String),
}

/// Makes the folder, or makes sure that it is ours alone.
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
    let sum = fs::read_to_string(entry.with_extension(SUM))
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
        return Err(refused("it is not what was written".into()));
    }
    // SAFETY: these are the bytes that an engine like this one wrote. They are mapped after they were
    // compared with their checksum, but no other user may write into the folder, and whoever replaces
    // an entry puts another file in its place.
    unsafe { Component::deserialize_file(engine, entry) }
        .map_err(|error| refused(format!("{error:#}")))
}

/// The sum first: code without its sum is refused, and a sum without code is nothing.
fn write(component: &Component, entry: &Path) -> wasmtime::Result<()> {
    let code = component.serialize()?;
    place(
        &entry.with_extension(SUM),
        hex(&Sha256::digest(&code)).as_bytes(),
    )?;
    place(entry, &code)?;
    Ok(())
}

/// All of the bytes or none of them.
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
    let many = entries.len().saturating_sub(MOST);
    for (_, path) in entries.into_iter().take(many) {
        // Another process may have been faster.
        let _ = fs::remove_file(&path);
        let _ = fs::remove_file(path.with_extension(SUM));
    }
}
