//! Records to bytes and back. `docs/format.md` describes every byte; golden files hold on to it.
//!
//! ```text
//! 0      magic 0xA5
//! 1      kind
//! 2      format version
//! 3..7   CRC-32 (IEEE) of kind, version and body, little-endian
//! 7..    body: postcard
//! ```

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::error::StoreError;
use crate::model::{Head, Metadata, NewEvent, Rejection};
use crate::name::hex;

/// Version of the format that is written.
pub const FORMAT_VERSION: u8 = 1;
const MAGIC: u8 = 0xA5;
const HEADER: usize = 7;

/// Unique for every attempt to append.
pub(crate) type CommitId = [u8; 16];

/// A kind of record.
pub(crate) trait Record: Serialize + DeserializeOwned {
    const KIND: u8;
    const NAME: &'static str;
}

macro_rules! kinds {
    ($($record:ident = $kind:literal $name:literal;)*) => {$(
        impl Record for $record {
            const KIND: u8 = $kind;
            const NAME: &'static str = $name;
        }
    )*};
}
kinds! {
    Ref = 1 "ref";
    Commit = 2 "commit";
    OutcomeRecord = 3 "outcome";
    Void = 4 "void";
    ClaimRecord = 5 "claim";
    SnapshotRecord = 6 "snapshot";
    Hint = 7 "hint";
    Segment = 11 "segment";
    Skip = 12 "skip";
    StoreRecord = 13 "store";
}

/// In a log slot: where a commit was about to be written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ref {
    pub stream: String,
    pub slot: u64,
    pub commit: CommitId,
    /// By the writer's clock, milliseconds since the epoch.
    pub claimed_at: u64,
}

/// Where the stream stands after a slot. Every record in a slot holds it, so that one read of the
/// last slot tells all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct After {
    pub version: u64,
    pub closed: bool,
    /// Time of the last commit or outcome.
    pub recorded_at: u64,
}

impl After {
    pub fn head(self, cursor: u64) -> Head {
        Head {
            cursor,
            version: self.version,
            closed: self.closed,
        }
    }
}

/// In a stream's slot: the events of one decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Commit {
    pub stream: String,
    pub after: After,
    pub id: CommitId,
    pub first_version: u64,
    /// Of the first event; the others follow.
    pub position: u64,
    pub metadata: Metadata,
    pub events: Vec<NewEvent>,
}

impl Commit {
    /// Unique, since the commit's id is.
    pub fn event_id(commit: &CommitId, index: u64) -> String {
        let mut id = hex(commit);
        id.push('-');
        id.push_str(&index.to_string());
        id
    }
}

/// In a stream's slot: a command ended without events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OutcomeRecord {
    pub stream: String,
    pub after: After,
    pub metadata: Metadata,
    pub rejection: Option<Rejection>,
}

/// In a stream's slot: its writer was taken for dead. `after` is that of the slot before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Void {
    pub stream: String,
    pub after: After,
}

/// Under a command id: what it belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ClaimRecord {
    pub command_id: String,
    pub stream: String,
    /// No attempt has written to the stream up to this slot.
    pub cursor: u64,
    pub fingerprint: u64,
}

/// A state that may be lost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SnapshotRecord {
    pub stream: String,
    pub decider: String,
    pub state_version: u32,
    pub cursor: u64,
    pub version: u64,
    pub closed: bool,
    #[serde(with = "bytes")]
    pub state: Vec<u8>,
}

/// A slot that exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Hint {
    pub slot: u64,
}

/// Copies of a stream's slots, for reading them at once. The slots remain the truth.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Segment {
    pub stream: String,
    /// The first slot that is copied.
    pub first: u64,
    /// Each as it lies in its slot. None at all: they are too large, read them one by one.
    pub records: Vec<Bytes>,
}

/// A byte string in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Bytes(#[serde(with = "bytes")] pub Vec<u8>);

/// In a log slot: its partition had nothing to say when others went on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Skip {
    pub index: u64,
}

/// What can lie in a log slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LogRecord {
    Ref(Ref),
    Skip(Skip),
}

impl LogRecord {
    /// Reads what lies in a log slot.
    pub fn decode(key: &str, index: u64, bytes: &[u8]) -> Result<Self, StoreError> {
        if bytes.get(1) != Some(&Skip::KIND) {
            return Ok(Self::Ref(decode(key, bytes)?));
        }
        let skip: Skip = decode(key, bytes)?;
        if skip.index != index {
            let reason = format!("it belongs to log slot {}", skip.index);
            return Err(StoreError::corrupt(key, reason));
        }
        Ok(Self::Skip(skip))
    }
}

/// What holds for the whole store, from its first record on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoreRecord {
    pub partitions: u32,
}

/// What can lie in a stream's slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum StreamRecord {
    Commit(Commit),
    Outcome(OutcomeRecord),
    Void(Void),
}

