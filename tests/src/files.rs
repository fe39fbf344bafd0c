//! The files of a store over the filesystem.

use std::path::{Path, PathBuf};

/// All files of a store, in all subdirectories.
///
/// # Panics
///
/// If the store cannot be listed.
#[must_use]
pub fn of(store: &Path) -> Vec<PathBuf> {
    let shards = std::fs::read_dir(store).expect("shards");
    let files = shards.flat_map(|shard| {
        let shard = shard.expect("a shard").path();
        std::fs::read_dir(shard).expect("files")
    });
    files.map(|file| file.expect("a file").path()).collect()
}

/// A file's name.
#[must_use]
pub fn name(file: &Path) -> String {
    file.file_name()
        .map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}
