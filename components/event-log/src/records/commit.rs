//! Commits: the events of one decision.

use serde::{Deserialize, Serialize};

use super::shapes::{Borrowed, EventV1, EventV2, MetadataV1, MetadataV2, Read, Written};
use super::{After, Bytes, CommitId, Record};
use crate::model::{Metadata, NewEvent};
use crate::name::hex;

/// In a stream's slot: the events of one decision.
#[derive(Clone, Debug, PartialEq, Eq)]
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
    /// An event's id: unique, since the commit's id is.
    pub fn event_id(commit: &CommitId, index: u64) -> String {
        let mut id = hex(commit);
        id.push('-');
        id.push_str(&index.to_string());
        id
    }
}

/// The body of every version: the versions differ in the shapes `M` of the metadata and `E` of the events.
#[derive(Serialize, Deserialize)]
struct Body<T, M, E> {
    stream: T,
    after: After,
    id: CommitId,
    first_version: u64,
    position: u64,
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
            _ => WriteV2::write(self, out),
        }
    }

    fn read(version: u8, body: &[u8]) -> Result<(Self, &[u8]), postcard::Error> {
        Ok(match version {
            1 => {
                let (read, rest) = postcard::take_from_bytes::<ReadV1>(body)?;
                (read.into(), rest)
            }
            _ => {
                let (read, rest) = postcard::take_from_bytes::<ReadV2>(body)?;
                (read.into(), rest)
            }
        })
    }
}
