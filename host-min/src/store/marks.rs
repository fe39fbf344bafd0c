//! Notices when acknowledged writes are gone.
//!
//! fjall takes the first bytes of its journal that do not parse for the place where a crash
//! happened, and drops what follows. If those bytes were damaged after they had been synced,
//! acknowledged writes go with them. So the flushes are counted in two places: in the store
//! itself, just before each flush, hence behind all that it makes durable; and in a file of its
//! own, just after. A file that is ahead of the store tells that synced writes are missing.
//!
//! The file is not synced (that would double the cost of a flush), so after a power cut it may be
//! behind by what the system keeps back, usually some 30 seconds. It is synced when the store
//! is closed.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// The file's name.
const FILE: &str = "flushes";

/// Counts flushes.
#[derive(Debug)]
pub struct Marks {
    file: File,
    count: u64,
}

/// How a store's marks were found.
#[derive(Debug)]
pub enum Found {
    /// All that was flushed, as far as the file knows, is there.
    Whole(Marks),
    /// The file knows of more flushes than the store.
    Behind(PathBuf),
}

impl Marks {
    /// Compares the file with the mark in the store.
    ///
    /// # Errors
    /// What the system says.
    pub fn open(directory: &Path, in_store: Option<&[u8]>) -> io::Result<Found> {
        let path = directory.join(FILE);
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)?;
        let mut content = Vec::new();
        file.read_to_end(&mut content)?;
        // A count that is not whole is none: it only serves to know more than the store does.
        let in_file = decode(&content).unwrap_or(0);
        let count = in_store.and_then(decode).unwrap_or(0);
        if in_file > count {
            return Ok(Found::Behind(path));
        }
        Ok(Found::Whole(Self { file, count }))
    }

    /// What to put into the store before the next flush.
    pub fn next(&self) -> [u8; 16] {
        encode(self.count + 1)
    }

    /// The flush succeeded.
    ///
    /// # Errors
    /// What the system says.
    pub fn flushed(&mut self) -> io::Result<()> {
        self.count += 1;
        write_at_start(&self.file, &encode(self.count))
    }
}

impl Drop for Marks {
    fn drop(&mut self) {
        // Without it only the detection is later.
        let _ = self.file.sync_data();
    }
}

#[cfg(unix)]
fn write_at_start(file: &File, bytes: &[u8]) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, 0)
}

#[cfg(not(unix))]
fn write_at_start(mut file: &File, bytes: &[u8]) -> io::Result<()> {
    use std::io::{Seek, Write};
    file.rewind()?;
    file.write_all(bytes)
}

/// The count and its complement.
fn encode(count: u64) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&count.to_le_bytes());
    bytes[8..].copy_from_slice(&(!count).to_le_bytes());
    bytes
}

fn decode(bytes: &[u8]) -> Option<u64> {
    let (count, complement) = bytes.split_at_checked(8)?;
    let count = u64::from_le_bytes(count.try_into().ok()?);
    (complement == (!count).to_le_bytes()).then_some(count)
}
