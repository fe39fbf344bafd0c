//! The encoding of store calls that the conformance suite sends to the probe component.
//!
//! A call is the body of `POST /call`, in postcard. The body of the answer is the function's `Result`, also in
//! postcard and with the types of `annals-event-log`: for `load` a `Result<Page, StoreError>`, for `append` a
//! `Result<Appended, AppendError>`.
//!
//! The types of `annals-event-log` mirror the contract's records field by field, in the same order, and postcard
//! writes only the fields, in their order. So a record of the generated bindings has the same encoding as its mirror
//! type. Only errors differ.
#![deny(missing_docs)]

use annals_event_log::{
    AppendRequest, Checkpoint, Head, LogFilter, Metadata, Rejection, Row, Snapshot,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// The path that the probe receives calls on.
pub const PATH: &str = "/call";

/// Maximum number of bytes of a call.
pub const MAX_BYTES: usize = 16 << 20;

/// A function of the store, with its arguments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "every function is documented in the contract")]
pub enum Call {
    Health,
    Load {
        stream: String,
        after: Head,
        limit: u32,
    },
    Append(AppendRequest),
    ClaimCommand {
        command_id: String,
        fingerprint: u64,
        stream: String,
        cursor: u64,
    },
    FindOutcome {
        command_id: String,
        stream: String,
        cursor: u64,
    },
    RecordOutcome {
        stream: String,
        at: Head,
        metadata: Metadata,
        rejection: Option<Rejection>,
        recorded_at: u64,
    },
    ReadStream {
        stream: String,
        after: u64,
        limit: u32,
    },
    ReadStreamBackward {
        stream: String,
        before: Option<u64>,
        limit: u32,
    },
    ReadLog {
        after: u64,
        limit: u32,
        filter: LogFilter,
        now: u64,
    },
    LogEnd,
    LoadSnapshot {
        stream: String,
        decider: String,
    },
    SaveSnapshot {
        stream: String,
        decider: String,
        snapshot: Snapshot,
    },
    DeleteSnapshot {
        stream: String,
        decider: String,
    },
    LoadCheckpoint {
        handler: String,
    },
    SaveCheckpoint {
        handler: String,
        next: Checkpoint,
    },
    GetRow {
        view: String,
        key: String,
    },
    FindRow {
        view: String,
        key: String,
    },
    PutRow {
        view: String,
        row: Row,
        seen: u64,
    },
    DeleteRow {
        view: String,
        key: String,
        seen: u64,
        position: u64,
    },
    ScanRows {
        view: String,
        after: Option<String>,
        limit: u32,
    },
    DropRows {
        view: String,
        limit: u32,
    },
}

impl Call {
    /// True if a call without an answer may have written something that matters. A claim does not matter: it is safe
    /// to claim again.
    #[must_use]
    pub fn writes(&self) -> bool {
        matches!(
            self,
            Self::Append(_)
                | Self::RecordOutcome { .. }
                | Self::SaveSnapshot { .. }
                | Self::DeleteSnapshot { .. }
                | Self::SaveCheckpoint { .. }
                | Self::PutRow { .. }
                | Self::DeleteRow { .. }
        )
    }
}

/// Writes a call or an answer.
///
/// # Errors
/// Never for the types of this crate.
pub fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, postcard::Error> {
    postcard::to_allocvec(value)
}

/// Reads a call or an answer.
///
/// # Errors
/// If the bytes have another form.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, postcard::Error> {
    postcard::from_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_read_as_it_was_written() {
        let call = Call::SaveSnapshot {
            stream: "a-1".into(),
            decider: "d".into(),
            snapshot: Snapshot {
                state: vec![0, 255, 128],
                state_version: 7,
                head: Head {
                    cursor: u64::MAX,
                    version: 300,
                    closed: true,
                },
            },
        };
        let bytes = encode(&call).expect("it is written");
        assert_eq!(decode::<Call>(&bytes), Ok(call));
        assert!(decode::<Call>(&bytes[1..]).is_err());
    }

    #[test]
    fn bytes_travel_as_a_list_of_numbers_does() {
        // Generated bindings have payloads as lists, without `serde_bytes`.
        #[derive(Serialize)]
        struct Generated {
            state: Vec<u8>,
            state_version: u32,
            head: Head,
        }
        let generated = Generated {
            state: vec![1, 200, 0],
            state_version: 2,
            head: Head::default(),
        };
        let snapshot: Snapshot = decode(&encode(&generated).expect("written")).expect("read");
        assert_eq!(snapshot.state, generated.state);
        assert_eq!(snapshot.state_version, generated.state_version);
    }

    #[test]
    fn only_what_cannot_be_asked_again_is_in_doubt() {
        let stream = String::from("a-1");
        let claim = Call::ClaimCommand {
            command_id: "c".into(),
            fingerprint: 1,
            stream: stream.clone(),
            cursor: 0,
        };
        assert!(!claim.writes());
        assert!(!Call::Health.writes());
        let outcome = Call::RecordOutcome {
            stream,
            at: Head::default(),
            metadata: Metadata::default(),
            rejection: None,
            recorded_at: 0,
        };
        assert!(outcome.writes());
    }
}
