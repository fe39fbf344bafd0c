//! Outgoing HTTP requests of guests.

use std::sync::Arc;

use http_body_util::BodyExt;
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks, default_send_request};

use crate::store::Buckets;

/// Maximum size of one piece of a body that the host takes from a guest. A stalled client leaves a
/// few pieces in memory.
const PIECE: usize = 128 << 10;

/// Sends the requests of a guest.
pub struct Outgoing {
    /// Like a response, a request may reveal what its guest has observed. The host sends it only
    /// when all observed writes are durable.
    pub store: Arc<dyn Buckets>,
}

type Sent = Result<
    (
        hyper::Response<WasiBody>,
        Box<dyn Future<Output = Result<(), Error>> + Send>,
    ),
    Error,
>;

impl WasiHttpHooks for Outgoing {
    fn send_request(
        &mut self,
        request: hyper::Request<WasiBody>,
        options: Option<RequestOptions>,
        _sent: Box<dyn Future<Output = Result<(), Error>> + Send>,
    ) -> Box<dyn Future<Output = Sent> + Send> {
        let durable = self.store.barrier();
        Box::new(async move {
            if let Err(error) = durable.wait().await {
                tracing::error!(%error, "a guest's request was withheld");
                return Err(Error::InternalError(Some(
                    "the store is unavailable".into(),
                )));
            }
            let (response, connection) = default_send_request(request, options).await?;
            Ok((
                response.map(BodyExt::boxed_unsync),
                Box::new(connection) as Box<dyn Future<Output = _> + Send>,
            ))
        })
    }

    fn p2_outgoing_body_chunk_size(&mut self) -> usize {
        PIECE
    }
}
