//! Bodies of answers.

use std::convert::Infallible;

use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};

/// The body of an answer.
pub type Body = UnsyncBoxBody<Bytes, BodyError>;

/// An answer broke off; the connection is cut, so that the client knows.
#[derive(Debug, thiserror::Error)]
#[error("the answer broke off")]
pub struct BodyError;

/// A body that is there already.
pub fn full(bytes: Bytes) -> Body {
    Full::new(bytes)
        .map_err(|never: Infallible| match never {})
        .boxed_unsync()
}
