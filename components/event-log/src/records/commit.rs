//! Commits: the events of one decision.

use std::mem;

use serde::{Deserialize, Serialize};

use super::shapes::{Borrowed, EventV1, EventV2, MetadataV1, MetadataV2, Read, Written};
use super::{After, Bytes, CommitId, Record};
use crate::model::{Appended, Metadata, NewEvent, RecordedEvent, RecordedId};
use crate::name::push_lower_hex;
use crate::numbers::{Position, Slot, Version};

/// The record of a commit in a stream's slot: the events of one decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    pub stream: String,
    pub after: After,
    pub id: CommitId,
    pub first_version: Version,
    /// Position of the first event. The other events have the positions after it.
    pub position: Position,
    pub metadata: Metadata,
    pub events: Vec<NewEvent>,
}

impl Commit {
    /// An event's id: unique, since the commit's id is.
    pub fn event_id(commit: &CommitId, index: u64) -> String {
        // The capacity suffices for every index. Every event that is read or written needs an id, so the common indexes
        // are written without the slow formatter.
        let mut id = String::with_capacity(40);
        push_lower_hex(&mut id, commit);
        id.push('-');
        match u8::try_from(index) {
            Ok(digit @ 0..=9) => id.push(char::from(b'0' + digit)),
            _ => id.push_str(&index.to_string()),
        }
        id
    }

    pub fn payload_bytes(&self) -> usize {
        self.events.iter().map(|event| event.payload.len()).sum()
    }

    /// The result for the writer, now or on a retry. `cursor` is the slot of the commit.
    pub fn appended(&self, cursor: Slot) -> Appended {
        let first = self.first_version.get();
        let events = (0u64..).zip(&self.events).map(|(index, event)| RecordedId {
            id: Self::event_id(&self.id, index),
            event_type: event.event_type.clone(),
            version: first + index,
        });
        Appended {
            version: self.after.version.get(),
            position: self.position.get() + self.events.len().saturating_sub(1) as u64,
            cursor: cursor.get(),
            events: events.collect(),
        }
    }

    /// The events with their ids, positions and metadata.
    pub fn recorded(self) -> impl Iterator<Item = RecordedEvent> {
        let Self {
            mut stream,
            after,
            id,
            first_version,
            position,
            mut metadata,
            events,
        } = self;
        let (first_version, position) = (first_version.get(), position.get());
        let recorded_at = after.recorded_at;
        let count = events.len() as u64;
        (0u64..).zip(events).map(move |(index, event)| {
            // Move the stream's name and the metadata into the last event, and clone them for the others. Most commits
            // have one event, so most need no clone.
            let (stream, metadata) = match index + 1 == count {
                true => (mem::take(&mut stream), mem::take(&mut metadata)),
                false => (stream.clone(), metadata.clone()),
            };
            RecordedEvent {
                id: Self::event_id(&id, index),
                stream,
                version: first_version + index,
                position: position + index,
                recorded_at,
                event_type: event.event_type,
                schema_version: event.schema_version,
                content_type: event.content_type,
                payload: event.payload,
                metadata,
                tags: event.tags,
            }
        })
    }
}

/// The body of every version: the versions differ in the shapes `M` of the metadata and `E` of the events.
#[derive(Serialize, Deserialize)]
struct Body<T, M, E> {
    stream: T,
    after: After,
    id: CommitId,
    first_version: Version,
    position: Position,
    metadata: M,
    events: E,
}

impl<'a, M, T> Body<&'a str, M, Written<'a, T>>
where
    M: From<&'a Metadata> + Serialize,
    T: From<&'a NewEvent> + Serialize,
{
    fn write(commit: &'a Commit, out: Vec<u8>) -> Result<Vec<u8>, postcard::Error> {
        let body = Self {
            stream: &commit.stream,
            after: commit.after,
            id: commit.id,
            first_version: commit.first_version,
            position: commit.position,
            metadata: M::from(&commit.metadata),
            events: Written::new(&commit.events),
        };
        postcard::to_extend(&body, out)
    }
}

impl<M: Into<Metadata>, T> From<Body<String, M, Read<T>>> for Commit {
    fn from(body: Body<String, M, Read<T>>) -> Self {
        Self {
            stream: body.stream,
            after: body.after,
            id: body.id,
            first_version: body.first_version,
            position: body.position,
            metadata: body.metadata.into(),
            events: body.events.0,
        }
    }
}

type WriteV1<'a> = Body<&'a str, MetadataV1<&'a str>, Written<'a, EventV1<&'a str, Borrowed<'a>>>>;
type WriteV2<'a> = Body<
    &'a str,
    MetadataV2<&'a str, &'a [(String, String)]>,
    Written<'a, EventV2<&'a str, Borrowed<'a>, &'a [String]>>,
>;
type ReadV1 = Body<String, MetadataV1<String>, Read<EventV1<String, Bytes>>>;
type ReadV2 = Body<
    String,
    MetadataV2<String, Vec<(String, String)>>,
    Read<EventV2<String, Bytes, Vec<String>>>,
>;

impl Record for Commit {
    const KIND: u8 = 2;
    const NAME: &'static str = "commit";
    const NEWEST: u8 = 2;

    fn version(&self) -> u8 {
        match self.metadata.extensions.is_empty() && self.events.iter().all(|e| e.tags.is_empty()) {
            true => 1,
            false => 2,
        }
    }

    fn write(&self, out: Vec<u8>) -> Result<Vec<u8>, postcard::Error> {
        match self.version() {
            1 => WriteV1::write(self, out),
            _ => write_v2(self, out),
        }
    }

    fn read(version: u8, body: &[u8]) -> Result<(Self, &[u8]), postcard::Error> {
        match version {
            1 => {
                let (read, rest) = postcard::take_from_bytes::<ReadV1>(body)?;
                Ok((read.into(), rest))
            }
            _ => read_v2(body),
        }
    }
}

// Most commits have version 1. The code for version 2 is in separate functions, which reduces the instructions for
// version 1.
#[cold]
fn write_v2(commit: &Commit, out: Vec<u8>) -> Result<Vec<u8>, postcard::Error> {
    WriteV2::write(commit, out)
}

#[cold]
fn read_v2(body: &[u8]) -> Result<(Commit, &[u8]), postcard::Error> {
    let (read, rest) = postcard::take_from_bytes::<ReadV2>(body)?;
    Ok((read.into(), rest))
}
