//! Judges the composed component as a host would.

use crate::host::Host;
use crate::probe;
use anyhow::{Context as _, Result, bail};
use wasmparser::{Validator, WasmFeatures};

/// The features of a WASI 0.2 host: WebAssembly 2.0 with what every engine has had for years, and components.
pub const FEATURES: WasmFeatures = WasmFeatures::WASM2
    .union(WasmFeatures::COMPONENT_MODEL)
    .union(WasmFeatures::TAIL_CALL)
    .union(WasmFeatures::EXTENDED_CONST)
    .union(WasmFeatures::MULTI_MEMORY);

/// Validates the bytes alone.
///
/// # Errors
///
/// If the component is not valid.
pub fn valid(bytes: &[u8]) -> Result<()> {
    Validator::new_with_features(FEATURES)
        .validate_all(bytes)
        .context("the composed component is not valid")?;
    Ok(())
}

/// Validates the bytes and answers what they import, all of which the host offers. They must export
/// what the host calls, which is `wasi:cli/run`, too, if the application runs commands.
///
/// # Errors
///
/// If the component is not valid, or needs what the host lacks.
pub fn verify(bytes: &[u8], host: Host, runs_commands: bool) -> Result<Vec<String>> {
    valid(bytes)?;
    let (imports, exports) = probe::externs(bytes)?;
    let missing: Vec<&String> = imports
        .iter()
        .filter(|import| !host.offers(import))
        .collect();
    if !missing.is_empty() {
        bail!("the composed component needs {missing:?}, which the host `{host}` does not offer");
    }
    let wanted = [
        ("wasi:http/incoming-handler@0.2", true),
        ("wasi:cli/run@0.2", runs_commands),
    ];
    for (export, expected) in wanted {
        if expected != exports.iter().any(|one| one.starts_with(export)) {
            bail!("the composed component exports {exports:?}, which is wrong about {export}");
        }
    }
    Ok(imports)
}
