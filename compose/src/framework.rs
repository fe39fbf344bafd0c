//! The framework's own components, built by this crate's build script and carried in the binary.

use crate::check::OwnPart;
use crate::generate::without_names;
use crate::host::Adapter;
use crate::part::Role;
use crate::wire::{Framework, Part};
use anyhow::{Context as _, Result};
use std::panic::resume_unwind;
use std::thread::{self, ScopedJoinHandle};
use wit_component::ComponentEncoder;

macro_rules! built {
    ($name:literal) => {
        include_bytes!(concat!(env!("OUT_DIR"), "/annals_", $name, ".wasm"))
    };
}

/// A component in both forms.
struct Built {
    whole: &'static [u8],
    /// For applications without reactions.
    plain: &'static [u8],
}

impl Built {
    fn of(&self, reactions: bool) -> &'static [u8] {
        if reactions { self.whole } else { self.plain }
    }
}

const STORE_KEYVALUE: Built = Built {
    whole: built!("store_keyvalue"),
    plain: built!("store_keyvalue_plain"),
};
const STORE_KEYVALUE_INCREMENT: Built = Built {
    whole: built!("store_keyvalue_increment"),
    plain: built!("store_keyvalue_increment_plain"),
};
const STORE_KEYVALUE_POINTER: Built = Built {
    whole: built!("store_keyvalue_pointer"),
    plain: built!("store_keyvalue_pointer_plain"),
};
const STORE_FILESYSTEM: Built = Built {
    whole: built!("store_filesystem"),
    plain: built!("store_filesystem_plain"),
};
const DISPATCHER: Built = Built {
    whole: built!("dispatcher"),
    plain: built!("dispatcher_plain"),
};
const SOURCER: &[u8] = built!("sourcer");
const INGRESS_HTTP: &[u8] = built!("ingress_http");
const INGRESS_CLI: &[u8] = built!("ingress_cli");
const LOG: &[u8] = built!("log");

/// What an application needs of the framework.
#[derive(Debug, Clone, Copy)]
pub struct Needs {
    /// It has reactions.
    pub reactions: bool,
    /// It can be run from a command line, too.
    pub command_line: bool,
}

/// What stands in the report for the framework's own part behind a user's.
const BEHIND: &str = "-behind";

/// The framework's part of an application, with the user's own parts in it. What only reactions need is left out where
/// there are none; not beside own parts, which may import all that the whole ones export.
///
/// # Errors
///
/// Only if this binary was built with broken components.
pub fn parts(adapter: Adapter, needs: Needs, own: &[OwnPart]) -> Result<Framework> {
    let reactions = needs.reactions || !own.is_empty();
    let roles = Role::ALL
        .into_iter()
        .filter(|role| *role != Role::IngressCli || needs.command_line)
        .map(|role| (role, own.iter().find(|own| own.role == role)));
    // Encoding takes longer than all else: each has a thread of its own.
    let (log, encoded) = thread::scope(|scope| {
        let log = scope.spawn(|| encode("log", LOG));
        let encoding: Vec<_> = roles
            .map(|(role, own)| {
                let ours = own.is_none_or(OwnPart::stands_in_front);
                let encoding = ours.then(|| scope.spawn(move || one(role, adapter, reactions)));
                (role, own, encoding)
            })
            .collect();
        let encoded = encoding.into_iter().map(|(role, own, encoding)| {
            let ours = encoding.map(joined).transpose()?;
            Ok((role, own, ours))
        });
        (joined(log), encoded.collect::<Result<Vec<_>>>())
    });
    let mut framework = Framework {
        reactions,
        log: log?,
        inner: Vec::new(),
        faces: Vec::new(),
    };
    for (role, own, mut ours) in encoded? {
        if own.is_some()
            && let Some(mut behind) = ours.take()
        {
            behind.name.push_str(BEHIND);
            framework.inner.push(behind);
        }
        let own = own.map(|own| Part {
            name: role.name().into(),
            bytes: own.component.bytes.clone(),
            sandbox: own.sandbox.clone(),
        });
        let part = own.or(ours).context("each role has a part")?;
        match role.face() {
            Some(_) => framework.faces.push(part),
            None => framework.inner.push(part),
        }
    }
    Ok(framework)
}

/// What a thread made.
fn joined(thread: ScopedJoinHandle<'_, Result<Part>>) -> Result<Part> {
    match thread.join() {
        Ok(part) => part,
        Err(panic) => resume_unwind(panic),
    }
}

/// The framework's own component for a part, with all that it can do.
///
/// # Errors
///
/// Only if this binary was built with broken components.
pub fn part(role: Role, adapter: Adapter) -> Result<Part> {
    one(role, adapter, true)
}

/// A store adapter, with all that it can do.
///
/// # Errors
///
/// Only if this binary was built with broken components.
pub fn store(adapter: Adapter) -> Result<Part> {
    one(Role::Store, adapter, true)
}

fn one(role: Role, adapter: Adapter, reactions: bool) -> Result<Part> {
    match role {
        Role::Store => {
            let (name, built) = match adapter {
                Adapter::Keyvalue => ("store-keyvalue", STORE_KEYVALUE),
                Adapter::KeyvalueIncrement => {
                    ("store-keyvalue-increment", STORE_KEYVALUE_INCREMENT)
                }
                Adapter::KeyvaluePointer => ("store-keyvalue-pointer", STORE_KEYVALUE_POINTER),
                Adapter::Filesystem => ("store-filesystem", STORE_FILESYSTEM),
            };
            encode(name, built.of(reactions))
        }
        Role::Sourcer => encode("sourcer", SOURCER),
        Role::Dispatcher => encode("dispatcher", DISPATCHER.of(reactions)),
        Role::IngressHttp => encode("ingress-http", INGRESS_HTTP),
        Role::IngressCli => encode("ingress-cli", INGRESS_CLI),
    }
}

fn encode(name: &str, module: &[u8]) -> Result<Part> {
    // Cargo strips no package that has an `opt-level` of its own.
    let bytes = without_names(module)
        .and_then(|module| {
            ComponentEncoder::default()
                .module(&module)?
                .validate(false)
                .encode()
        })
        .and_then(|component| without_names(&component))
        .with_context(|| format!("encoding the framework component {name}"))?;
    Ok(Part {
        name: name.into(),
        bytes,
        sandbox: None,
    })
}
