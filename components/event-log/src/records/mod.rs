//! The records on disk, and their encoding.
//!
//! `docs/format.md` describes every byte. Golden files test each version of each kind.
//!
//! ```text
//! 0      magic 0xA5
//! 1      kind
//! 2      version of the kind
//! 3..7   CRC-32 (IEEE) of kind, version and body, little-endian
//! 7..    body: postcard
//! ```
//!
//! # Versions
//!
//! The versions of each kind count from 1. Later releases read every version that a release wrote. A writer uses the
//! lowest version that can represent the record. So equal contents have equal bytes, whichever release wrote them, and
//! an older release can share the store until a writer uses a feature of a later version.
//!
//! The header format never changes. So if the checksum of an unknown version or kind matches, a later release wrote the
//! record, and the record is not damaged: [`StoreError::Newer`]. This release neither repairs nor skips such a record.
//!
//! # Layout
//!
//! | module | records |
//! |---|---|
//! | `stream` | the record in a stream's slot: a commit, an outcome or a void |
//! | `commit` | the events of one decision |
//! | `outcome` | the outcome of a command that ended without events |
//! | `void` | a slot whose writer is presumed dead |
//! | `shapes` | the parts of commits and outcomes, by version |
//! | `log` | refs and skips in log slots, and the store's record |
//! | `command` | claims of command ids |
//! | `disposable` | snapshots, hints and segments |
//! | `reactions` | checkpoints, rows, and lists of rows |

mod command;
mod commit;
mod disposable;
mod log;
mod outcome;
pub mod reactions;
mod shapes;
mod stream;
mod void;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::error::StoreError;

pub use command::ClaimRecord;
pub use commit::Commit;
pub use disposable::{Hint, Segment, SnapshotRecord};
pub use log::{LogRecord, Ref, Skip, StoreRecord};
pub use outcome::OutcomeRecord;
pub use stream::StreamRecord;
pub use void::{After, Void};

const MAGIC: u8 = 0xA5;
const HEADER: usize = 7;

/// A unique id for each attempt to append.
pub type CommitId = [u8; 16];

/// Every kind: its number, its name, and the newest version that this release knows.
pub const KINDS: [(u8, &str, u8); 16] = [
    kind_of::<Ref>(),
    kind_of::<Commit>(),
    kind_of::<OutcomeRecord>(),
    kind_of::<Void>(),
    kind_of::<ClaimRecord>(),
    kind_of::<SnapshotRecord>(),
    kind_of::<Hint>(),
    kind_of::<reactions::CheckpointRecord>(),
    kind_of::<reactions::RowRecord>(),
    kind_of::<reactions::ViewEntry>(),
    kind_of::<Segment>(),
    kind_of::<Skip>(),
    kind_of::<StoreRecord>(),
    kind_of::<reactions::Tombstone>(),
    kind_of::<reactions::DroppedView>(),
    kind_of::<reactions::ViewCopy>(),
];

const fn kind_of<R: Record>() -> (u8, &'static str, u8) {
    (R::KIND, R::NAME, R::NEWEST)
}

/// A kind of record.
pub trait Record: Sized {
    const KIND: u8;
    const NAME: &'static str;
    /// The newest version that this release knows. It reads all versions from 1 to this one.
    const NEWEST: u8;

    /// The version to write: the lowest version that can represent the record.
    fn version(&self) -> u8;

    /// Appends the body of that version to `out`.
    fn write(&self, out: Vec<u8>) -> Result<Vec<u8>, postcard::Error>;

    /// Decodes the body of a version. Returns the record and the bytes after it.
    fn read(version: u8, body: &[u8]) -> Result<(Self, &[u8]), postcard::Error>;
}

/// A kind with only one version so far. Its body is the encoded struct.
trait Single: Serialize + DeserializeOwned {
    const KIND: u8;
    const NAME: &'static str;
}

impl<R: Single> Record for R {
    const KIND: u8 = <R as Single>::KIND;
    const NAME: &'static str = <R as Single>::NAME;
    const NEWEST: u8 = 1;

    fn version(&self) -> u8 {
        1
    }

    fn write(&self, out: Vec<u8>) -> Result<Vec<u8>, postcard::Error> {
        postcard::to_extend(self, out)
    }

    fn read(_: u8, body: &[u8]) -> Result<(Self, &[u8]), postcard::Error> {
        postcard::take_from_bytes(body)
    }
}

/// A byte string in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bytes(#[serde(with = "crate::bytes")] pub Vec<u8>);

