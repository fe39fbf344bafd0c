//! The event store of Annals over *slots*: values that are created once and never change.
//!
//! An adapter brings a [`Slots`] (four functions, of which only `create` must be atomic). This crate builds everything else
//! on it: appends with preconditions, an order over the whole log that never shows an event late, command ids that take
//! effect once, snapshots, and what reactions keep.
//!
//! # The protocol
//!
//! After CORFU's write-once log. A stream is a row of slots numbered from 1, and so is the log.
//! To append a commit to slot `n` of a stream, a writer:
//!
//! 1. creates the first absent log slot `i` with a *ref*: stream, `n`, the commit's unique id, time;
//! 2. creates slot `n` of the stream with the commit, which holds its position. The writer that creates the slot has it.
//!    All others have a conflict, and their refs are dead.
//!
//! A reader of the log follows each ref. If the slot holds the commit with that id, placed at that ref, the reader delivers
//! it. If the slot holds anything else, the ref is dead, and the reader passes it. If the slot is absent, the writer is slow or died
//! between the two steps. A young ref makes the reader stop in front of it. At an old one the reader creates a *void* in the slot; after
//! that the slot is decided, and the reader goes on. So what a reader has passed never changes, whatever writers do.
//! Time decides only when a reader helps, never what is true.
//!
//! Writers take the slots of a stream, and those of a partition of the log, without gaps: a writer tries a slot only when
//! it knows that the slot in front of it exists. Ends are found by probing, from hints that may be lost. A
//! slot is never deleted: a slow writer could create it a second time.
//!
//! # Layout
//!
//! Arrows point downwards: a module needs only modules below it.
//!
//! | module | job |
//! |---|---|
//! | [`event_log`](EventLog) | the event store as one value |
//! | `repair` | decides slots whose creator died halfway, where a store has such a state |
//! | `streams` | streams: appends, pages, command ids, snapshots |
//! | `log` | the order of all commits: claims log slots, follows refs |
//! | `reactions` | checkpoints, rows of views, hints |
//! | `store` | slots under keys, and creations whose outcome is always found out |
//! | `records` | records to bytes and back, every version of each kind |
//! | `probe` | finds the last slot that exists, in few reads |
//! | `keys` | the key of every record |
//! | [`file_name`] | the file of a key, where slots are files |
//! | `limits` | what callers may pass, and what an instance keeps |
//! | [`slots`](Slots) | what an adapter implements; [`MemorySlots`] |
//! | [`name`](StreamName) | stream names, and the injective escape for keys |
//! | [`error`](StoreError) | why an operation failed |
//! | [`numbers`](Slot) | numbers that mean different things |
//! | [`model`](Event) | the words: events, metadata, heads, requests and answers |
//! | `bytes` | byte strings in serde |
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
pub use slots::{Creation, MemorySlots, Settled, Slots};

/// What `event-log-tools` needs of the inside. No part of the interface.
#[doc(hidden)]
pub mod internals {
    pub use crate::keys::Keys;
    pub use crate::limits::{check_extensions, check_tags};
    pub use crate::log::{Log, partition_of};
    pub use crate::name::{hex, unescape};
    pub use crate::reactions::{COPY_ENTRIES, Chain, List, Reactions, is_dropped};
    pub use crate::store::{Store, Written};
    pub use crate::streams::{SEGMENT_SLOTS, Streams};
}
