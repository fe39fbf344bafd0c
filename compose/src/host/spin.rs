//! Spin 4. The statements about its stores are from `crates/key-value-*` and
//! `crates/factor-key-value` of spinframework/spin in August 2026. A swap on an absent key
//! overwrites (SQLite), and each swap reports failure (Redis). `batch.get-many` and `list-keys`
//! differ from the draft, so the adapter does not import them.

use super::files::{File, Marked};
use super::{Adapter, Description, Served, word};
use std::fmt::Write as _;

pub(super) static DESCRIPTION: Description = Description {
    name: "spin",
    adapter: Adapter::KeyvaluePointer,
    offers: &[
        super::WASI[0],
        super::WASI[1],
        super::WASI[2],
        super::WASI[3],
        super::WASI[4],
        super::WASI[5],
        "wasi:keyvalue/store@0.2.0-draft2",
        "wasi:keyvalue/atomics@0.2.0-draft2",
    ],
    delivery_budget: 200,
    // Spin selects the trigger by the component's exports, and needs exactly one HTTP handler.
    runs_commands: false,
    serve: |served| {
        format!(
            "spin up --from {}",
            word(&served.folder().join("spin.toml"))
        )
    },
    pump: None,
    files: |served| vec![manifest(served)],
};

fn manifest(served: &Served<'_>) -> File {
    let quoted = |text: &str| toml::Value::from(text).to_string();
    let source = format!("source = {}", quoted(&served.file()));
    let stores = format!("key_value_stores = [{}]", quoted(served.bucket));
    let (name, version) = (quoted(served.name), quoted(served.version));
    let mut text = format!(
        "# The manifest with which Spin serves the application.\n\
         spin_manifest_version = 2\n\n\
         [application]\n\
         name = {name}\n\
         version = {version}\n\n\
         [[trigger.http]]\n\
         route = \"/...\"\n\
         component = \"app\"\n\n\
         [component.app]\n\
         {source}\n\
         {stores}\n"
    );
    text.push_str(match served.calls_out() {
        true => {
            "# Notifiers may send requests to any host: restrict this to the hosts that they need.\n\
                 allowed_outbound_hosts = [\"http://*:*\", \"https://*:*\"]\n"
        }
        false => "allowed_outbound_hosts = []\n",
    });
    if served.reads_environment() {
        let _ = write!(
            text,
            "# Environment variables of handlers that are granted wasi:cli/environment:\n\
             # environment = {{ NAME = \"value\" }}\n"
        );
    }
    File {
        path: served.folder().join("spin.toml"),
        text: Marked::Hash.with(&text),
        needs: vec![source, stores],
    }
}
