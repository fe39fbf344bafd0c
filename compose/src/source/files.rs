//! Walks over files that somebody wrote.

use std::fs;
use std::path::{Path, PathBuf};

/// Folders of things that are made, at any depth.
const MADE: &[&str] = &["target", "node_modules", "__pycache__", "dist", "build"];

/// So many files are looked at, and no more: somebody's home is not what is meant.
const MOST: usize = 20_000;

/// All files below a folder, in an order that is the same everywhere, but for hidden ones, components, and what is in
/// folders of things that are made, or behind links to folders. What `except` says is passed over, too.
pub fn written(folder: &Path, except: &dyn Fn(&Path) -> bool) -> Vec<PathBuf> {
    let mut found = Vec::new();
    walk(folder, except, &mut found);
    found
}

fn walk(folder: &Path, except: &dyn Fn(&Path) -> bool, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .collect();
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if found.len() >= MOST || name.starts_with('.') || except(&path) {
            continue;
        }
        let Ok(kind) = entry.file_type() else {
            continue;
        };
        if kind.is_dir() {
            if !MADE.contains(&&*name) {
                walk(&path, except, found);
            }
            continue;
        }
        // A link to a folder may lead back here, or anywhere.
        let leads_away = kind.is_symlink() && path.is_dir();
        if !leads_away && path.extension().is_none_or(|extension| extension != "wasm") {
            found.push(path);
        }
    }
}
