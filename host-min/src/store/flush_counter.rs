//! Detects lost acknowledged writes by counting flushes.
//!
//! fjall takes the first bytes of its journal that it cannot parse for the place where a crash
//! happened, and drops what follows. If synced bytes are damaged later, fjall drops acknowledged
//! writes with them. The host therefore counts flushes in two places. The store's own count is
//! written in the batch of each flush, after the writes that the flush makes durable. The count in
//! a separate file is written after the flush. If the count in the file is higher than the count in
//! the store, synced writes are missing.
//!
//! The file is not synced at each flush, which would double the cost of a flush. After a power cut
//! it may be older, usually by up to 30 seconds. It is synced when the store is closed.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// The name of the file with the count.
const FILE: &str = "flushes";

/// Counts flushes.
#[derive(Debug)]
pub struct FlushCounter {
    file: File,
    count: u64,
}

/// The result of comparing both counts.
#[derive(Debug)]
pub enum Found {
    /// The store contains every flush that the file counts.
    Whole(FlushCounter),
    /// The file counts more flushes than the store contains. The path is the file's.
    Behind(PathBuf),
}

impl FlushCounter {
    /// Compares the count in the file with the count in the store.
    ///
    /// # Errors
    /// The error of the operating system.
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
        // Take an incomplete count for 0. The file matters only if its count is higher than the
        // store's.
        let in_file = decode(&content).unwrap_or(0);
        let count = in_store.and_then(decode).unwrap_or(0);
        if in_file > count {
            return Ok(Found::Behind(path));
        }
        Ok(Found::Whole(Self { file, count }))
    }

    /// The count to write to the store with the next flush.
    pub fn next(&self) -> [u8; 16] {
        encode(self.count + 1)
    }

    /// Counts a flush that succeeded.
    ///
    /// # Errors
    /// The error of the operating system.
    pub fn flushed(&mut self) -> io::Result<()> {
        self.count += 1;
        write_at_start(&self.file, &encode(self.count))
    }
}

impl Drop for FlushCounter {
    fn drop(&mut self) {
        // If the sync fails, a later loss may be detected later. Ignore the error.
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

/// The count, followed by its complement.
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
