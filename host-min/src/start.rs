//! Before anything is served: may this application run on this store?
//!
//! The application compares itself with the store's record of what ran last; the host only asks it to, by
//! `POST /admin/application`, and tells what it says. An application with an ingress of its own may not know the
//! question: then it refuses with its first use of the store instead.

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

/// Lets the application compare itself with what the store knows of it. `accept`: changes that are meant.
///
/// # Errors
/// [`HostError::Refused`], with all that is not allowed and what to do.
pub async fn compare(host: &Arc<Host>, accept: &[String]) -> Result<(), HostError> {
    let body = serde_json::json!({ "accept": accept }).to_string();
    let answer = delivery::send(host, Method::POST, PATH, Bytes::from(body)).await;
    let (status, body) = match answer {
        Ok(answer) => answer,
        Err(failure) => {
            failure.report();
            tracing::warn!("the application could not be compared with what ran before it");
            return Ok(());
        }
    };
    if status == StatusCode::OK {
        // What changed the application has logged.
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
                "comparing the application with what ran before it was answered {status}: {body}"
            );
            Ok(())
        }
        _ if accept.is_empty() => Ok(()),
        _ => Err(HostError::Refused(format!(
            "--accept has no effect: the application's own ingress does not take POST {PATH} ({status})"
        ))),
    }
}

fn refused(detail: &str) -> String {
    let mut text = String::from("this application may not run on this store:");
    for line in detail.lines() {
        text.push_str("\n  ");
        text.push_str(line);
    }
    text.push_str("\n`--accept CHANGE` accepts a change by its name in front");
    text
}
