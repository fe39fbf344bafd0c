//! The files of a store's directory, as they were or as a power cut left them.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

/// A file: its content without the zeros at its end, and its full length.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Content {
    pub bytes: Vec<u8>,
    pub length: u64,
}

/// Files by their path in the directory, and the directories.
#[derive(Debug, Clone, Default)]
pub struct Image {
    pub files: BTreeMap<PathBuf, Content>,
    pub directories: Vec<PathBuf>,
}

impl Image {
    pub fn of(directory: &Path) -> Self {
        let mut image = Self::default();
        image.add(directory, Path::new(""));
        image
    }

    fn add(&mut self, root: &Path, below: &Path) {
        for entry in fs::read_dir(root.join(below)).expect("a directory") {
            let name = below.join(entry.expect("an entry").file_name());
            let path = root.join(&name);
            if path.is_dir() {
                self.directories.push(name.clone());
                self.add(root, &name);
            } else {
                let mut bytes = fs::read(&path).expect("a file");
                let length = bytes.len() as u64;
                bytes.truncate(used(&bytes));
                self.files.insert(name, Content { bytes, length });
            }
        }
    }

    /// Writes the files into a new directory, on a file system in memory if there is one.
    pub fn write(&self) -> tempfile::TempDir {
        let directory = scratch();
        for name in &self.directories {
            fs::create_dir_all(directory.path().join(name)).expect("a directory");
        }
        for (name, content) in &self.files {
            let mut file = File::create(directory.path().join(name)).expect("a file");
            file.write_all(&content.bytes).expect("written");
            file.set_len(content.length).expect("as long as it was");
        }
        directory
    }

    /// The journal that is being written.
    pub fn newest_journal(&self) -> PathBuf {
        let journals = self.files.keys().filter_map(|name| {
            let number = name.to_str()?.strip_suffix(".jnl")?.parse::<u64>().ok()?;
            Some((number, name.clone()))
        });
        journals.max().expect("a journal").1
    }

    pub fn file(&mut self, name: impl AsRef<Path>) -> &mut Content {
        self.files.entry(name.as_ref().to_owned()).or_default()
    }
}

impl Content {
    /// Keeps the first `at` bytes. The remainder becomes zeros, or the file ends there.
    pub fn cut(&mut self, at: usize, zeros_follow: bool) {
        self.bytes.truncate(at);
        if !zeros_follow {
            self.length = self.bytes.len() as u64;
        }
    }

    /// Zeros each block in a part of the file for which `lost` returns true: the disk had not
    /// written it yet.
    pub fn lose_blocks(&mut self, from: usize, size: usize, mut lost: impl FnMut() -> bool) {
        let end = self.bytes.len();
        let mut block = from;
        while block < end {
            // Blocks are aligned in the file. The synced part of the first block is kept.
            let next = ((block / size + 1) * size).min(end);
            if lost() {
                self.bytes[block..next].fill(0);
            }
            block = next;
        }
        self.bytes.truncate(used(&self.bytes));
    }
}

/// Makes a temporary directory.
pub fn scratch() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() {
        tempfile::tempdir_in(memory)
    } else {
        tempfile::tempdir()
    };
    made.expect("a directory")
}

fn used(bytes: &[u8]) -> usize {
    let pages: Vec<_> = bytes.chunks(4096).collect();
    let Some(last) = pages
        .iter()
        .rposition(|page| *page != &[0; 4096][..page.len()])
    else {
        return 0;
    };
    let within = pages[last].iter().rposition(|byte| *byte != 0);
    last * 4096 + within.map_or(0, |at| at + 1)
}
