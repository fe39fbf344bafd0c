//! Handlers of former contracts.
//!
//! Within one minor version of the contract, functions and interfaces are only added. The composer
//! therefore accepts a handler of an earlier patch unchanged. A handler of contract 0.1 gets a shim
//! for each kind that it exports: a component that imports the interface of 0.1.0 and exports the
//! current one. The result is a component of the current contract, and no later step needs to
//! distinguish it.

use crate::generate::{diagnostics, types};
use crate::handler::{self, Handler};
use crate::kind::Kind;
use crate::read::{self, Refusal};
use crate::wiring::{Binding, Wiring};

macro_rules! built {
    ($name:literal) => {
        include_bytes!(concat!(
            env!("OUT_DIR"),
            "/annals_shim_0_1_",
            $name,
            ".wasm"
        ))
    };
}

/// The shim that adapts a kind of handler from contract 0.1.0 to the current one.
fn shim(kind: Kind) -> &'static [u8] {
    match kind {
        Kind::Decider => built!("deciders"),
        Kind::Projector => built!("projectors"),
        Kind::ProcessManager => built!("process_managers"),
        Kind::Notifier => built!("notifiers"),
    }
}

/// The contract version that shims adapt.
const FORMER: &str = "0.1.0";

/// How a version of the contract relates to the composer's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Age {
    /// The composer's version, or an earlier patch of it.
    Current,
    /// A shim adapts it.
    Former,
    /// Later than the composer's version.
    Newer,
    /// Earlier than the first version that shims adapt, or not a version.
    Unknown,
}

impl Age {
    /// The age of the version in a name such as `annals:es/deciders@0.2.0`.
    #[must_use]
    pub fn of(name: &str) -> Self {
        let version = name
            .split_once('@')
            .and_then(|(_, version)| numbers(version));
        let (Some(version), Some(own)) = (version, numbers(crate::CONTRACT_VERSION)) else {
            return Self::Unknown;
        };
        if version > own {
            return Self::Newer;
        }
        match version {
            [major, minor, _] if [major, minor] == own[..2] => Self::Current,
            _ if numbers(FORMER) == Some(version) => Self::Former,
            _ => Self::Unknown,
        }
    }
}

fn numbers(version: &str) -> Option<[u64; 3]> {
    let mut parts = version.split('.').map(|part| part.parse().ok());
    let numbers = [parts.next()??, parts.next()??, parts.next()??];
    parts.next().is_none().then_some(numbers)
}

/// The name of an interface of 0.1.0.
fn former(interface: &str) -> String {
    format!("annals:es/{interface}@{FORMER}")
}

/// Reads a handler's file, and adds shims for its exports of contract 0.1.0.
///
/// # Errors
///
/// As [`handler::read`], and if the types of the handler's exports differ from its contract's.
pub fn read(name: &str, bytes: Vec<u8>) -> Result<Handler, Refusal> {
    let mut handler = handler::read(name, bytes)?;
    let is_former = |kind: &Kind| handler.exports.contains(&former(kind.interface()));
    let kinds: Vec<Kind> = Kind::ALL.into_iter().filter(is_former).collect();
    if !kinds.is_empty() {
        let unfit = |error: anyhow::Error| Refusal::Former(format!("{error:#}"));
        handler.bytes = shimmed(&handler, &kinds).map_err(unfit)?;
        (handler.imports, handler.exports) = read::externs(&handler.bytes).map_err(unfit)?;
    }
    Ok(handler)
}

fn shimmed(handler: &Handler, kinds: &[Kind]) -> anyhow::Result<Vec<u8>> {
    let name = &handler.name;
    let mut wiring = Wiring::default();
    wiring.generated("types-0-1", &types::export(&former("types"))?, &[])?;
    let mut bindings: Vec<Binding> = Vec::new();
    let lines = former("diagnostics");
    if handler.imports.contains(&lines) {
        let passing = diagnostics::rename(&crate::contract("diagnostics"), &lines)?;
        let node = wiring.instantiate("diagnostics-0-1", passing, &[])?;
        bindings.push((lines.clone(), node, "diagnostics-0-1".into(), lines));
    }
    let instance = wiring.instantiate(name, handler.bytes.clone(), &bindings)?;
    let mut faces = Vec::new();
    for export in &handler.exports {
        let Some(kind) = kinds
            .iter()
            .find(|kind| former(kind.interface()) == *export)
        else {
            faces.push((instance, export.clone()));
            continue;
        };
        let part = format!("shim-0-1-{}", kind.interface());
        let binding = (export.clone(), instance, name.clone(), export.clone());
        let node = wiring.instantiate(&part, shim(*kind).to_vec(), &[binding])?;
        faces.push((node, kind.export()));
    }
    Ok(wiring.finish_with(&faces)?.bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patches_up_to_the_composer_s_own_are_current() {
        for (version, age) in [
            ("0.2.0", Age::Current),
            ("0.2.1", Age::Newer),
            ("0.3.0", Age::Newer),
            ("1.0.0", Age::Newer),
            ("0.1.0", Age::Former),
            ("0.1.1", Age::Unknown),
            ("0.0.9", Age::Unknown),
            ("0.2", Age::Unknown),
            ("0.2.0-rc.1", Age::Unknown),
        ] {
            assert_eq!(
                Age::of(&format!("annals:es/deciders@{version}")),
                age,
                "{version}"
            );
        }
        assert_eq!(Age::of("annals:es/deciders"), Age::Unknown);
    }
}
