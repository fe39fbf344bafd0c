//! Changes to the user's folders: all of them, or none.
//!
//! New files are written beside their place first and moved there by a rename of the whole folder, so that a
//! failure half-way leaves nothing; what was done before it is undone.

use annals_compose::problem::{Code, Problem};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// What is to be changed below one folder.
pub struct Changes {
    root: PathBuf,
    /// The whole folder is new.
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
    /// Of a folder that is there.
    #[must_use]
    pub fn new(root: &Path) -> Self {
        Self {
            root: root.into(),
            fresh: false,
            created: Vec::new(),
            replaced: Vec::new(),
        }
    }

    /// Of a folder that is to be made.
    #[must_use]
    pub fn new_folder(root: &Path) -> Self {
        Self {
            fresh: true,
            ..Self::new(root)
        }
    }

    /// Makes a file, by its path below the folder.
    pub fn create(&mut self, path: impl Into<PathBuf>, text: String) {
        self.created.push((path.into(), text));
    }

    /// Writes a file anew that is there.
    pub fn replace(&mut self, file: &Path, before: String, after: String) {
        if before != after {
            self.replaced.push(Replacement {
                file: file.into(),
                before,
                after,
            });
        }
    }

    /// Does it.
    ///
    /// # Errors
    ///
    /// If something cannot be written, or is there already. Everything is as it was before.
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
            // A temporary folder is private; what becomes of it is not.
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

/// What would have to be undone.
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

/// Moves to a place where nothing is yet.
fn move_new(from: &Path, to: &Path) -> io::Result<()> {
    if to.symlink_metadata().is_ok() {
        return Err(io::Error::new(
            io::ErrorKind::AlreadyExists,
            "it is there already, and nothing is overwritten",
        ));
    }
    fs::rename(from, to)
}

/// Writes a file whole or not at all, with the permissions that it has.
fn write(file: &Path, text: &str) -> io::Result<()> {
    // What a link points to is meant, not the link.
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
    // As `mkdir` makes a folder: what the user's mask leaves of 777, which a new folder in it shows.
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
                .contains("Cargo.toml: cannot be written: it is there already"),
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
