//! Reads and writes bodies with `wasi:http`.

use annals_store_wire::MAX_BYTES;
use wasip2::http::types::{
    Fields, IncomingBody, IncomingRequest, OutgoingBody, OutgoingResponse, ResponseOutparam,
};
use wasip2::io::streams::StreamError;

/// Maximum number of bytes in one read.
const CHUNK: u64 = 64 << 10;
/// Maximum number of bytes in one `blocking-write-and-flush`.
const OUT_CHUNK: usize = 4096;

/// Reads the whole body, which arrives in chunks of any size.
pub fn read(request: &IncomingRequest) -> Result<Vec<u8>, String> {
    let broken = || "the body could not be read".to_owned();
    let incoming = request.consume().map_err(|()| broken())?;
    let mut body = Vec::new();
    {
        let stream = incoming.stream().map_err(|()| broken())?;
        loop {
            match stream.blocking_read(CHUNK) {
                Ok(chunk) if body.len() + chunk.len() > MAX_BYTES => {
                    return Err(format!("the body has more than {MAX_BYTES} bytes"));
                }
                Ok(chunk) => body.extend_from_slice(&chunk),
                Err(StreamError::Closed) => break,
                Err(StreamError::LastOperationFailed(_)) => return Err(broken()),
            }
        }
    }
    drop(IncomingBody::finish(incoming));
    Ok(body)
}

/// Sends a response. Ignores a client that has closed the connection.
pub fn send(out: ResponseOutparam, status: u16, content: &[u8]) {
    let headers = Fields::new();
    let _ = headers.append("content-length", content.len().to_string().as_bytes());
    let response = OutgoingResponse::new(headers);
    let _ = response.set_status_code(status);
    let Ok(body) = response.body() else { return };
    ResponseOutparam::set(out, Ok(response));
    if let Ok(stream) = body.write() {
        for chunk in content.chunks(OUT_CHUNK) {
            if stream.blocking_write_and_flush(chunk).is_err() {
                break;
            }
        }
        drop(stream);
    }
    let _ = OutgoingBody::finish(body, None);
}
