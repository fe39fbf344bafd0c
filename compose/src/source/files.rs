//! Walks over source files.

use std::fs;
use std::path::{Path, PathBuf};

/// Names of folders with generated files, at any depth.
const GENERATED: &[&str] = &["target", "node_modules", "__pycache__", "dist", "build"];

/// Maximum number of files. A folder with more, such as a home folder, was named by mistake.
const MAX_FILES: usize = 20_000;

/// All files below a folder, in a deterministic order. Excluded are hidden files, components,
/// folders of generated files, folders behind links, and paths for which `except` returns true.
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
        if found.len() >= MAX_FILES || name.starts_with('.') || except(&path) {
            continue;
        }
        let Ok(kind) = entry.file_type() else {
            continue;
        };
        if kind.is_dir() {
            if !GENERATED.contains(&&*name) {
                walk(&path, except, found);
            }
            continue;
        }
        // A link to a folder may form a cycle, or lead outside.
        let leads_away = kind.is_symlink() && path.is_dir();
        if !leads_away && path.extension().is_none_or(|extension| extension != "wasm") {
            found.push(path);
        }
    }
}
