//! Judges the composed component as a host would.

use crate::host::Host;
use crate::probe;
use anyhow::{Context as _, Result, bail};
use wasmparser::{Validator, WasmFeatures};

/// The features of a WASI 0.2 host: WebAssembly 2.0 with what every engine has had for years, and components.
const FEATURES: WasmFeatures = WasmFeatures::WASM2
    .union(WasmFeatures::COMPONENT_MODEL)
    .union(WasmFeatures::TAIL_CALL)
    .union(WasmFeatures::EXTENDED_CONST)
    .union(WasmFeatures::MULTI_MEMORY);

/// Validates the bytes and answers what they import, all of which the host offers.
///
/// # Errors
///
/// If the component is not valid, or needs what the host lacks.
pub fn verify(bytes: &[u8], host: Host) -> Result<Vec<String>> {
    Validator::new_with_features(FEATURES)
        .validate_all(bytes)
        .context("the composed component is not valid")?;
    let (imports, exports) = probe::externs(bytes)?;
    let missing: Vec<&String> = imports
        .iter()
        .filter(|import| !host.offers(import))
        .collect();
    if !missing.is_empty() {
        bail!("the composed component needs {missing:?}, which the host `{host}` does not offer");
    }
    if !exports
        .iter()
        .any(|export| export.starts_with("wasi:http/incoming-handler@0.2"))
    {
        bail!("the composed component does not export wasi:http/incoming-handler");
    }
    Ok(imports)
}
