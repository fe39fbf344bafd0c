//! Removes names from components. The build script also uses this module.

use anyhow::Result;
use wasm_encoder::{RawSection, Section as _};
use wasmparser::{Parser, Payload};

/// Removes the names of inner items from a module or component. They only help to inspect it.
/// Modules and components within it keep their names, because those of handlers are needed.
///
/// # Errors
///
/// If the bytes are neither a module nor a component.
pub fn without_names(binary: &[u8]) -> Result<Vec<u8>> {
    let mut depth = 0;
    let mut bare = binary.get(..8).unwrap_or_default().to_vec();
    for payload in Parser::new(0).parse_all(binary) {
        let payload = payload?;
        match &payload {
            Payload::Version { .. } => depth += 1,
            Payload::End(_) => depth -= 1,
            Payload::CustomSection(names) if matches!(names.name(), "name" | "component-name") => {}
            _ if depth > 1 => {}
            other => {
                if let Some((id, range)) = other.as_section() {
                    let data = &binary[usize::try_from(range.start)?..usize::try_from(range.end)?];
                    RawSection { id, data }.append_to(&mut bare);
                }
            }
        }
    }
    Ok(bare)
}
