//! Runs the steps of a composition.

use crate::cache::Cache;
use crate::check::{self, Checked};
use crate::generate::settings::{HandlerSetting, Settings};
use crate::host::Host;
use crate::kind::Kind;
use crate::manifest::Manifest;
use crate::probe::{self, Prober};
use crate::problem::Problems;
use crate::report::Report;
use crate::source::Wanted;
use crate::wire::{self, Parts};
use crate::{framework, source, verify};
use anyhow::{Context as _, Result};

/// A finished application.
pub struct Composed {
    /// The component.
    pub bytes: Vec<u8>,
    /// What is in it.
    pub report: Report,
}

/// Builds, probes and checks all handlers; with a host, also that it offers what they are granted.
///
/// # Errors
///
/// [`Problems`] of the user's input, or something of ours.
pub fn check(manifest: &Manifest, host: Option<Host>) -> Result<Vec<Checked>> {
    let cache = Cache::user();
    let prober = Prober::with_cache(cache.clone())?;
    let mut problems = Vec::new();
    let mut handlers = Vec::new();
    let wanted: Vec<Wanted<'_>> = manifest
        .handlers
        .iter()
        .map(|(name, entry)| Wanted {
            owner: name.into(),
            origin: &entry.origin,
        })
        .collect();
    let loaded = source::load_all(manifest, &wanted, &cache);
    for (name, bytes) in manifest.handlers.keys().zip(loaded) {
        let handler = bytes
            .map_err(|problem| vec![problem])
            .and_then(|bytes| {
                probe::read(name, bytes).map_err(|refusal| {
                    let place = manifest.value(&["handlers", name, "component"]);
                    let what = format!("its file {refusal}");
                    vec![
                        manifest
                            .problem(refusal.code(), name, what, refusal.remedy())
                            .at(place),
                    ]
                })
            })
            .and_then(|handler| check::handler(manifest, &prober, host, handler));
        match handler {
            Ok(checked) => handlers.push(checked),
            Err(found) => problems.extend(found),
        }
    }
    let all = handlers.len() == manifest.handlers.len();
    problems.extend(check::together(manifest, &handlers, all));
    if problems.is_empty() {
        Ok(handlers)
    } else {
        Err(Problems(problems).into())
    }
}

/// Composes handlers that were checked for this host.
///
/// # Errors
///
/// Something of ours: checked handlers always compose.
pub fn compose(manifest: &Manifest, handlers: &[Checked], host: Host) -> Result<Composed> {
    let reactions = handlers.iter().any(|checked| !checked.reactions.is_empty());
    let runs_commands = reactions && host.runs_commands();
    let wired = wire::compose(Parts {
        settings: settings(manifest, handlers, host),
        handlers,
        framework: framework::parts(host.adapter(), runs_commands)?,
    })
    .context("wiring the parts together")?;
    let imports = verify::verify(&wired.bytes, host, runs_commands)?;
    let report = Report::new(manifest, host, handlers, &wired, imports);
    Ok(Composed {
        bytes: wired.bytes,
        report,
    })
}

/// What the application's components are told of the manifest and the handlers.
#[must_use]
pub fn settings(manifest: &Manifest, handlers: &[Checked], host: Host) -> Settings {
    Settings {
        name: manifest.app.name.clone(),
        version: manifest.app.version.clone(),
        prefix: manifest.store.prefix.clone(),
        partitions: manifest.store.partitions,
        bucket: manifest.store.bucket.clone(),
        path: manifest.store.path.clone(),
        handlers: handlers
            .iter()
            .flat_map(|checked| handler_settings(manifest, checked))
            .collect(),
        delivery_budget: manifest
            .delivery
            .budget()
            .unwrap_or_else(|| host.delivery_budget()),
    }
}

/// One entry for a component's deciders, and one for each of its reactions.
fn handler_settings(manifest: &Manifest, checked: &Checked) -> Vec<HandlerSetting> {
    let name = &checked.handler.name;
    let on_failure = manifest
        .handlers
        .get(name)
        .map(|entry| entry.failure_policy())
        .unwrap_or_default();
    let deciders = checked.deciders.first().map(|decider| HandlerSetting {
        name: name.clone(),
        kind: Kind::Decider,
        version: decider.version.clone(),
        on_failure,
    });
    let reactions = checked.reactions.iter().map(|reaction| HandlerSetting {
        name: reaction.descriptor.name.clone(),
        kind: reaction.kind,
        version: reaction.descriptor.version.to_string(),
        on_failure,
    });
    deciders.into_iter().chain(reactions).collect()
}
