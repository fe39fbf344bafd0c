//! Runs the steps of a composition.

use crate::check::{self, Checked};
use crate::generate::settings::{HandlerSetting, Settings};
use crate::host::Host;
use crate::manifest::Manifest;
use crate::probe::{self, Prober};
use crate::problem::Problems;
use crate::report::Report;
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

/// Builds, probes and checks all handlers.
///
/// # Errors
///
/// [`Problems`] of the user's input, or something of ours.
pub fn check(manifest: &Manifest) -> Result<Vec<Checked>> {
    let prober = Prober::new()?;
    let mut problems = Vec::new();
    let mut handlers = Vec::new();
    for (name, entry) in &manifest.handlers {
        let handler = source::load(manifest, name, entry.get_ref())
            .map_err(|problem| vec![problem])
            .and_then(|bytes| {
                probe::read(name, bytes).map_err(|error| {
                    vec![manifest.problem(
                        name,
                        format!("{error:#}"),
                        "name a component, or a core module that `annals::export!` is in",
                    )]
                })
            })
            .and_then(|handler| check::handler(manifest, &prober, handler));
        match handler {
            Ok(checked) => handlers.push(checked),
            Err(found) => problems.extend(found),
        }
    }
    problems.extend(check::together(manifest, &handlers));
    if problems.is_empty() {
        Ok(handlers)
    } else {
        Err(Problems(problems).into())
    }
}

/// Composes checked handlers for a host.
///
/// # Errors
///
/// Something of ours: checked handlers always compose.
pub fn compose(manifest: &Manifest, handlers: &[Checked], host: Host) -> Result<Composed> {
    let settings = Settings {
        name: manifest.app.name.clone(),
        version: manifest.app.version.clone(),
        prefix: manifest.store.prefix.clone(),
        partitions: manifest.store.partitions,
        bucket: manifest.store.bucket.clone(),
        path: manifest.store.path.clone(),
        handlers: handlers
            .iter()
            .map(|checked| HandlerSetting {
                name: checked.handler.name.clone(),
                kind: "decider".into(),
                version: checked
                    .deciders
                    .first()
                    .map(|decider| decider.version.clone())
                    .unwrap_or_default(),
            })
            .collect(),
    };
    let wired = wire::compose(Parts {
        settings,
        handlers,
        framework: framework::parts(host.adapter())?,
    })
    .context("wiring the parts together")?;
    let imports = verify::verify(&wired.bytes, host)?;
    let report = Report::new(manifest, host, handlers, &wired, imports);
    Ok(Composed {
        bytes: wired.bytes,
        report,
    })
}
