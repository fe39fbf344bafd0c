//! A handler's component, read but not run.

use crate::kind::Kind;
use crate::read::{self, Refusal};

/// A handler's component, read but not run.
pub struct Handler {
    /// Name in the manifest.
    pub name: String,
    /// The component.
    pub bytes: Vec<u8>,
    /// Names of its imports.
    pub imports: Vec<String>,
    /// Names of its exports.
    pub exports: Vec<String>,
    /// It was made with the SDK for Rust, whose code reads no environment when it panics.
    pub sdk: bool,
    /// It holds what runs another language, which links whatever there is.
    pub runtime: bool,
}

impl Handler {
    /// The kinds of handlers that it exports.
    #[must_use]
    pub fn kinds(&self) -> Vec<Kind> {
        let exported = |kind: &Kind| self.exports.contains(&kind.export());
        Kind::ALL.into_iter().filter(exported).collect()
    }

    /// What it imports of a host: everything but the contract's types and the way into the log, which the composition
    /// has.
    pub fn host_imports(&self) -> impl Iterator<Item = &str> {
        let ours = [crate::contract("types"), crate::contract("diagnostics")];
        let imports = self.imports.iter().map(String::as_str);
        imports.filter(move |import| !ours.iter().any(|ours| ours == import))
    }

    /// It may write lines into the host's log.
    #[must_use]
    pub fn has_diagnostics(&self) -> bool {
        self.imports.contains(&crate::contract("diagnostics"))
    }
}

/// Reads a handler's file; a core module is made a component first.
///
/// # Errors
///
/// If the bytes are neither a component nor a core module that says what it is.
pub fn read(name: &str, bytes: Vec<u8>) -> Result<Handler, Refusal> {
    let read = read::read(bytes)?;
    Ok(Handler {
        name: name.into(),
        bytes: read.bytes,
        imports: read.imports,
        exports: read.exports,
        sdk: read.sdk,
        runtime: read.runtime,
    })
}
