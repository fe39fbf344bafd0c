//! Detects changes of an application's sources by polling. Reading the times and lengths of a few
//! hundred files takes a millisecond, and works on every file system. A file with a new time is
//! read, and only new content counts as a change.
//!
//! Other files must not count as sources. Otherwise a host that writes its log or its store beside
//! the manifest would cause endless builds:
//!
//! - Of a crate, all files except generated ones are sources. Of the folder around crates, only the
//!   files that cargo reads are.
//! - If a `build` command has no `inputs`, all files in the manifest's folder except generated ones
//!   are sources. The command's own output is recognized by its times: it changes during successive
//!   builds.
//! - Stores, logs, and the files to which this process writes its output are never sources.

use annals_compose::manifest::Manifest;
use annals_compose::source::files;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs::{self, Metadata};
use std::hash::{DefaultHasher, Hasher as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

/// Interval at which all files are checked.
const SCAN_INTERVAL: Duration = Duration::from_millis(250);

/// Files that are larger, in bytes, are not read. A new time or length counts as a change.
const MAX_READ_BYTES: u64 = 4 << 20;

type Seen = BTreeMap<PathBuf, Stamp>;

/// The observed state of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    modified: Option<SystemTime>,
    length: u64,
}

/// Which files of a folder are sources.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// The files that cargo reads in a folder around crates.
    Cargo,
    /// All files except generated ones.
    Any,
}

/// The files of an application.
#[derive(Debug, Default)]
pub struct Watch {
    /// The absolute path of this run's store.
    store: Option<PathBuf>,
    /// The files to which this process writes, by device and inode.
    own_output: BTreeSet<(u64, u64)>,
    folders: BTreeSet<(PathBuf, Kind)>,
    /// Individual files.
    files: BTreeSet<PathBuf>,
    /// Paths that are excluded below the folders.
    except: BTreeSet<PathBuf>,
    /// The crates' folders, if a build command may write anywhere else.
    crates: Option<BTreeSet<PathBuf>>,
    /// The state at the last build.
    known: Seen,
    /// Hashes of their contents.
    contents: BTreeMap<PathBuf, u64>,
    /// Files that changed during the last build.
    during_build: BTreeSet<PathBuf>,
    /// The state at the last check, if it differs from the known state.
    moving: Option<Seen>,
    last_look: Option<Instant>,
}

impl Watch {
    /// For an application whose host stores its events at `store`.
    #[must_use]
    pub fn besides(store: &OsStr) -> Self {
        let outputs = ["/dev/stdout", "/dev/stderr"];
        let files = outputs.iter().filter_map(|file| fs::metadata(file).ok());
        Self {
            store: std::path::absolute(store).ok().map(|path| resolved(&path)),
            own_output: files
                .filter(Metadata::is_file)
                .map(|file| identity(&file))
                .collect(),
            ..Self::default()
        }
    }

    /// Takes the current state of the application's files as the known one.
    pub fn look(&mut self, manifest: &Manifest) {
        let folder = manifest.folder();
        self.folders = BTreeSet::new();
        self.files = BTreeSet::from([manifest.file.clone()]);
        self.except = BTreeSet::from([folder.join("data")]);
        let mut crates = BTreeSet::new();
        let mut anything = false;
        for origin in manifest.origins() {
            crates.extend(origin.path.iter().map(|path| folder.join(path)));
            match (&origin.component, &origin.build) {
                // Another process builds this component.
                (Some(component), None) => drop(self.files.insert(folder.join(component))),
                // The component is built from watched sources.
                (Some(component), Some(_)) => drop(self.except.insert(folder.join(component))),
                (None, _) => {}
            }
            match &origin.inputs {
                Some(inputs) => {
                    for input in inputs.iter().map(|input| folder.join(input)) {
                        match input.is_dir() {
                            true => drop(self.folders.insert((input, Kind::Any))),
                            false => drop(self.files.insert(input)),
                        }
                    }
                }
                None => anything |= origin.build.is_some(),
            }
        }
        let around = if anything { Kind::Any } else { Kind::Cargo };
        self.folders.insert((folder.to_path_buf(), around));
        // Crates that other crates depend on are sources too.
        let found = files::written(folder, &|path| self.is_left_out(path));
        let manifests = found.iter().filter(|file| file.ends_with("Cargo.toml"));
        crates.extend(manifests.filter_map(|file| Some(file.parent()?.to_path_buf())));
        let (root, inner): (Vec<PathBuf>, Vec<PathBuf>) = crates
            .into_iter()
            .partition(|one| resolved(one) == resolved(folder));
        let sources = root.iter().map(|root| root.join("src"));
        let crates: BTreeSet<PathBuf> = sources.chain(inner).collect();
        let all = crates.iter().map(|one| (one.clone(), Kind::Any));
        self.folders.extend(all);
        self.crates = anything.then_some(crates);
        self.know(self.see());
    }

