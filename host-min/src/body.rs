//! Bodies of responses.

use std::convert::Infallible;

use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};

/// The body of a response.
pub type Body = UnsyncBoxBody<Bytes, BodyError>;

/// A response ended before its body was complete. The host closes the connection, so that the
/// client does not take the response for complete.
#[derive(Debug, thiserror::Error)]
#[error("the response was cut short")]
pub struct BodyError;

/// Makes a body of bytes that are already in memory.
pub fn full(bytes: Bytes) -> Body {
    Full::new(bytes)
        .map_err(|never: Infallible| match never {})
        .boxed_unsync()
}
