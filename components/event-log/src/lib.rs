//! The event store of Annals over *slots*: values that are created once and never change.
//!
//! An adapter brings a [`Slots`] (four functions, of which only `create` must be atomic), this
//! crate brings everything else: appends with preconditions, an order over the whole log that
//! never shows an event late, command ids that take effect once, snapshots.
//!
//! # The protocol
//!
//! After CORFU's write-once log. A stream is a row of slots numbered from 1, and so is the log.
//! To append a commit to slot `n` of a stream:
//!
//! 1. Create the first absent log slot `i` with a *ref*: stream, `n`, the commit's unique id, time.
//! 2. Create slot `n` of the stream with the commit, which holds its position. Whoever creates
//!    the slot has it; everybody else has a conflict, and their refs are dead.
//!
//! A reader of the log follows each ref: the slot holds the commit with that id, placed at that
//! ref: deliver. It holds anything else: the ref is dead, pass. It is absent: the writer is slow
//! or died between the two steps. A young ref makes the reader stop in front of it. An old one
//! makes it create a *void* in the slot; after that the slot is decided, and the reader goes on.
//! So what a reader has passed never changes, whatever writers do; time decides only when a
//! reader helps, never what is true.
//!
//! Slots of a stream and of a partition of the log are taken without gaps, since a slot is only
//! tried when the one before it is known to exist. Tails are found by probing, from hints that may be lost. A
//! slot is never deleted: a slow writer could win it a second time.
//!
//! # Layout
//!
//! | module | job |
//! |---|---|
//! | [`model`](Event) | the words: events, metadata, heads, requests and answers |
//! | [`error`](StoreError) | how the store says no |
//! | [`slots`](Slots) | what an adapter implements; [`MemorySlots`] |
//! | [`name`](StreamName) | stream names, and the injective escape for keys |
//! | `keys` | the key of every record |
//! | `records` | records to bytes and back, every version of each kind |
//! | `limits` | what an append may carry |
//! | `bytes` | byte strings in serde |
//! | `probe` | finds the last slot that exists, in few reads |
//! | [`log`](EventLog) | `EventLog`: what it remembers, creation with the truth found out |
//! | `tail` | the log's ends, one for each partition |
//! | `segments` | reads slots in order, many at a time from segments; `ahead`: what that has brought |
//! | `append` | decides a stream's next slot |
//! | `streams` | reads streams |
//! | `follow` | reads the log, and voids slots of dead writers |
//! | `commands` | command ids take effect once |
//! | `snapshots` | disposable states |
//! | `repair` | decides slots whose creator died halfway, where a store has such a state |
//! | `repair_reactions` | the same for what reactions keep |
//! | `fuzzing` | what fuzz targets need of the inside |
//! | `chain` | values that change: revisions, created one after the other |
//! | `checkpoints` | how far handlers are, by compare-and-set |
//! | `hints` | numbers that deliverers share |
//! | `rows` | rows of views, by compare-and-set |
//! | `views` | which rows a view has; scans |
//! | `view_copies` | copies of long lists of rows |
//! | `drop` | deletes views that nobody uses any more |
//! | `reactions` | names of handlers and views |
//! | `memory` | what an instance remembers of checkpoints, rows and lists |
//! | [`file_name`] | the file of a key, where slots are files |
//! | [`tools`] | verify, export, import; only with the feature `tools` |
#![deny(missing_docs)]
#![forbid(unsafe_code)]

mod ahead;
mod append;
mod bytes;
mod chain;
mod checkpoints;
mod commands;
mod drop;
mod error;
pub mod file_name;
mod follow;
#[doc(hidden)]
pub mod fuzzing;
mod hints;
mod keys;
mod limits;
mod log;
mod memory;
mod model;
mod name;
mod probe;
mod reactions;
mod records;
mod repair;
mod repair_reactions;
mod rows;
mod segments;
mod slots;
mod snapshots;
mod streams;
mod tail;
#[cfg(feature = "tools")]
pub mod tools;
mod view_copies;
mod views;

pub use error::{AppendError, SlotError, StoreError, WriteError};
pub use log::{EventLog, MAX_PARTITIONS, Settings};
pub use model::{
    AppendRequest, Appended, Checkpoint, Claim, Event, FoundRow, Head, LogFilter, LogPage,
    MAX_EVENTS, MAX_EXTENSION_BYTES, MAX_EXTENSION_NAME_BYTES, MAX_EXTENSIONS, MAX_STATE_BYTES,
    MAX_TAG_BYTES, MAX_TAGS, Metadata, NewEvent, Outcome, Page, Precondition, RecordedEvent,
    RecordedId, Rejection, Row, RowPage, Snapshot, StreamPage,
};
pub use name::{MAX_STREAM_BYTES, StreamName, escape};
pub use slots::{Creation, MemorySlots, Settled, Slots};
pub use views::KeyRange;
