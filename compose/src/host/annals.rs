//! annals-host, this project's own host. It offers steps on several keys, which save round trips to the store.

use super::{Adapter, Description};

pub(super) static DESCRIPTION: Description = Description {
    name: "annals",
    adapter: Adapter::KeyvalueConditional,
    offers: &[
        super::WASI[0],
        super::WASI[1],
        super::WASI[2],
        super::WASI[3],
        super::WASI[4],
        super::WASI[5],
        // Has no directories unless one is shared with `--dir`.
        "wasi:filesystem/",
        "wasi:keyvalue/store@0.2.0-draft",
        "wasi:keyvalue/atomics@0.2.0-draft",
        "wasi:keyvalue/batch@0.2.0-draft",
        "wasi:keyvalue/store@0.2.0-draft2",
        "wasi:keyvalue/atomics@0.2.0-draft2",
        "wasi:keyvalue/batch@0.2.0-draft2",
        "annals:keyvalue/conditional@0.1.0",
    ],
    // The host itself drives deliveries.
    delivery_budget: 0,
    runs_commands: true,
    serve: |served| format!("annals-host serve {}", served.word()),
    pump: None,
    files: |_| Vec::new(),
};
