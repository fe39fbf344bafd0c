//! Files that a host needs beside the application. The composer writes them again at each
//! composition until a user changes one.
//!
//! Each file contains a line with a digest of the rest of its text. If that line is missing or the
//! digest does not match, the file belongs to the user.

use crate::output;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Precedes the digest.
const MARK: &str = "written by annals compose; change it and it is left alone: ";

/// How a kind of file contains a comment.
#[derive(Debug, Clone, Copy)]
pub enum Marked {
    /// `# ..`
    Hash,
    /// `// ..`
    Slashes,
    /// A first key `//`. The text must begin with `{` and a line break.
    Json,
}

impl Marked {
    /// Returns the text with its mark.
    #[must_use]
    pub fn with(self, text: &str) -> String {
        let digest = digest(text);
        match self {
            Self::Hash => format!("# {MARK}{digest}\n{text}"),
            Self::Slashes => format!("// {MARK}{digest}\n{text}"),
            Self::Json => {
                let rest = text.strip_prefix("{\n").unwrap_or(text);
                format!("{{\n  \"//\": \"{MARK}{digest}\",\n{rest}")
            }
        }
    }
}

/// A file that the composer writes.
#[derive(Debug)]
pub struct File {
    /// Its path.
    pub path: PathBuf,
    /// Its text with the mark.
    pub text: String,
    /// Lines that the user's own file must contain as well.
    pub needs: Vec<String>,
}

/// The result of writing a file.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The file has the composer's text.
    Written,
    /// The file belongs to the user and was not changed. It lacks these lines.
    Kept(Vec<String>),
}

impl File {
    /// Writes the file, unless it belongs to the user.
    ///
    /// # Errors
    ///
    /// The error of the operating system.
    pub fn write(&self) -> std::io::Result<Outcome> {
        match fs::read_to_string(&self.path) {
            Ok(found) if found == self.text => return Ok(Outcome::Written),
            Ok(found) if is_ours(&found) => {}
            Ok(found) => {
                let lacks = |line: &&String| !found.lines().any(|other| other.trim() == **line);
                return Ok(Outcome::Kept(
                    self.needs.iter().filter(lacks).cloned().collect(),
                ));
            }
            // The composer writes only UTF-8, so a file that is not UTF-8 belongs to the user.
            Err(error) if error.kind() == ErrorKind::InvalidData => {
                return Ok(Outcome::Kept(self.needs.clone()));
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        let folder = self.path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder)?;
        output::write(&self.path, self.text.as_bytes())?;
        Ok(Outcome::Written)
    }
}

/// True if the file is as this or another version of the composer wrote it.
fn is_ours(text: &str) -> bool {
    let mut rest = String::new();
    let mut said = None;
    for (number, line) in text.split_inclusive('\n').enumerate() {
        match line.split_once(MARK) {
            Some((_, digest)) if number < 2 && said.is_none() => {
                said = Some(digest.trim_end().trim_end_matches(['"', ',']));
            }
            _ => rest.push_str(line),
        }
    }
    said == Some(&digest(&rest))
}

/// FNV-1a, 64 bits. It detects edits, and does not protect against forgery.
fn digest(text: &str) -> String {
    let digest = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
    });
    format!("{digest:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(folder: &Path, marked: Marked, text: &str) -> File {
        File {
            path: folder.join("deep").join("file"),
            text: marked.with(text),
            needs: vec!["a = 1".into(), "b = 2".into()],
        }
    }

    #[test]
    fn a_file_is_written_until_a_user_changes_it() {
        for marked in [Marked::Hash, Marked::Slashes, Marked::Json] {
            let folder = tempfile::tempdir().expect("a folder");
            let first = file(folder.path(), marked, "{\n  \"a\": 1\n}\n");
            let second = file(folder.path(), marked, "{\n  \"a\": 2\n}\n");
            for one in [&first, &first, &second, &first] {
                assert_eq!(one.write().expect("written"), Outcome::Written);
                let text = fs::read_to_string(&one.path).expect("there");
                assert_eq!(text, one.text, "{marked:?}");
            }
            let changed = format!("{} ", first.text);
            fs::write(&first.path, &changed).expect("changed");
            assert!(matches!(second.write(), Ok(Outcome::Kept(_))), "{marked:?}");
            assert_eq!(fs::read_to_string(&first.path).expect("there"), changed);
        }
    }

    #[test]
    fn a_users_own_file_is_told_what_it_lacks() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = file(folder.path(), Marked::Hash, "a = 1\nb = 2\n");
        fs::create_dir(folder.path().join("deep")).expect("a folder");
        fs::write(&file.path, "  a = 1\nb = 3\n").expect("written");
        let lacks = vec!["b = 2".to_owned()];
        assert_eq!(file.write().expect("read"), Outcome::Kept(lacks));
        fs::write(&file.path, [0xff, 0xfe]).expect("written");
        assert_eq!(
            file.write().expect("read"),
            Outcome::Kept(file.needs.clone())
        );
    }

    #[test]
    fn marked_json_is_json() {
        let text = Marked::Json.with("{\n  \"a\": 1\n}\n");
        let value: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(value["a"], 1);
    }
}