    /// Must be called after each successful build. A file that changed during this build and during
    /// the previous one is output of the build. It does not count as a change until it changes at
    /// another time.
    pub fn built(&mut self) {
        let Some(crates) = &self.crates else {
            return;
        };
        let now = self.see();
        let in_crates = |path: &Path| crates.iter().any(|folder| path.starts_with(folder));
        let during: BTreeSet<PathBuf> = self
            .changes(&now)
            .into_iter()
            .filter(|path| !in_crates(path))
            .collect();
        for path in during.intersection(&self.during_build) {
            match now.get(path) {
                Some(stamp) => {
                    self.known.insert(path.clone(), *stamp);
                    self.contents
                        .extend(content(path, *stamp).map(|content| (path.clone(), content)));
                }
                None => drop(self.known.remove(path)),
            }
            eprintln!(
                "annals: {} changes with each build and is taken for its output; list the sources of the build in `inputs`",
                path.display()
            );
        }
        self.during_build = during;
    }

    /// True if a source has new content and has stopped changing. Checks at an interval only.
    pub fn changed(&mut self) -> bool {
        if self
            .last_look
            .is_some_and(|last| last.elapsed() < SCAN_INTERVAL)
        {
            return false;
        }
        self.last_look = Some(Instant::now());
        let now = self.see();
        if now == self.known {
            self.moving = None;
            return false;
        }
        // Editors write files in several steps, and version control writes many files. Wait until
        // nothing changes.
        if self.moving.as_ref() != Some(&now) {
            self.moving = Some(now);
            return false;
        }
        let is_real = !self.changes(&now).is_empty();
        self.know(now);
        is_real
    }

    /// The files that were added, removed or changed since the known state.
    fn changes(&self, now: &Seen) -> Vec<PathBuf> {
        let gone = self.known.keys().filter(|path| !now.contains_key(*path));
        let other = now.iter().filter(|(path, stamp)| {
            let known = self.known.get(*path);
            known != Some(*stamp)
                && (known.is_none()
                    || content(path, **stamp)
                        .is_none_or(|content| self.contents.get(*path) != Some(&content)))
        });
        gone.chain(other.map(|(path, _)| path)).cloned().collect()
    }

    fn know(&mut self, now: Seen) {
        let contents = now.iter().filter_map(|(path, stamp)| {
            let known = (self.known.get(path) == Some(stamp))
                .then(|| self.contents.get(path).copied())
                .flatten();
            Some((path.clone(), known.or_else(|| content(path, *stamp))?))
        });
        self.contents = contents.collect();
        self.known = now;
        self.moving = None;
    }

    fn see(&self) -> Seen {
        let mut seen = Seen::new();
        for file in &self.files {
            self.note(file, &mut seen);
        }
        for (folder, kind) in &self.folders {
            for file in files::written(folder, &|path| self.is_left_out(path)) {
                if *kind == Kind::Any || is_cargos(&file) {
                    self.note(&file, &mut seen);
                }
            }
        }
        seen
    }

    fn note(&self, file: &Path, seen: &mut Seen) {
        if let Ok(metadata) = fs::metadata(file)
            && !self.own_output.contains(&identity(&metadata))
        {
            let stamp = Stamp {
                modified: metadata.modified().ok(),
                length: metadata.len(),
            };
            seen.insert(file.to_path_buf(), stamp);
        }
    }

    /// True if a path is not a source in any folder.
    fn is_left_out(&self, path: &Path) -> bool {
        self.except.contains(path)
            || path.extension().is_some_and(|extension| extension == "log")
            || is_store(path)
            || self.store.as_ref().is_some_and(|store| {
                store.file_name() == path.file_name() && *store == resolved(path)
            })
    }
}

/// True if cargo reads this file in a folder around crates.
fn is_cargos(file: &Path) -> bool {
    let extension = file.extension().unwrap_or_default();
    file.ends_with("Cargo.lock") || extension == "rs" || extension == "toml"
}

/// True if a host stores its events in this folder, in either format.
fn is_store(folder: &Path) -> bool {
    let holds = |name: &str| folder.join(name).exists();
    // The format of annals-host, or a shard of a store of files.
    holds("keyspaces") && holds("version")
        || folder.file_name().is_some_and(|name| name.len() == 2) && holds("%durable")
}

fn identity(file: &Metadata) -> (u64, u64) {
    (file.dev(), file.ino())
}

/// The path without links, as far as it exists.
fn resolved(path: &Path) -> PathBuf {
    if let Ok(path) = path.canonicalize() {
        return path;
    }
    match (path.parent(), path.file_name()) {
        (Some(parent), Some(name)) if parent != path => resolved(parent).join(name),
        _ => path.to_path_buf(),
    }
}

