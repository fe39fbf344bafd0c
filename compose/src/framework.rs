//! The framework's own components, built by this crate's build script and carried in the binary.

use crate::host::Adapter;
use crate::wire::Part;
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

/// Store adapter, sourcer, dispatcher and ingress, each after what it imports.
///
/// # Errors
///
/// Only if this binary was built with broken components.
pub fn parts(adapter: Adapter) -> Result<Vec<Part>> {
    Ok(vec![
        store(adapter)?,
        part("sourcer", SOURCER)?,
        part("dispatcher", DISPATCHER)?,
        part("ingress-http", INGRESS_HTTP)?,
    ])
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
