//! Changes to the user's folders: all of them, or none.
//!
//! New files are first written beside their final place, and a rename moves the whole folder there.
//! A failure before the rename therefore leaves nothing behind. Earlier changes are undone.

use annals_compose::problem::{Code, Problem};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The changes below one folder.
pub struct Changes {
    root: PathBuf,
    /// True if the whole folder is new.
    fresh: bool,
    created: Vec<(PathBuf, String)>,
    replaced: Vec<Replacement>,
}

struct Replacement {
    file: PathBuf,
    before: String,
    after: String,
}

impl Changes {
    /// Changes of an existing folder.
    #[must_use]
    pub fn new(root: &Path) -> Self {
        Self {
            root: root.into(),
            fresh: false,
            created: Vec::new(),
            replaced: Vec::new(),
        }
    }

    /// Creates a new folder.
    #[must_use]
    pub fn new_folder(root: &Path) -> Self {
        Self {
            fresh: true,
            ..Self::new(root)
        }
    }

    /// Creates a file, by its path below the folder.
    pub fn create(&mut self, path: impl Into<PathBuf>, text: String) {
        self.created.push((path.into(), text));
    }

    /// Replaces the content of an existing file.
    pub fn replace(&mut self, file: &Path, before: String, after: String) {
        if before != after {
            self.replaced.push(Replacement {
                file: file.into(),
                before,
                after,
            });
        }
    }

    /// Applies the changes.
    ///
    /// # Errors
    ///
    /// If a file cannot be written or already exists. All changes are undone then.
    pub fn apply(self) -> Result<(), Problem> {
        let parent = if self.fresh {
            self.root.parent().unwrap_or(Path::new("."))
        } else {
            &self.root
        };
        let parent = if parent == Path::new("") {
            Path::new(".")
        } else {
            parent
        };
        let staging = tempfile::Builder::new()
            .prefix(".annals-new-")
            .tempdir_in(parent)
            .map_err(|error| problem(parent, &error))?;
        for (path, text) in &self.created {
            let file = staging.path().join(path);
            let folder = file.parent().unwrap_or(staging.path());
            fs::create_dir_all(folder)
                .and_then(|()| fs::write(&file, text))
                .map_err(|error| problem(&self.root.join(path), &error))?;
        }
        if self.fresh {
            // A temporary folder is private; the final folder must not be.
            return open_up(staging.path())
                .and_then(|()| move_new(staging.path(), &self.root))
                .map_err(|error| problem(&self.root, &error));
        }
        let mut done = Done::default();
        self.apply_to_existing(staging.path(), &mut done)
            .inspect_err(|_| done.undo())
    }

    fn apply_to_existing(&self, staging: &Path, done: &mut Done) -> Result<(), Problem> {
        let mut tops: Vec<&Path> = Vec::new();
        for (path, _) in &self.created {
            let top = path
                .components()
                .next()
                .map_or(path.as_path(), |top| Path::new(top.as_os_str()));
            if !tops.contains(&top) {
                tops.push(top);
            }
        }
        for top in tops {
            let place = self.root.join(top);
            move_new(&staging.join(top), &place).map_err(|error| problem(&place, &error))?;
            done.created.push(place);
        }
        for change in &self.replaced {
            write(&change.file, &change.after).map_err(|error| problem(&change.file, &error))?;
            done.replaced
                .push((change.file.clone(), change.before.clone()));
        }
        Ok(())
    }
}

/// The changes to undo after a failure.
#[derive(Default)]
struct Done {
    created: Vec<PathBuf>,
    replaced: Vec<(PathBuf, String)>,
}

impl Done {
    fn undo(&self) {
        for (file, before) in &self.replaced {
            let _ = write(file, before);
        }
        for place in &self.created {
            let _ = if place.is_dir() {
                fs::remove_dir_all(place)
            } else {
                fs::remove_file(place)
            };
        }
    }
}

