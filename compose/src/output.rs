//! Writes files atomically.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;
use tempfile::NamedTempFile;

/// Writes a file atomically: a process that has the earlier file open continues to read that one.
/// Like any new file it has the permissions that the user's mask allows.
///
/// # Errors
///
/// The error of the operating system.
pub fn write(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = match file.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let mut new = create(folder)?;
    new.write_all(bytes)?;
    new.persist(file).map_err(|error| error.error)?;
    Ok(())
}

/// Creates a temporary file. Such a file is private by default.
#[cfg(unix)]
fn create(folder: &Path) -> io::Result<NamedTempFile> {
    use std::os::unix::fs::PermissionsExt as _;
    // The user's mask restricts these permissions, as for every new file.
    let permissions = fs::Permissions::from_mode(0o666);
    tempfile::Builder::new()
        .permissions(permissions)
        .tempfile_in(folder)
}

#[cfg(not(unix))]
fn create(folder: &Path) -> io::Result<NamedTempFile> {
    NamedTempFile::new_in(folder)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_file_is_as_readable_as_any_new_one() {
        let home = tempfile::tempdir().expect("a folder");
        let mode = |name: &str| {
            let metadata = fs::metadata(home.path().join(name)).expect("there");
            metadata.permissions().mode()
        };
        fs::write(home.path().join("any"), "").expect("written");
        let file = home.path().join("app.wasm");
        // Earlier versions wrote files with these permissions.
        fs::write(&file, "old").expect("written");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("set");
        write(&file, b"new").expect("written");
        assert_eq!(fs::read(&file).expect("there"), b"new");
        assert_eq!(mode("app.wasm"), mode("any"));
        assert_eq!(fs::read_dir(home.path()).expect("a folder").count(), 2);
    }
}