/// Encodes a record.
pub fn encode<R: Record>(record: &R) -> Result<Vec<u8>, StoreError> {
    let version = record.version();
    let mut bytes = record
        .write(vec![MAGIC, R::KIND, version, 0, 0, 0, 0])
        .map_err(|e| StoreError::Invalid(format!("a {} cannot be encoded: {e}", R::NAME)))?;
    let sum = checksum(R::KIND, version, bytes.get(HEADER..).unwrap_or_default());
    if let Some(place) = bytes.get_mut(3..HEADER) {
        place.copy_from_slice(&sum.to_le_bytes());
    }
    Ok(bytes)
}

/// Decodes a record of the kind that belongs under the key.
///
/// # Errors
/// [`StoreError::Newer`] for an unknown version or kind, [`StoreError::Corrupt`] for any other failure.
pub fn decode<R: Record>(key: &str, bytes: &[u8]) -> Result<R, StoreError> {
    body(key, header(key, bytes)?)
}

/// Like [`decode`], but without a check of the checksum. For a record whose parts have their own checksums: the reader
/// of each part must check that part, since damage may pass this function.
pub fn decode_envelope<R: Record>(key: &str, bytes: &[u8]) -> Result<R, StoreError> {
    let (header, _) = parse(key, bytes)?;
    body(key, header)
}

fn body<R: Record>(key: &str, (kind, version, body): Header<'_>) -> Result<R, StoreError> {
    if kind != R::KIND || !(1..=R::NEWEST).contains(&version) {
        check_known(key, kind, version)?;
        return Err(StoreError::corrupt(
            key,
            format!("kind {kind} where a {} ({}) belongs", R::NAME, R::KIND),
        ));
    }
    match R::read(version, body) {
        Ok((record, [])) => Ok(record),
        Ok((_, rest)) => Err(StoreError::corrupt(
            key,
            format!("{} bytes after the {}", rest.len(), R::NAME),
        )),
        Err(e) => Err(StoreError::corrupt(key, format!("not a {}: {e}", R::NAME))),
    }
}

/// The kind of a record. The record's checksum must match, and this release must know its kind and version.
///
/// # Errors
/// As for [`decode`], for the header and the checksum. The body is not decoded.
pub fn kind(key: &str, bytes: &[u8]) -> Result<u8, StoreError> {
    let (kind, version, _) = header(key, bytes)?;
    check_known(key, kind, version)?;
    Ok(kind)
}

/// Kind, version and body.
type Header<'b> = (u8, u8, &'b [u8]);

/// Parses a record and checks its checksum.
fn header<'b>(key: &str, bytes: &'b [u8]) -> Result<Header<'b>, StoreError> {
    let (header, sum) = parse(key, bytes)?;
    let (kind, version, body) = header;
    match checksum(kind, version, body) == sum {
        true => Ok(header),
        false => Err(StoreError::corrupt(key, "the checksum does not match")),
    }
}

/// Parses a record into its header and its stored checksum, without a comparison.
fn parse<'b>(key: &str, bytes: &'b [u8]) -> Result<(Header<'b>, u32), StoreError> {
    let Some((&[magic, kind, version, a, b, c, d], body)) = bytes.split_first_chunk::<HEADER>()
    else {
        return Err(StoreError::corrupt(
            key,
            format!("{} bytes are too few for a record", bytes.len()),
        ));
    };
    if magic != MAGIC {
        return Err(StoreError::corrupt(
            key,
            format!("it begins with {magic:#04x}, not with {MAGIC:#04x}"),
        ));
    }
    Ok(((kind, version, body), u32::from_le_bytes([a, b, c, d])))
}

/// Checks that this release can read this version of this kind.
fn check_known(key: &str, kind: u8, version: u8) -> Result<(), StoreError> {
    let known = KINDS.iter().find(|(number, ..)| *number == kind);
    let name = match known {
        Some((_, _, newest)) if (1..=*newest).contains(&version) => return Ok(()),
        _ if kind == 0 || version == 0 => {
            let reason = format!("no release wrote version {version} of kind {kind}");
            return Err(StoreError::corrupt(key, reason));
        }
        Some((_, name, _)) => (*name).to_owned(),
        None => format!("record of kind {kind}"),
    };
    Err(StoreError::Newer {
        key: key.to_owned(),
        kind: name,
        version,
    })
}

fn checksum(kind: u8, version: u8, body: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&[kind, version]);
    hasher.update(body);
    hasher.finalize()
}

/// Puts the header of a kind and version in front of any body.
pub fn seal(kind: u8, version: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![MAGIC, kind, version];
    bytes.extend(checksum(kind, version, body).to_le_bytes());
    bytes.extend(body);
    bytes
}
