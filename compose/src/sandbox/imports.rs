//! Decides which of a component's imports a sandbox implements, and at which of them it would stop
//! the component.

use super::wasi::{self, Answer};
use crate::grant;
use crate::handler::Handler;
use crate::kind::Kind;
use anyhow::Result;
use wit_component::DecodedWasm;
use wit_parser::{InterfaceId, Resolve, WorldId, WorldItem};

/// The packages of WASI 0.2 that a sandbox implements.
const PACKAGES: &[&str] = &[
    "wasi:cli/",
    "wasi:clocks/",
    "wasi:filesystem/",
    "wasi:http/",
    "wasi:io/",
    "wasi:random/",
    "wasi:sockets/",
];

/// The component for which a sandbox is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resident {
    /// A pure handler of this kind.
    Pure(Kind),
    /// A component that may be granted interfaces; the text names its kind.
    Grantable(&'static str),
}

impl Resident {
    /// The strictest kind among the handlers of a component.
    #[must_use]
    pub fn of(handler: &Handler) -> Self {
        let kinds = handler.kinds();
        match kinds.iter().find(|kind| kind.is_pure()) {
            Some(pure) => Self::Pure(*pure),
            None if kinds.is_empty() => Self::Grantable("part"),
            None => Self::Grantable(Kind::Notifier.name()),
        }
    }
}

/// True if a sandbox implements this import.
#[must_use]
pub fn offers(import: &str) -> bool {
    let version = import.split_once('@').map(|(_, version)| version);
    PACKAGES.iter().any(|package| import.starts_with(package))
        && version.is_some_and(|version| version.starts_with("0.2.") && !version.contains('-'))
}

/// The imports of a component that its sandbox implements: those that no entry of `allow` covers,
/// and that the component does not export to the host.
///
/// Streams, errors and pollables come either all from the host or all from the sandbox, because
/// neither can use the other's. A component with the host's streams therefore also prints through
/// the host.
#[must_use]
pub fn satisfied(handler: &Handler, allow: &[String]) -> Vec<String> {
    let granted = |import: &str| {
        let exported = handler.exports.iter().map(String::as_str);
        let mut entries = allow.iter().map(String::as_str).chain(exported);
        entries.any(|entry| grant::covers(entry, import))
    };
    let imports = || handler.imports.iter().filter(|import| offers(import));
    let streams = imports().any(|import| import.starts_with("wasi:io/") && granted(import));
    let of_the_host = |import: &str| {
        const WITH_STREAMS: &[&str] = &["wasi:cli/stderr", "wasi:cli/stdout"];
        let name = grant::unversioned(import);
        granted(import) || streams && (name.starts_with("wasi:io/") || WITH_STREAMS.contains(&name))
    };
    imports()
        .filter(|import| !of_the_host(import))
        .cloned()
        .collect()
}

/// A function that a handler imports and that would stop it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Use {
    /// The interface, with its version.
    pub import: String,
    /// The function.
    pub function: String,
    /// The attempt that a call of the function is.
    pub attempt: wasi::Attempt,
}

/// The uses at which the sandbox would stop a handler's own code or that of its libraries, as far
/// as they can be determined.
///
/// Toolchains link as much as they can, and linked code need not be called. For most components the
/// uses are therefore known only at run time. Two kinds of components import only what their code
/// reaches. The first can neither print nor exit, so neither a standard library nor a language
/// runtime in it calls the host. The second has the SDK's mark, and rustc compiled it;
/// [`wasi::unasked`] lists the functions that its standard library links anyway.
///
/// # Errors
///
/// If the component's imports cannot be read.
pub fn uses(handler: &Handler, allow: &[String]) -> Result<Vec<Use>> {
    let satisfied = satisfied(handler, allow);
    let by_hand = !handler.runtime
        && !handler.imports.iter().any(|import| {
            let of_libraries = ["wasi:cli/exit", "wasi:cli/std", "wasi:cli/terminal"];
            of_libraries.iter().any(|prefix| import.starts_with(prefix))
        });
    if satisfied.is_empty() || !(by_hand || handler.sdk) {
        return Ok(Vec::new());
    }
    let (resolve, world) = decode(&handler.bytes)?;
    let mut uses = Vec::new();
    for (import, interface) in interfaces(&resolve, world) {
        if !satisfied.contains(&import) {
            continue;
        }
        for name in resolve.interfaces[interface].functions.keys() {
            let interface = grant::unversioned(&import);
            if let Answer::Stop(attempt) | Answer::Report(attempt) | Answer::Seed(attempt) =
                wasi::answer(interface, name)
                && (by_hand || !wasi::unasked(interface, name))
            {
                uses.push(Use {
                    import: import.clone(),
                    function: name.clone(),
                    attempt,
                });
            }
        }
    }
    Ok(uses)
}

/// Reads a component's types.
pub(crate) fn decode(bytes: &[u8]) -> Result<(Resolve, WorldId)> {
    match wit_component::decode(bytes)? {
        DecodedWasm::Component(resolve, world) => Ok((resolve, world)),
        DecodedWasm::WitPackage(..) => {
            anyhow::bail!("it is a package of interfaces, and no component")
        }
    }
}

/// The interfaces that a world imports, by the names under which components import them.
pub(crate) fn interfaces(
    resolve: &Resolve,
    world: WorldId,
) -> impl Iterator<Item = (String, InterfaceId)> {
    let imports = resolve.worlds[world].imports.iter();
    imports.filter_map(|(key, item)| match item {
        WorldItem::Interface { id, .. } => Some((resolve.name_world_key(key), *id)),
        _ => None,
    })
}
