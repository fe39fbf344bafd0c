//! Internals for the fuzz targets. This module is not part of the public interface.

use crate::records::reactions::{
    CheckpointRecord, DroppedView, RowRecord, Tombstone, ViewCopy, ViewEntry,
};
use crate::records::{
    self, ClaimRecord, Commit, Hint, LogRecord, OutcomeRecord, Record, Ref, Segment, Skip,
    SnapshotRecord, StoreRecord, StreamRecord, Void,
};

/// Decodes bytes as every kind of record, then as the body of every version of every kind. A body that decodes must be
/// equal after it is encoded and decoded again.
///
/// # Panics
/// If the record differs after the round trip.
pub fn records(bytes: &[u8]) {
    let _ = StreamRecord::decode("key", "a-1", bytes);
    let _ = LogRecord::decode("key", 1.into(), bytes);
    record::<Ref>(bytes);
    record::<Commit>(bytes);
    record::<OutcomeRecord>(bytes);
    record::<Void>(bytes);
    record::<ClaimRecord>(bytes);
    record::<SnapshotRecord>(bytes);
    record::<Hint>(bytes);
    record::<Segment>(bytes);
    record::<Skip>(bytes);
    record::<StoreRecord>(bytes);
    record::<CheckpointRecord>(bytes);
    record::<RowRecord>(bytes);
    record::<ViewEntry>(bytes);
    record::<Tombstone>(bytes);
    record::<DroppedView>(bytes);
    record::<ViewCopy>(bytes);
}

fn record<R: Record + PartialEq + std::fmt::Debug>(bytes: &[u8]) {
    let _ = records::decode::<R>("key", bytes);
    for version in 1..=R::NEWEST {
        if let Ok(read) = records::decode::<R>("key", &records::seal(R::KIND, version, bytes)) {
            let again =
                records::encode(&read).and_then(|bytes| records::decode::<R>("key", &bytes));
            assert_eq!(again.as_ref(), Ok(&read));
        }
    }
}

/// A record: the header for this kind and version, then the body.
#[must_use]
pub fn seal(kind: u8, version: u8, body: &[u8]) -> Vec<u8> {
    records::seal(kind, version, body)
}

/// Every kind of record: its number, its name and its newest version.
#[must_use]
pub fn kinds() -> Vec<(u8, &'static str, u8)> {
    records::KINDS.to_vec()
}