fn content(file: &Path, stamp: Stamp) -> Option<u64> {
    if stamp.length > MAX_READ_BYTES {
        return None;
    }
    let mut hasher = DefaultHasher::new();
    hasher.write(&fs::read(file).ok()?);
    Some(hasher.finish())
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

    /// Like `changed`, without the wait.
    fn changed(watch: &mut Watch) -> bool {
        watch.last_look = None;
        watch.changed()
    }

    /// Like `changed`, for files that have stopped changing.
    fn changed_once_stable(watch: &mut Watch) -> bool {
        assert!(!changed(watch), "it may go on");
        changed(watch)
    }

    /// Two crates, one of which uses another, and no other sources.
    fn crates(store: &str) -> (tempfile::TempDir, Manifest, Watch) {
        let home = tempfile::tempdir().expect("a folder");
        for name in ["a", "b", "shared"] {
            fs::create_dir_all(home.path().join(name).join("src")).expect("a folder");
            fs::write(home.path().join(name).join("Cargo.toml"), "1").expect("written");
        }
        let text = "[app]\nname = \"x\"\n[handlers.a]\npath = \"a\"\n[handlers.b]\npath = \"b\"\n";
        let file = home.path().join("annals.toml");
        fs::write(&file, text).expect("written");
        let manifest = Manifest::parse(&file, text.into()).expect("legal");
        let mut watch = Watch::besides(home.path().join(store).as_os_str());
        watch.look(&manifest);
        (home, manifest, watch)
    }

    fn write(home: &Path, file: &str, text: &str) {
        let file = home.join(file);
        fs::create_dir_all(file.parent().expect("a folder")).expect("made");
        fs::write(file, text).expect("written");
    }

    #[test]
    fn what_lies_around_is_no_source() {
        let (home, _, mut watch) = crates("a/events");
        for made in [
            // The store of this run, and other stores of both kinds.
            "a/events/0.jnl",
            "a/mine/keyspaces/1/x",
            "a/mine/version",
            "b/files/0f/%durable",
            "b/files/0f/+stream",
            "other-store/journal",
            "nohup.out",
            "app.log",
            "a/debug.log",
            "report.json",
            "a/target/x",
        ] {
            write(home.path(), made, "1");
        }
        assert!(!changed_once_stable(&mut watch));
        for source in [
            "a/src/lib.rs",
            "shared/src/schema.json",
            "Cargo.lock",
            "b/build.rs",
            "c/src/lib.rs",
        ] {
            write(home.path(), source, "1");
            assert!(changed_once_stable(&mut watch), "{source}");
        }
    }

    #[test]
    fn another_time_is_no_change() {
        let (home, _, mut watch) = crates("data");
        write(home.path(), "a/src/lib.rs", "one");
        assert!(changed_once_stable(&mut watch));
        let file = fs::File::options()
            .write(true)
            .open(home.path().join("a/src/lib.rs"));
        let time = SystemTime::now() + Duration::from_secs(5);
        file.expect("there").set_modified(time).expect("set");
        assert!(!changed_once_stable(&mut watch));
        // New content of the same length.
        write(home.path(), "a/src/lib.rs", "two");
        assert!(changed_once_stable(&mut watch));
    }

    /// A command without `inputs` writes another file with each build.
    #[test]
    fn what_a_build_writes_each_time_is_built_once_more_and_then_no_longer() {
        let (home, mut watch) = app();
        let file = home.path().join("annals.toml");
        let manifest = Manifest::parse(&file, MANIFEST.into()).expect("legal");
        let mut builds = 0;
        for number in 0..5 {
            watch.look(&manifest);
            write(home.path(), "out.js", &format!("of build {number}"));
            watch.built();
            builds += 1;
            if !changed_once_stable(&mut watch) {
                break;
            }
        }
        assert_eq!(builds, 2);
        write(home.path(), "out.js", "by hand");
        assert!(changed_once_stable(&mut watch));
    }

    #[test]
    fn what_is_written_in_a_crate_during_builds_is_built() {
        let (home, mut watch) = app();
        let file = home.path().join("annals.toml");
        let manifest = Manifest::parse(&file, MANIFEST.into()).expect("legal");
        for number in 0..4 {
            watch.look(&manifest);
            write(home.path(), "a/src/lib.rs", &format!("edit {number}"));
            watch.built();
            assert!(changed_once_stable(&mut watch));
        }
    }

    #[test]
    fn inputs_are_all_that_a_command_is_built_again_for() {
        let home = tempfile::tempdir().expect("a folder");
        let text = "[app]\nname = \"x\"\n[handlers.a]\ncomponent = \"a.wasm\"\nbuild = \"make\"\ninputs = [\"src\", \"x.json\"]\n";
        let file = home.path().join("annals.toml");
        fs::write(&file, text).expect("written");
        write(home.path(), "src/a.js", "1");
        let manifest = Manifest::parse(&file, text.into()).expect("legal");
        let mut watch = Watch::default();
        watch.look(&manifest);
        for (file, is_input) in [
            ("out.js", false),
            ("a.wasm", false),
            ("src/b.js", true),
            ("x.json", true),
        ] {
            write(home.path(), file, "1");
            assert_eq!(changed_once_stable(&mut watch), is_input, "{file}");
        }
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
