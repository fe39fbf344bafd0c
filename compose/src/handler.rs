//! A handler's component that was read and not run.

use crate::kind::Kind;
use crate::read::{self, Refusal};

/// A handler's component that was read and not run.
pub struct Handler {
    /// Name in the manifest.
    pub name: String,
    /// The component.
    pub bytes: Vec<u8>,
    /// Names of its imports.
    pub imports: Vec<String>,
    /// Names of its exports.
    pub exports: Vec<String>,
    /// True if the SDK for Rust made it. Its code does not read the environment when it panics.
    pub sdk: bool,
    /// True if it contains the runtime of another language, which links all of WASI.
    pub runtime: bool,
}

impl Handler {
    /// The kinds of handlers that it exports.
    #[must_use]
    pub fn kinds(&self) -> Vec<Kind> {
        let exported = |kind: &Kind| self.exports.contains(&kind.export());
        Kind::ALL.into_iter().filter(exported).collect()
    }

    /// Its imports from the host: all except the contract's types and the log interface, which the
    /// composition provides.
    pub fn host_imports(&self) -> impl Iterator<Item = &str> {
        let ours = [crate::contract("types"), crate::contract("diagnostics")];
        let imports = self.imports.iter().map(String::as_str);
        imports.filter(move |import| !ours.iter().any(|ours| ours == import))
    }

    /// True if it may write lines into the host's log.
    #[must_use]
    pub fn has_diagnostics(&self) -> bool {
        self.imports.contains(&crate::contract("diagnostics"))
    }
}

/// Reads a handler's file. A core module is first made a component.
///
/// # Errors
///
/// If the bytes are neither a component nor a core module that describes its world.
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