impl StreamRecord {
    /// Reads what lies in a slot of a stream.
    pub fn decode(key: &str, stream: &str, bytes: &[u8]) -> Result<Self, StoreError> {
        let record = match bytes.get(1) {
            Some(&OutcomeRecord::KIND) => Self::Outcome(decode(key, bytes)?),
            Some(&Void::KIND) => Self::Void(decode(key, bytes)?),
            // Whatever else lies here should be a commit.
            _ => Self::Commit(decode(key, bytes)?),
        };
        let (Self::Commit(Commit { stream: owner, .. })
        | Self::Outcome(OutcomeRecord { stream: owner, .. })
        | Self::Void(Void { stream: owner, .. })) = &record;
        if owner != stream {
            return Err(StoreError::corrupt(
                key,
                format!("it belongs to stream {owner:?}, not {stream:?}"),
            ));
        }
        if let Self::Commit(commit) = &record {
            let count = commit.events.len() as u64;
            let next = commit.first_version.checked_add(count);
            // With room for whatever is counted from them.
            if commit.position.checked_add(count).is_none() {
                return Err(StoreError::corrupt(key, "its position is too high"));
            }
            if commit.events.is_empty()
                || commit.first_version == 0
                || next.is_none_or(|next| next - 1 != commit.after.version)
            {
                return Err(StoreError::corrupt(
                    key,
                    "its versions do not fit the number of its events",
                ));
            }
        }
        Ok(record)
    }

    /// Where the stream stands after this.
    pub fn after(&self) -> After {
        match self {
            Self::Commit(commit) => commit.after,
            Self::Outcome(outcome) => outcome.after,
            Self::Void(void) => void.after,
        }
    }

    /// The commit, if it is one.
    pub fn into_commit(self) -> Option<Commit> {
        match self {
            Self::Commit(commit) => Some(commit),
            Self::Outcome(_) | Self::Void(_) => None,
        }
    }

    /// The command that ended here.
    pub fn command_id(&self) -> Option<&str> {
        match self {
            Self::Commit(Commit { metadata, .. })
            | Self::Outcome(OutcomeRecord { metadata, .. }) => Some(&metadata.command_id),
            Self::Void(_) => None,
        }
    }
}

/// A record to bytes.
pub(crate) fn encode<R: Record>(record: &R) -> Result<Vec<u8>, StoreError> {
    let header = vec![MAGIC, R::KIND, FORMAT_VERSION, 0, 0, 0, 0];
    let mut bytes = postcard::to_extend(record, header)
        .map_err(|e| StoreError::Invalid(format!("a {} cannot be encoded: {e}", R::NAME)))?;
    let sum = checksum(
        R::KIND,
        FORMAT_VERSION,
        bytes.get(HEADER..).unwrap_or_default(),
    );
    if let Some(place) = bytes.get_mut(3..HEADER) {
        place.copy_from_slice(&sum.to_le_bytes());
    }
    Ok(bytes)
}

/// Bytes to a record of the kind that is expected at the key.
pub(crate) fn decode<R: Record>(key: &str, bytes: &[u8]) -> Result<R, StoreError> {
    let kind = kind(key, bytes)?;
    if kind != R::KIND {
        return Err(StoreError::corrupt(
            key,
            format!("kind {kind} where a {} ({}) belongs", R::NAME, R::KIND),
        ));
    }
    let body = bytes.get(HEADER..).unwrap_or_default();
    match postcard::take_from_bytes(body) {
        Ok((record, [])) => Ok(record),
        Ok((_, rest)) => Err(StoreError::corrupt(
            key,
            format!("{} bytes after the {}", rest.len(), R::NAME),
        )),
        Err(e) => Err(StoreError::corrupt(key, format!("not a {}: {e}", R::NAME))),
    }
}

/// Checks the header and the checksum.
pub(crate) fn kind(key: &str, bytes: &[u8]) -> Result<u8, StoreError> {
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
    if version != FORMAT_VERSION {
        return Err(StoreError::corrupt(
            key,
            format!("format version {version} is not known, only {FORMAT_VERSION}"),
        ));
    }
    if checksum(kind, version, body) != u32::from_le_bytes([a, b, c, d]) {
        return Err(StoreError::corrupt(key, "the checksum does not match"));
    }
    Ok(kind)
}

fn checksum(kind: u8, version: u8, body: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&[kind, version]);
    hasher.update(body);
    hasher.finalize()
}

/// Byte strings at once instead of byte by byte. The encoding is the same.
pub(crate) mod bytes {
    use serde::de::{Error, SeqAccess, Visitor};
    use serde::{Deserializer, Serializer};

    pub fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(bytes)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        struct Bytes;
        impl<'de> Visitor<'de> for Bytes {
            type Value = Vec<u8>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("bytes")
            }
            fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
                Ok(bytes.to_vec())
            }
            fn visit_byte_buf<E: Error>(self, bytes: Vec<u8>) -> Result<Vec<u8>, E> {
                Ok(bytes)
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<u8>, A::Error> {
                let mut bytes = Vec::new();
                while let Some(byte) = seq.next_element()? {
                    bytes.push(byte);
                }
                Ok(bytes)
            }
        }
        deserializer.deserialize_byte_buf(Bytes)
    }
}

/// A body, whatever it is, with the header that belongs before it.
pub(crate) fn seal(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![MAGIC, kind, FORMAT_VERSION];
    bytes.extend(checksum(kind, FORMAT_VERSION, body).to_le_bytes());
    bytes.extend(body);
    bytes
}
