//! The journals of the embedded store: two cases in which fjall 3.1 does not recover them safely.
//!
//! After a power cut, any part of the data that was written and not synced may be on the disk,
//! because the system writes pages back in any order. fjall drops a tail that it cannot parse. It
//! refuses to open the store, however, if the last batch has a valid beginning and a valid end and
//! only its middle is missing. Such a batch was never synced, hence never acknowledged:
//! [`cut_torn_tail`] removes it.
//!
//! In *every* journal, fjall drops what follows the first bytes that it cannot parse, and continues
//! with the next journal. In a sealed journal this silently loses acknowledged writes. Nor do
//! fjall's checksums cover the sequence numbers, which decide which of two values of a key is
//! newer. [`check`] refuses such journals. It relies on two facts: a journal is synced before it is
//! sealed, and sequence numbers only rise.
//!
//! A journal is a sequence of batches, followed by zeros (fjall extends the file in advance). All
//! numbers are little-endian:
//!
//! ```text
//! batch  01, count u32, sequence number u64; count entries; 03, XXH3 of the entries u64, "FJL" 03
//! entry  02, type u8, compression u8 (00: none), keyspace u64, key length u16, value length u32,
//!        the same for the value as stored u32, key, value
//!     or 04, keyspace u64
//! ```

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use xxhash_rust::xxh3::xxh3_64;

/// The last bytes of each batch.
const TRAILER: &[u8] = b"FJL\x03";
/// Number of bytes compared with zeros at once.
const CHUNK_BYTES: usize = 64 * 1024;
const ZEROS: &[u8] = &[0; CHUNK_BYTES];
/// The file that keeps the removed bytes for inspection.
const CUT: &str = "cut-off.tail";

/// Cuts the newest journal after its last complete batch. The removed bytes move to a file of their
/// own. Returns their number, without the zeros at the end.
///
/// # Errors
/// The error of the operating system.
pub fn cut_torn_tail(directory: &Path) -> io::Result<usize> {
    let Some(newest) = all(directory)?.pop() else {
        return Ok(0);
    };
    let content = fs::read(&newest)?;
    let (whole, rest) = split(&content);
    if rest.is_empty() {
        return Ok(0);
    }
    fs::write(directory.join(CUT), rest)?;
    let file = OpenOptions::new().write(true).open(&newest)?;
    file.set_len(whole as u64)?;
    file.sync_all()?;
    Ok(rest.len())
}

/// Returns the first journal whose damage no power cut explains.
///
/// # Errors
/// The error of the operating system.
pub fn check(directory: &Path) -> io::Result<Option<PathBuf>> {
    let journals = all(directory)?;
    let mut sequence = None;
    for (at, path) in journals.iter().enumerate() {
        let is_sealed = at + 1 < journals.len();
        let content = if is_sealed {
            fs::read(path)?
        } else {
            beginning(path)?
        };
        if is_sealed && !split(&content).1.is_empty() {
            return Ok(Some(path.clone()));
        }
        for batch in Batches(&content) {
            if sequence.is_some_and(|last| last >= batch.sequence) {
                return Ok(Some(path.clone()));
            }
            sequence = Some(batch.sequence);
        }
    }
    Ok(None)
}

/// Reads a journal up to a long run of zeros. Usually only zeros follow.
fn beginning(path: &Path) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let mut content = Vec::new();
    loop {
        let before = content.len();
        let read = file
            .by_ref()
            .take(CHUNK_BYTES as u64)
            .read_to_end(&mut content)?;
        if read == 0 || content[before..] == ZEROS[..read] {
            return Ok(content);
        }
    }
}

/// The journals, oldest first.
fn all(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        let number = path
            .file_stem()
            .and_then(|stem| stem.to_str()?.parse().ok());
        if let (Some(number), true) = (number, path.extension().is_some_and(|e| e == "jnl")) {
            found.push((number, path));
        }
    }
    found.sort_by_key(|(number, _): &(u64, PathBuf)| *number);
    Ok(found.into_iter().map(|(_, path)| path).collect())
}

/// Returns the length of the complete batches, and the bytes after them without the zeros at the
/// end.
fn split(content: &[u8]) -> (usize, &[u8]) {
    let whole = Batches(content).map(|batch| batch.length).sum();
    let rest = &content[whole..];
    let written = rest
        .chunks(CHUNK_BYTES)
        .rposition(|part| part != &ZEROS[..part.len()]);
    let end = written.map_or(0, |at| rest.len().min((at + 1) * CHUNK_BYTES));
    (whole, &rest[..end])
}

/// Iterates over the complete batches at the beginning.
struct Batches<'a>(&'a [u8]);

struct Batch {
    length: usize,
    sequence: u64,
}

impl Iterator for Batches<'_> {
    type Item = Batch;

    fn next(&mut self) -> Option<Batch> {
        let (head, entries) = self.0.split_at_checked(1 + 4 + 8)?;
        if head[0] != 1 {
            return None;
        }
        let mut rest = entries;
        for _ in 0..number(&head[1..5]) {
            rest = skip_entry(rest)?;
        }
        let checksum = xxh3_64(&entries[..entries.len() - rest.len()]);
        let (end, after) = rest.split_at_checked(1 + 8 + TRAILER.len())?;
        if end[0] != 3 || end[1..9] != checksum.to_le_bytes() || &end[9..] != TRAILER {
            return None;
        }
        let length = self.0.len() - after.len();
        self.0 = after;
        Some(Batch {
            length,
            sequence: number(&head[5..]),
        })
    }
}

fn skip_entry(bytes: &[u8]) -> Option<&[u8]> {
    let length = match bytes.first()? {
        2 => {
            let head = bytes.get(..21)?;
            21 + number(&head[11..13]) + number(&head[17..])
        }
        4 => 1 + 8,
        _ => return None,
    };
    bytes.get(usize::try_from(length).ok()?..)
}

/// Decodes at most eight bytes.
fn number(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .rev()
        .fold(0, |sum, byte| sum << 8 | u64::from(*byte))
}