/// Moves a file or folder to a place that must be free.
fn move_new(from: &Path, to: &Path) -> io::Result<()> {
    if to.symlink_metadata().is_ok() {
        return Err(io::Error::new(
            io::ErrorKind::AlreadyExists,
            "it already exists, and no file is overwritten",
        ));
    }
    fs::rename(from, to)
}

/// Writes a file atomically, and keeps its permissions.
fn write(file: &Path, text: &str) -> io::Result<()> {
    // If the path is a link, write its target.
    let file = file.canonicalize()?;
    let folder = file.parent().unwrap_or(Path::new("."));
    let mut new = tempfile::NamedTempFile::new_in(folder)?;
    io::Write::write_all(&mut new, text.as_bytes())?;
    new.as_file()
        .set_permissions(fs::metadata(&file)?.permissions())?;
    new.persist(&file).map_err(|error| error.error)?;
    Ok(())
}

#[cfg(unix)]
fn open_up(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    // Use the permissions of `mkdir`: 777 without the user's mask. A new subfolder shows the
    // result.
    let probe = folder.join(".mode");
    fs::create_dir(&probe)?;
    let mode = fs::metadata(&probe)?.permissions().mode();
    fs::remove_dir(&probe)?;
    fs::set_permissions(folder, fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn open_up(_: &Path) -> io::Result<()> {
    Ok(())
}

fn problem(path: &Path, error: &io::Error) -> Problem {
    Problem::new(
        Code::UnwritableOutput,
        path.display().to_string(),
        format!("cannot be written: {error}"),
        "nothing was changed: choose another place or name, or make the folder writable",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder)
            .expect("a folder")
            .map(|entry| {
                entry
                    .expect("an entry")
                    .file_name()
                    .to_string_lossy()
                    .into_owned()
            })
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_new_folder_is_there_with_all_that_is_in_it() {
        let home = tempfile::tempdir().expect("a folder");
        let root = home.path().join("app");
        let mut changes = Changes::new_folder(&root);
        changes.create("a/b.txt", "b".into());
        changes.create(".gitignore", "x".into());
        changes.apply().expect("written");
        assert_eq!(
            fs::read_to_string(root.join("a/b.txt")).expect("there"),
            "b"
        );
        assert_eq!(files(home.path()), ["app"]);
        assert_eq!(files(&root), [".gitignore", "a"]);
    }

    #[test]
    fn what_is_there_is_never_overwritten_and_nothing_is_left_half_made() {
        let home = tempfile::tempdir().expect("a folder");
        let manifest = home.path().join("annals.toml");
        fs::write(&manifest, "old").expect("written");
        fs::write(home.path().join("Cargo.toml"), "theirs").expect("written");
        let mut changes = Changes::new(home.path());
        changes.create("handler/lib.rs", "x".into());
        changes.create("Cargo.toml", "mine".into());
        changes.replace(&manifest, "old".into(), "new".into());
        let problem = changes.apply().expect_err("in the way");
        assert!(
            problem
                .to_string()
                .contains("Cargo.toml: cannot be written: it already exists"),
            "{problem}"
        );
        assert_eq!(files(home.path()), ["Cargo.toml", "annals.toml"]);
        assert_eq!(fs::read_to_string(&manifest).expect("there"), "old");
    }

    #[test]
    fn a_replacement_that_fails_takes_everything_back() {
        let home = tempfile::tempdir().expect("a folder");
        let manifest = home.path().join("annals.toml");
        fs::write(&manifest, "old").expect("written");
        let mut changes = Changes::new(home.path());
        changes.create("handler/lib.rs", "x".into());
        changes.replace(&manifest, "old".into(), "new".into());
        changes.replace(&home.path().join("gone.toml"), "a".into(), "b".into());
        assert!(changes.apply().is_err());
        assert_eq!(files(home.path()), ["annals.toml"]);
        assert_eq!(fs::read_to_string(&manifest).expect("there"), "old");
    }
}
