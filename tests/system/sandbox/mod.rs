//! Handlers that import WASI, on real hosts: built for wasm32-wasip2, and by cargo-component for
//! wasm32-wasip1 with its adapter.

mod allowed;
mod forbidden;
mod grants;

use annals_compose::read;
use annals_tests::client::{Answer, Client};
use annals_tests::tools;
use serde_json::json;
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    tools::workspace().join("tests/sandbox")
}

/// Sends a command about `id`.
fn send(client: &Client, command: &str, id: &str) -> Answer {
    let body = json!({ "id": id }).to_string();
    client
        .post(&format!("/commands/{command}"), &[], body.as_bytes())
        .expect("an answer")
}

/// The imports of an application, in order.
fn imports(app: &Path) -> Vec<String> {
    let bytes = std::fs::read(app).expect("the application");
    let (mut imports, _) = read::externs(&bytes).expect("a component");
    imports.sort();
    imports
}
