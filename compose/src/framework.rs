//! The framework's own components, built by this crate's build script and carried in the binary.

use crate::check::OwnPart;
use crate::host::Adapter;
use crate::part::Role;
use crate::wire::{Framework, Part};
use anyhow::{Context as _, Result};
use wit_component::ComponentEncoder;

const STORE_KEYVALUE: &[u8] =
    include_bytes!(concat!(env!("OUT_DIR"), "/annals_store_keyvalue.wasm"));
const STORE_KEYVALUE_INCREMENT: &[u8] = include_bytes!(concat!(
    env!("OUT_DIR"),
    "/annals_store_keyvalue_increment.wasm"
));
const STORE_KEYVALUE_POINTER: &[u8] = include_bytes!(concat!(
    env!("OUT_DIR"),
    "/annals_store_keyvalue_pointer.wasm"
));
const STORE_FILESYSTEM: &[u8] =
    include_bytes!(concat!(env!("OUT_DIR"), "/annals_store_filesystem.wasm"));
const SOURCER: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/annals_sourcer.wasm"));
const DISPATCHER: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/annals_dispatcher.wasm"));
const INGRESS_HTTP: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/annals_ingress_http.wasm"));
const LOG: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/annals_log.wasm"));
const INGRESS_CLI: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/annals_ingress_cli.wasm"));

/// What stands in the report for the framework's own part behind a user's.
const BEHIND: &str = "-behind";

/// The framework's part of an application, with the user's own parts in it; `runs_commands` if it can be run
/// from a command line, too.
///
/// # Errors
///
/// Only if this binary was built with broken components.
pub fn parts(adapter: Adapter, runs_commands: bool, own: &[OwnPart]) -> Result<Framework> {
    let mut framework = Framework {
        log: encode("log", LOG)?,
        inner: Vec::new(),
        faces: Vec::new(),
    };
    for role in Role::ALL {
        if role == Role::IngressCli && !runs_commands {
            continue;
        }
        let replacement = own.iter().find(|own| own.role == role);
        if let Some(own) = replacement
            && own.stands_in_front()
        {
            let mut behind = part(role, adapter)?;
            behind.name.push_str(BEHIND);
            framework.inner.push(behind);
        }
        let part = match replacement {
            Some(own) => Part {
                name: role.name().into(),
                bytes: own.component.bytes.clone(),
                sandbox: own.sandbox.clone(),
            },
            None => part(role, adapter)?,
        };
        match role.face() {
            Some(_) => framework.faces.push(part),
            None => framework.inner.push(part),
        }
    }
    Ok(framework)
}

/// The framework's own component for a part.
///
/// # Errors
///
/// Only if this binary was built with broken components.
pub fn part(role: Role, adapter: Adapter) -> Result<Part> {
    match role {
        Role::Store => store(adapter),
        Role::Sourcer => encode("sourcer", SOURCER),
        Role::Dispatcher => encode("dispatcher", DISPATCHER),
        Role::IngressHttp => encode("ingress-http", INGRESS_HTTP),
        Role::IngressCli => encode("ingress-cli", INGRESS_CLI),
    }
}

/// A store adapter.
///
/// # Errors
///
/// Only if this binary was built with broken components.
pub fn store(adapter: Adapter) -> Result<Part> {
    match adapter {
        Adapter::Keyvalue => encode("store-keyvalue", STORE_KEYVALUE),
        Adapter::KeyvalueIncrement => encode("store-keyvalue-increment", STORE_KEYVALUE_INCREMENT),
        Adapter::KeyvaluePointer => encode("store-keyvalue-pointer", STORE_KEYVALUE_POINTER),
        Adapter::Filesystem => encode("store-filesystem", STORE_FILESYSTEM),
    }
}

fn encode(name: &str, module: &[u8]) -> Result<Part> {
    let bytes = ComponentEncoder::default()
        .module(module)
        // Nobody takes these apart, and names of their insides are 3 % of them.
        .and_then(|encoder| encoder.validate(false).debug_names(false).encode())
        .with_context(|| format!("encoding the framework component {name}"))?;
    Ok(Part {
        name: name.into(),
        bytes,
        sandbox: None,
    })
}
