//! Generates components: switchboards, settings and the shared types.
//!
//! A generated component contains no logic beyond a branch. Its results are laid out in data
//! segments in advance, in the canonical ABI.

pub mod catalog;
pub mod diagnostics;
pub mod layout;
mod realloc;
pub mod sandbox;
pub mod settings;
pub mod switchboard;
pub mod types;

use anyhow::{Context as _, Result, anyhow};
use std::sync::OnceLock;
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::{Resolve, SourceMap, WorldId};

macro_rules! wit {
    ($($path:literal),* $(,)?) => {
        &[$(($path, include_str!(concat!("../../../wit/", $path)))),*]
    };
}

/// The contract's own WIT: names and contents of files.
pub const CONTRACT: &[(&str, &str)] = wit![
    "types.wit",
    "deciders.wit",
    "projectors.wit",
    "process-managers.wit",
    "notifiers.wit",
    "diagnostics.wit",
    "sourcer.wit",
    "application.wit",
    "event-reader.wit",
    "views.wit",
    "delivery.wit",
    "administration.wit",
    "event-store.wit",
    "reaction-store.wit",
    "worlds.wit",
];

/// The interfaces between the framework's own parts, in the same form.
const FRAMEWORK: &[(&str, &str)] = wit![
    "framework/settings.wit",
    "framework/sourcing.wit",
    "framework/log.wit",
    "framework/worlds.wit",
];

/// The handlers' part of the contract 0.1.0.
const FORMER: &[(&str, &str)] = &[
    (
        "0.1.0/types.wit",
        include_str!("../../../components/shim-0-1/wit/types.wit"),
    ),
    (
        "0.1.0/handlers.wit",
        include_str!("../../../components/shim-0-1/wit/handlers.wit"),
    ),
];

/// The contract with one more package, whose text declares the world `world`.
///
/// # Errors
///
/// If the text is not WIT, or has no such world.
pub fn resolve_world(text: &str, world: &str) -> Result<(Resolve, WorldId)> {
    // Parse once: each component that is generated for an application needs it.
    static PARSED: OnceLock<Resolve> = OnceLock::new();
    let mut resolve = match PARSED.get() {
        Some(contract) => contract.clone(),
        None => {
            let parsed = contract()?;
            PARSED.get_or_init(|| parsed).clone()
        }
    };
    let package = resolve.push_source("generated.wit", text)?;
    let world = resolve.select_world(&[package], Some(world))?;
    Ok((resolve, world))
}

/// The current contract, the former contract, and the interfaces between the framework's own parts.
fn contract() -> Result<Resolve> {
    let mut resolve = Resolve::default();
    for package in [CONTRACT, FRAMEWORK, FORMER] {
        let mut files = SourceMap::default();
        for (path, text) in package {
            files.push_str(path, *text);
        }
        let group = files
            .parse()
            .map_err(|(files, error)| anyhow!("{}", error.render(&files)))?;
        resolve.push_group(group)?;
    }
    Ok(resolve)
}

/// Turns a core module into a component of the given world.
///
/// # Errors
///
/// If the module does not fit the world.
pub fn componentize(mut module: Vec<u8>, resolve: &Resolve, world: WorldId) -> Result<Vec<u8>> {
    embed_component_metadata(&mut module, resolve, world, StringEncoding::UTF8, false)?;
    ComponentEncoder::default()
        .module(&module)?
        .validate(false)
        .encode()
        .context("encoding a generated component")
}
