//! The records on disk: bytes to values and back.
//!
//! `docs/format.md` describes every byte; golden files hold on to each version of each kind.
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
//! Each kind counts its versions from 1. Every version that a release wrote is read for ever. A record is written in the
//! lowest version that can hold it: equal contents have equal bytes whichever release wrote them, and a release that knows
//! no later version can share the store until somebody uses what only a later version holds.
//!
//! The header never changes. So the checksum proves that a version or a kind that is not known here was written by a
//! later release and is not damage: [`StoreError::Newer`]. Nothing repairs or passes such a record.
//!
//! # Layout
//!
//! | module | records |
//! |---|---|
//! | `stream` | what a stream's slot holds: one of the following |
//! | `commit` | the events of one decision |
//! | `outcome` | how a command ended without events |
//! | `void` | a slot whose writer was given up |
//! | `shapes` | what commits and outcomes are made of, version by version |
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

/// Unique for every attempt to append.
pub type CommitId = [u8; 16];

/// Every kind: its number, its name, and the newest version that is known here.
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
    /// The newest version that is known here. All from 1 on are read.
    const NEWEST: u8;

    /// The version to write: the lowest one that can hold the record.
    fn version(&self) -> u8;

    /// Writes the body of that version behind `out`.
    fn write(&self, out: Vec<u8>) -> Result<Vec<u8>, postcard::Error>;

    /// Reads the body of a version, and returns the bytes after it.
    fn read(version: u8, body: &[u8]) -> Result<(Self, &[u8]), postcard::Error>;
}

/// A kind that has had one version so far: the body is the struct.
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

/// A record to bytes.
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

/// Bytes to a record of the kind that belongs under the key.
///
/// # Errors
/// [`StoreError::Newer`] for a version that is not known here, [`StoreError::Corrupt`] for anything else.
pub fn decode<R: Record>(key: &str, bytes: &[u8]) -> Result<R, StoreError> {
    body(key, header(key, bytes)?)
}

/// As [`decode`], for a record whose parts have checksums of their own, each compared by its reader: damage may pass here.
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

/// The kind of an intact record that is known here.
///
/// # Errors
/// As [`decode`], as far as the header and the checksum tell.
pub fn kind(key: &str, bytes: &[u8]) -> Result<u8, StoreError> {
    let (kind, version, _) = header(key, bytes)?;
    check_known(key, kind, version)?;
    Ok(kind)
}

/// Kind, version and body.
type Header<'b> = (u8, u8, &'b [u8]);

/// Kind, version and body, once the checksum has shown that they are what was written.
fn header<'b>(key: &str, bytes: &'b [u8]) -> Result<Header<'b>, StoreError> {
    let (header, sum) = parse(key, bytes)?;
    let (kind, version, body) = header;
    match checksum(kind, version, body) == sum {
        true => Ok(header),
        false => Err(StoreError::corrupt(key, "the checksum does not match")),
    }
}

/// A record's header, and the checksum that it says.
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

/// Is this version of this kind one that is read here?
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

/// Any body, with the header that belongs in front of it.
pub fn seal(kind: u8, version: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![MAGIC, kind, version];
    bytes.extend(checksum(kind, version, body).to_le_bytes());
    bytes.extend(body);
    bytes
}
