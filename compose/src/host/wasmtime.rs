//! The wasmtime CLI, 48. Its `wasi:keyvalue` loses all data when a handle is closed
//! (wasmtime#11187), so events are stored in files.

use super::{Adapter, Description, Served};

pub(super) static DESCRIPTION: Description = Description {
    name: "wasmtime",
    adapter: Adapter::Filesystem,
    offers: &[
        super::WASI[0],
        super::WASI[1],
        super::WASI[2],
        // With `-S cli`.
        super::WASI[3],
        super::WASI[4],
        super::WASI[5],
        // With `-S cli`.
        "wasi:filesystem/",
    ],
    delivery_budget: 200,
    runs_commands: true,
    serve: |served| {
        format!(
            "mkdir -p data && wasmtime serve -S cli {} {}",
            directory(served),
            served.word()
        )
    },
    // The component also imports the interfaces of its HTTP handler, and the command must link
    // them.
    pump: Some(|served| {
        format!(
            "wasmtime run -S cli,http {} {} pump",
            directory(served),
            served.word()
        )
    }),
    files: |_| Vec::new(),
};

fn directory(served: &Served<'_>) -> String {
    format!("--dir ./data::{}", served.path)
}
