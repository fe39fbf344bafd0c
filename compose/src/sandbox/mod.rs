//! The sandbox: what stands in for WASI where a handler is granted none of it.
//!
//! Toolchains make pure code import WASI: a standard library reads the environment when it panics, a
//! runtime polls. So each handler with such imports gets a component of its own in front, generated for
//! exactly the interfaces, functions and versions that it imports. Never is one shared: it would be a
//! channel between handlers. Its answers are constants, but for what is printed, which goes to the
//! host's log, and for what a pure handler must not do: that is told there, with a remedy, and stops
//! the handler.
//!
//! - `imports`: which imports it answers, and which would stop a handler.
//! - [`wasi`]: what each function answers, and in which words it is refused.
//! - [`crate::generate::sandbox`] makes the component.

pub(crate) mod imports;
pub mod wasi;

pub use crate::generate::sandbox::LOG;
use crate::generate::sandbox::generate;
use crate::handler::Handler;
use anyhow::Result;
pub use imports::{Resident, Use, offers, satisfied, uses};

/// A sandbox.
#[derive(Clone)]
pub struct Sandbox {
    /// The component.
    pub bytes: Vec<u8>,
    /// What it answers: the handler's imports, and its own exports.
    pub imports: Vec<String>,
}

impl Sandbox {
    /// Makes a handler's sandbox, if it needs one.
    ///
    /// # Errors
    ///
    /// If the component's imports cannot be understood.
    pub fn of(handler: &Handler, allow: &[String]) -> Result<Option<Self>> {
        let imports = satisfied(handler, allow);
        if imports.is_empty() {
            return Ok(None);
        }
        let bytes = generate(handler, Resident::of(handler), &imports)?;
        Ok(Some(Self { bytes, imports }))
    }
}
