//! The sandbox: implements WASI for a handler without grants.
//!
//! Toolchains make pure code import WASI: a standard library reads the environment when it panics,
//! a runtime polls. Each handler with such imports therefore gets a component of its own in front
//! of it. The composer generates it for exactly the interfaces, functions and versions that the
//! handler imports. A sandbox is never shared, because it would be a channel between handlers. Its
//! answers are constants, with two exceptions. Printed text goes to the host's log. An operation
//! that a pure handler must not perform is reported in the log with a remedy, and stops the
//! handler.
//!
//! - `imports`: decides which imports it implements, and which would stop a handler.
//! - [`wasi`]: defines the answer of each function, and the words of each refusal.
//! - [`crate::generate::sandbox`] generates the component.

pub(crate) mod imports;
pub mod wasi;

pub use crate::generate::sandbox::LOG;
use crate::generate::sandbox::generate;
use crate::handler::Handler;
use anyhow::Result;
pub use imports::{Resident, Use, offers, satisfied, uses};

/// The sandbox of one component.
#[derive(Clone)]
pub struct Sandbox {
    /// The component.
    pub bytes: Vec<u8>,
    /// The imports that it implements: its own exports.
    pub imports: Vec<String>,
}

impl Sandbox {
    /// Makes a handler's sandbox if it needs one.
    ///
    /// # Errors
    ///
    /// If the component's imports cannot be read.
    pub fn of(handler: &Handler, allow: &[String]) -> Result<Option<Self>> {
        let imports = satisfied(handler, allow);
        if imports.is_empty() {
            return Ok(None);
        }
        let bytes = generate(handler, Resident::of(handler), &imports)?;
        Ok(Some(Self { bytes, imports }))
    }
}
