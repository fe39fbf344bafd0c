//! The component that exports the contract's types.
//!
//! Every other component imports them. The interface has no functions. This component satisfies the
//! import inside the composition, so hosts need not implement it.

use anyhow::Result;

/// Makes the component.
///
/// # Errors
///
/// Only if the contract itself is broken.
pub fn generate() -> Result<Vec<u8>> {
    export(&crate::contract("types"))
}

/// Makes a component that exports one version of the types.
///
/// # Errors
///
/// Only if that contract itself is broken.
pub fn export(interface: &str) -> Result<Vec<u8>> {
    let text = format!("package annals:generated;\nworld types {{ export {interface}; }}");
    let (resolve, world) = super::resolve_world(&text, "types")?;
    super::componentize(wasm_encoder::Module::new().finish(), &resolve, world)
}
