//! The component that exports the contract's types.
//!
//! Every other component imports them. They hold no functions, so hosts need not know of them:
//! this component satisfies the import inside the composition.

use anyhow::Result;

/// Makes the component.
///
/// # Errors
///
/// Only if the contract itself is broken.
pub fn generate() -> Result<Vec<u8>> {
    let (resolve, world) = super::resolve_world(
        &format!(
            "package annals:generated;\nworld types {{ export {}; }}",
            crate::contract("types")
        ),
        "types",
    )?;
    super::componentize(wasm_encoder::Module::new().finish(), &resolve, world)
}
