//! wasmCloud 2, with `wash dev`. The statements about its backends are from
//! `crates/wash-runtime/src/plugin/wasi_keyvalue`, and those about its configuration from
//! `crates/wash/src/config.rs`, of wasmCloud/wasmCloud in August 2026.

use super::files::{File, Marked};
use super::{Adapter, Description, Served, in_folder};

pub(super) static DESCRIPTION: Description = Description {
    name: "wasmcloud",
    adapter: Adapter::KeyvalueIncrement,
    offers: &[
        super::WASI[0],
        super::WASI[1],
        super::WASI[2],
        super::WASI[3],
        super::WASI[4],
        super::WASI[5],
        "wasi:keyvalue/store@0.2.0-draft",
        "wasi:keyvalue/atomics@0.2.0-draft",
    ],
    delivery_budget: 200,
    // wasmCloud may take a component that exports it for a service.
    runs_commands: false,
    serve: |served| in_folder(served.folder(), "wash dev"),
    pump: None,
    files: |served| vec![configuration(served)],
};

fn configuration(served: &Served<'_>) -> File {
    // A JSON string is also a YAML string.
    let component = serde_json::Value::from(served.file());
    let hosts = match served.calls_out() {
        true => {
            "  # Notifiers may send requests to any host: restrict this to the hosts that they need.\n  allowedHosts: [\"*\"]\n"
        }
        false => "  allowedHosts: []\n",
    };
    let environment = match served.reads_environment() {
        true => {
            "  # Environment variables of handlers that are granted wasi:cli/environment:\n  # environment:\n  #   config:\n  #     NAME: value\n"
        }
        false => "",
    };
    let text = format!(
        "# The configuration with which `wash dev` serves the application.\n\
         build:\n\
         \x20 # `annals compose` has already built the component.\n\
         \x20 command: \"true\"\n\
         \x20 component_path: {component}\n\
         # Events are stored in memory and lost when `wash dev` ends. A durable backend keeps them:\n\
         # dev:\n\
         #   wasi_keyvalue_redis_url: redis://127.0.0.1:6379\n\
         workload:\n\
         {hosts}{environment}"
    );
    File {
        path: served.folder().join(".wash").join("config.yaml"),
        text: Marked::Hash.with(&text),
        needs: vec![format!("component_path: {component}")],
    }
}
