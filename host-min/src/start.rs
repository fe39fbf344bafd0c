//! Checks at the start whether the application may run on the store.
//!
//! The store records which application ran last, and the application compares itself with that
//! record. The host only asks it to, by `POST /admin/application`, and reports the outcome. An
//! application with an ingress of its own may lack this route. Its first use of the store then
//! fails instead.

use std::sync::Arc;

use bytes::Bytes;
use hyper::{Method, StatusCode};
use serde::Deserialize;

use crate::delivery;
use crate::error::HostError;
use crate::host::Host;

const PATH: &str = "/admin/application";

#[derive(Deserialize)]
struct Refusal {
    r#type: String,
    detail: String,
}

/// Lets the application compare itself with the record in the store. `accept` lists the names of
/// the accepted changes.
///
/// # Errors
/// [`HostError::Refused`], with every change that is not accepted and how to accept it.
pub async fn compare(host: &Arc<Host>, accept: &[String]) -> Result<(), HostError> {
    let body = serde_json::json!({ "accept": accept }).to_string();
    let answer = delivery::send(host, Method::POST, PATH, Bytes::from(body)).await;
    let (status, body) = match answer {
        Ok(answer) => answer,
        Err(failure) => {
            failure.report();
            tracing::warn!(
                "the host could not compare the application with the store's record of its predecessor"
            );
            return Ok(());
        }
    };
    if status == StatusCode::OK {
        // The application itself has logged its changes.
        return Ok(());
    }
    let refusal = serde_json::from_slice::<Refusal>(&body).ok();
    match refusal {
        Some(Refusal { r#type, detail }) if r#type.ends_with(":application-refused") => {
            Err(HostError::Refused(refused(&detail)))
        }
        _ if status.is_server_error() => {
            let body = String::from_utf8_lossy(&body);
            tracing::warn!(
                "the application answered the comparison with the store's record with {status}: {body}"
            );
            Ok(())
        }
        _ if accept.is_empty() => Ok(()),
        _ => Err(HostError::Refused(format!(
            "--accept has no effect: the application's own ingress does not handle POST {PATH} ({status})"
        ))),
    }
}

fn refused(detail: &str) -> String {
    let mut text = String::from("this application may not run on this store:");
    for line in detail.lines() {
        text.push_str("\n  ");
        text.push_str(line);
    }
    text.push_str(
        "\n`--accept CHANGE` accepts one change; CHANGE is the name at the start of its line",
    );
    text
}
