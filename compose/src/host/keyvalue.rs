//! Any host with `wasi:keyvalue` 0.2.0-draft2 whose compare-and-set can create a key. annals-host is one.

use super::{Adapter, Description};

pub(super) static DESCRIPTION: Description = Description {
    name: "keyvalue",
    adapter: Adapter::Keyvalue,
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
    runs_commands: true,
    serve: |served| format!("annals-host serve {}", served.word()),
    pump: None,
    files: |_| Vec::new(),
};
