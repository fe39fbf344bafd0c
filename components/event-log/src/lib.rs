//! The event store of Annals over *slots*: values that are created once and never change.
//!
//! An adapter implements [`Slots`] (four functions, of which only `create` must be atomic). This crate builds
//! everything else on it: appends with preconditions, one order over the whole log in which no event appears at a
//! position that a reader has passed, command ids that take effect once, snapshots, and the checkpoints and rows of
//! reactions.
//!
//! # The protocol
//!
//! The protocol follows CORFU's write-once log. A stream is a sequence of slots numbered from 1, and so is the log. To
//! append a commit to slot `n` of a stream, a writer:
//!
//! *Portable protocol*, over slots of which only the creation of one is atomic:
//!
//! 1. creates the first absent log slot `i` with a *ref*: stream, `n`, the commit's unique id, time;
//! 2. creates slot `n` of the stream with the commit, which contains its position in the log. The writer that creates
//!    the slot wins it. All other writers get a conflict, and their refs are dead.
//!
//! A reader of the log follows each ref. If the slot holds the commit with that id, placed at that ref, the reader
//! delivers it. If the slot holds anything else, the ref is dead, and the reader passes it. If the slot is absent, the
//! writer is slow or died between the two steps. If the ref is younger than the grace period, the reader stops in front
//! of it. If the ref is older, the reader creates a *void* in the slot. The void decides the slot, and the reader
//! continues. So the slots that a reader has passed never change, whatever writers do. The clock determines only when a
//! reader writes a void, never whether the result is correct.
//!
//! *Atomic protocol*, over slots that can be created together ([`Conditional`]): the writer draws a log slot from a counter,
//! then creates the commit and its ref in one step. A slot that was drawn and not created is a gap. A reader that finds a
//! later ref older than the grace period fills the gap with a *skip*. `docs/correctness.md` says why this keeps the same
//! guarantees.
//!
//! Writers fill the slots of a stream without gaps, and by the portable protocol those of a partition of the log: a writer
//! tries a slot only after it has seen that the slot before it exists. Readers and writers find the end by probing, starting from a hint
//! that may be lost. A slot is never deleted, because a slow writer could then create it a second time.
//!
//! # Layout
//!
//! Dependencies point downwards: a module depends only on modules below it.
//!
//! | module | job |
//! |---|---|
//! | [`event_log`](EventLog) | the event store as one value |
//! | `repair` | repairs slots whose creator died during a creation that is not atomic |
//! | `streams` | streams: appends, pages, command ids, snapshots |
//! | `log` | the order of all commits: claims log slots, follows refs |
//! | `reactions` | checkpoints, rows of views, hints |
//! | `store` | slots under keys; retries creations until their outcome is known |
//! | `records` | encodes and decodes records, every version of each kind |
//! | `probe` | finds the last slot that exists, in few reads |
//! | `keys` | the key of every record |
//! | [`file_name`] | the file name of a key, for stores whose slots are files |
//! | `limits` | limits on input and on the cache of an instance |
//! | [`slots`](Slots) | the traits that an adapter implements; [`MemorySlots`] |
//! | [`name`](StreamName) | stream names, and the injective escape for keys |
//! | [`error`](StoreError) | the errors of operations |
//! | [`numbers`](Slot) | newtypes for numbers with different meanings |
//! | [`model`](Event) | the data types: events, metadata, heads, requests and results |
//! | `bytes` | serde helpers for byte strings |
//!
//! `fuzzing` is for fuzz targets, and `internals` for `event-log-tools`.
#![deny(missing_docs)]
#![forbid(unsafe_code)]

mod bytes;
mod error;
mod event_log;
pub mod file_name;
#[doc(hidden)]
pub mod fuzzing;
mod keys;
mod limits;
mod log;
mod model;
mod name;
mod numbers;
mod probe;
mod reactions;
#[doc(hidden)]
pub mod records;
mod repair;
mod slots;
mod store;
mod streams;

pub use error::{AppendError, SlotError, StoreError, WriteError};
pub use event_log::{EventLog, MAX_PARTITIONS, Settings};
pub use model::{
    AppendRequest, Appended, Checkpoint, Claim, Event, FoundRow, Head, LogFilter, LogPage,
    MAX_EVENTS, MAX_EXTENSION_BYTES, MAX_EXTENSION_NAME_BYTES, MAX_EXTENSIONS, MAX_STATE_BYTES,
    MAX_TAG_BYTES, MAX_TAGS, Metadata, NewEvent, Outcome, Page, Precondition, RecordedEvent,
    RecordedId, Rejection, Row, RowPage, Snapshot, StreamPage,
};
pub use name::{MAX_STREAM_BYTES, StreamName, escape};
pub use numbers::{LogSlot, Position, Revision, Slot, Version};
pub use reactions::KeyRange;
pub use slots::{Conditional, Creation, GroupCreation, MemorySlots, Settled, Slots};

/// Internals for `event-log-tools`. This module is not part of the public interface.
#[doc(hidden)]
pub mod internals {
    pub use crate::keys::Keys;
    pub use crate::limits::{check_extensions, check_tags};
    pub use crate::log::{Log, partition_of};
    pub use crate::name::{hex, unescape};
    pub use crate::reactions::{COPY_ENTRIES, Chain, List, Reactions, is_dropped};
    pub use crate::store::{Store, Written, decode_counter};
    pub use crate::streams::{SEGMENT_SLOTS, Streams};
}
