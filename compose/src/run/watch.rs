//! Notices that files change, by looking at them: times and lengths of a few hundred files take a millisecond, work
//! on every file system, and know of no build's own reading and writing.

use crate::manifest::Manifest;
use crate::source::files;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

/// How often all files are looked at.
const PERIOD: Duration = Duration::from_millis(250);

type Seen = BTreeMap<PathBuf, (Option<SystemTime>, u64)>;

/// The files of an application.
#[derive(Debug, Default)]
pub struct Watch {
    /// Folders with all that is in them, but for what is made.
    folders: BTreeSet<PathBuf>,
    /// Files of their own.
    files: BTreeSet<PathBuf>,
    /// Folders below those that are left out: those of stores.
    except: BTreeSet<PathBuf>,
    /// As they were when they were last built.
    known: Seen,
    /// As they were a moment ago, if that is something else.
    moving: Option<Seen>,
    last_look: Option<Instant>,
}

impl Watch {
    /// Takes the files as they are for known, of this application from now on.
    pub fn look(&mut self, manifest: &Manifest) {
        let folder = manifest.folder();
        self.folders = BTreeSet::from([folder.to_path_buf()]);
        self.files = BTreeSet::from([manifest.file.clone()]);
        self.except = BTreeSet::from([folder.join("data")]);
        for origin in manifest.origins() {
            if let Some(path) = &origin.path {
                self.folders.insert(folder.join(path));
            }
            match (&origin.component, &origin.build) {
                // It comes from somewhere else.
                (Some(component), None) => drop(self.files.insert(folder.join(component))),
                // It is made of what is watched.
                (Some(component), Some(_)) => drop(self.except.insert(folder.join(component))),
                (None, _) => {}
            }
        }
        self.known = self.see();
        self.moving = None;
    }

    /// Has something changed that is known, and come to rest? Looks only every now and then.
    pub fn changed(&mut self) -> bool {
        if self.last_look.is_some_and(|last| last.elapsed() < PERIOD) {
            return false;
        }
        self.last_look = Some(Instant::now());
        let now = self.see();
        if now == self.known {
            self.moving = None;
            return false;
        }
        // Editors write files in several steps, and version control many files.
        let rests = self.moving.as_ref() == Some(&now);
        if rests {
            self.known = now;
            self.moving = None;
        } else {
            self.moving = Some(now);
        }
        rests
    }

    fn see(&self) -> Seen {
        let mut seen = Seen::new();
        for file in &self.files {
            note(file, &mut seen);
        }
        for folder in &self.folders {
            for file in files::written(folder, &|path| self.except.contains(path)) {
                note(&file, &mut seen);
            }
        }
        seen
    }
}

fn note(file: &Path, seen: &mut Seen) {
    if let Ok(metadata) = fs::metadata(file) {
        seen.insert(
            file.to_path_buf(),
            (metadata.modified().ok(), metadata.len()),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = "[app]\nname = \"x\"\n[handlers.a]\npath = \"a\"\n[handlers.b]\ncomponent = \"b.wasm\"\n\
                            [handlers.c]\ncomponent = \"c.out\"\nbuild = \"make\"\n";

    fn app() -> (tempfile::TempDir, Watch) {
        let home = tempfile::tempdir().expect("a folder");
        for folder in ["a/src", "a/target", ".git", "data", "node_modules/x"] {
            fs::create_dir_all(home.path().join(folder)).expect("a folder");
        }
        for file in ["annals.toml", "a/src/lib.rs", "b.wasm", "c.out"] {
            fs::write(home.path().join(file), "1").expect("written");
        }
        let file = home.path().join("annals.toml");
        let manifest = Manifest::parse(&file, MANIFEST.into()).expect("legal");
        let mut watch = Watch::default();
        watch.look(&manifest);
        (home, watch)
    }

    /// As `changed`, without the wait.
    fn changed(watch: &mut Watch) -> bool {
        watch.last_look = None;
        watch.changed()
    }

    #[test]
    fn a_change_is_noticed_once_and_when_it_rests() {
        let (home, mut watch) = app();
        assert!(!changed(&mut watch));
        fs::write(home.path().join("a/src/lib.rs"), "22").expect("written");
        assert!(!changed(&mut watch), "it may go on");
        fs::write(home.path().join("a/src/lib.rs"), "333").expect("written");
        assert!(!changed(&mut watch), "it does");
        assert!(changed(&mut watch));
        assert!(!changed(&mut watch));
    }

    #[test]
    fn what_comes_and_goes_is_a_change() {
        let (home, mut watch) = app();
        let file = home.path().join("a/src/tests.rs");
        fs::write(&file, "1").expect("written");
        assert!(!changed(&mut watch) && changed(&mut watch));
        fs::remove_file(&file).expect("removed");
        assert!(!changed(&mut watch) && changed(&mut watch));
    }

    #[test]
    fn what_is_made_is_none_unless_it_comes_from_somewhere_else() {
        let (home, mut watch) = app();
        for made in [
            "a/target/x.rs",
            ".git/index",
            "data/journal",
            "node_modules/x/y.js",
            "c.out",
            "app.wasm",
        ] {
            fs::write(home.path().join(made), "22").expect("written");
            assert!(!changed(&mut watch) && !changed(&mut watch), "{made}");
        }
        fs::write(home.path().join("b.wasm"), "22").expect("written");
        assert!(
            !changed(&mut watch) && changed(&mut watch),
            "a built component"
        );
    }
}
