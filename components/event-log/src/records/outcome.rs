//! Outcomes: commands that ended without events.

use serde::{Deserialize, Serialize};

use super::shapes::{MetadataV1, MetadataV2, RejectionV1};
use super::{After, Record};
use crate::model::{Metadata, Rejection};

/// The record of an outcome in a stream's slot: a command ended without events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutcomeRecord {
    pub stream: String,
    pub after: After,
    pub metadata: Metadata,
    /// `None` if the decider accepted the command without events.
    pub rejection: Option<Rejection>,
}

/// The body of every version: the versions differ in the shape `M` of the metadata.
#[derive(Serialize, Deserialize)]
struct Body<T, M> {
    stream: T,
    after: After,
    metadata: M,
    rejection: Option<RejectionV1<T>>,
}

impl<'a, M: From<&'a Metadata> + Serialize> Body<&'a str, M> {
    fn write(outcome: &'a OutcomeRecord, out: Vec<u8>) -> Result<Vec<u8>, postcard::Error> {
        let body = Self {
            stream: &outcome.stream,
            after: outcome.after,
            metadata: M::from(&outcome.metadata),
            rejection: outcome.rejection.as_ref().map(RejectionV1::from),
        };
        postcard::to_extend(&body, out)
    }
}

impl<M: Into<Metadata>> From<Body<String, M>> for OutcomeRecord {
    fn from(body: Body<String, M>) -> Self {
        Self {
            stream: body.stream,
            after: body.after,
            metadata: body.metadata.into(),
            rejection: body.rejection.map(Rejection::from),
        }
    }
}

type WriteV1<'a> = Body<&'a str, MetadataV1<&'a str>>;
type WriteV2<'a> = Body<&'a str, MetadataV2<&'a str, &'a [(String, String)]>>;
type ReadV1 = Body<String, MetadataV1<String>>;
type ReadV2 = Body<String, MetadataV2<String, Vec<(String, String)>>>;

impl Record for OutcomeRecord {
    const KIND: u8 = 3;
    const NAME: &'static str = "outcome";
    const NEWEST: u8 = 2;

    fn version(&self) -> u8 {
        match self.metadata.extensions.is_empty() {
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
