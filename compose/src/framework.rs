//! The framework's own components, built by this crate's build script and carried in the binary.

use crate::host::Adapter;
use crate::wire::{Framework, Part};
use anyhow::{Context as _, Result};
use wit_component::ComponentEncoder;

const STORE_KEYVALUE: &[u8] =
    include_bytes!(concat!(env!("OUT_DIR"), "/annals_store_keyvalue.wasm"));
const STORE_KEYVALUE_INCREMENT: &[u8] = include_bytes!(concat!(
    env!("OUT_DIR"),
    "/annals_store_keyvalue_increment.wasm"
));
const STORE_FILESYSTEM: &[u8] =
    include_bytes!(concat!(env!("OUT_DIR"), "/annals_store_filesystem.wasm"));
const SOURCER: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/annals_sourcer.wasm"));
const DISPATCHER: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/annals_dispatcher.wasm"));
const INGRESS_HTTP: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/annals_ingress_http.wasm"));
const LOG: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/annals_log.wasm"));
const INGRESS_CLI: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/annals_ingress_cli.wasm"));

/// The framework's part of an application; `runs_commands` if it can be run from a command line, too.
///
/// # Errors
///
/// Only if this binary was built with broken components.
pub fn parts(adapter: Adapter, runs_commands: bool) -> Result<Framework> {
    let mut faces = vec![part("ingress-http", INGRESS_HTTP)?];
    if runs_commands {
        faces.push(part("ingress-cli", INGRESS_CLI)?);
    }
    Ok(Framework {
        log: part("log", LOG)?,
        inner: vec![
            store(adapter)?,
            part("sourcer", SOURCER)?,
            part("dispatcher", DISPATCHER)?,
        ],
        faces,
    })
}

/// A store adapter.
///
/// # Errors
///
/// Only if this binary was built with broken components.
pub fn store(adapter: Adapter) -> Result<Part> {
    match adapter {
        Adapter::Keyvalue => part("store-keyvalue", STORE_KEYVALUE),
        Adapter::KeyvalueIncrement => part("store-keyvalue-increment", STORE_KEYVALUE_INCREMENT),
        Adapter::Filesystem => part("store-filesystem", STORE_FILESYSTEM),
    }
}

fn part(name: &str, module: &[u8]) -> Result<Part> {
    let bytes = ComponentEncoder::default()
        .module(module)
        .and_then(|encoder| encoder.validate(false).encode())
        .with_context(|| format!("encoding the framework component {name}"))?;
    Ok(Part {
        name: name.into(),
        bytes,
    })
}
