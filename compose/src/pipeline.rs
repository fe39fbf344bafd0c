//! Runs the steps of a composition.

use crate::application::Application;
use crate::cache::Cache;
use crate::check::{self, Checked, OwnPart};
use crate::framework::Needs;
use crate::generate::settings::{HandlerSetting, Settings};
use crate::host::Host;
use crate::kind::Kind;
use crate::manifest::{Manifest, Origin};
use crate::part::Role;
use crate::probe::Prober;
use crate::problem::{Problem, Problems, Subject};
use crate::report::Report;
use crate::source::Wanted;
use crate::wire::{self, Parts};
use crate::{digest, framework, source, verify};
use anyhow::{Context as _, Result};
use std::time::Instant;

/// Delivery budget in milliseconds after a response, if no host drives deliveries.
const UNDRIVEN_BUDGET: u32 = 200;

/// A finished application.
pub struct Composed {
    /// The component.
    pub bytes: Vec<u8>,
    /// The report of the composition.
    pub report: Report,
}

/// Builds, probes and checks all handlers and own parts. With a host, it also checks that the host
/// offers what they are granted.
///
/// If the manifest has problems, nothing is built. The handlers without problems of their own are
/// then checked only if they need no build.
///
/// # Errors
///
/// [`Problems`] of the user's input, or an internal error.
pub fn check(manifest: &Manifest, host: Option<Host>) -> Result<Application> {
    let cache = Cache::user();
    let prober = Prober::with_cache(cache.clone())?;
    let mut problems = manifest.problems.clone();
    let sound = problems.is_empty();
    let looked_at = |subject: &Subject, origin: &Origin| {
        let needs_none = origin.path.is_none() && origin.build.is_none();
        let told = |problem: &Problem| problem.subject.as_ref() == Some(subject);
        sound || needs_none && !manifest.problems.iter().any(told)
    };
    let mut handlers = Vec::new();
    let of_handlers: Vec<Wanted<'_>> = manifest
        .handlers
        .iter()
        .map(|(name, entry)| Wanted {
            owner: name.into(),
            origin: &entry.origin,
        })
        .filter(|one| looked_at(&one.owner, one.origin))
        .collect();
    let names: Vec<Subject> = of_handlers.iter().map(|one| one.owner.clone()).collect();
    let of_parts = manifest.overrides.iter().filter(|_| sound);
    let of_parts = of_parts.map(|(name, entry)| Wanted {
        owner: Subject::Part(name.clone()),
        origin: &entry.origin,
    });
    let wanted: Vec<Wanted<'_>> = of_handlers.into_iter().chain(of_parts).collect();
    let mut loaded = source::load_all(manifest, &wanted, &cache).into_iter();
    let started = Instant::now();
    for (owner, bytes) in names.iter().zip(&mut loaded) {
        let handler = bytes
            .and_then(|bytes| check::read(manifest, owner, bytes))
            .map_err(|problem| vec![problem])
            .and_then(|handler| check::handler(manifest, &prober, host, handler));
        match handler {
            Ok(checked) => handlers.push(checked),
            Err(found) => problems.extend(found),
        }
    }
    let (asked, of, took) = (prober.asked(), manifest.handlers.len(), started.elapsed());
    tracing::info!("called `describe` of {asked} of {of} handlers; checked all in {took:.1?}");
    let all = sound && handlers.len() == manifest.handlers.len();
    problems.extend(check::together(manifest, &handlers, all));
    let parts = check::overrides(manifest, host, loaded, &mut problems)?;
    if problems.is_empty() {
        Ok(Application { handlers, parts })
    } else {
        Err(Problems(problems).into())
    }
}

/// Composes an application that was checked for this host.
///
/// # Errors
///
/// An internal error: a checked application always composes.
pub fn compose(manifest: &Manifest, application: &Application, host: Host) -> Result<Composed> {
    let Application { handlers, parts } = application;
    let reactions = handlers.iter().any(|checked| !checked.reactions.is_empty());
    let runs_commands = reactions && host.runs_commands();
    let needs = Needs {
        reactions,
        command_line: runs_commands,
    };
    let started = Instant::now();
    let wired = wire::compose(Parts {
        settings: settings(manifest, application, host),
        handlers,
        framework: framework::parts(host.adapter(), needs, parts),
    })
    .context("wiring the parts together")?;
    let (size, took) = (wired.bytes.len(), started.elapsed());
    tracing::info!("wired {size} bytes in {took:.1?}");
    let started = Instant::now();
    let imports = verify::verify(&wired.bytes, host, runs_commands)?;
    tracing::info!("verified them in {:.1?}", started.elapsed());
    let report = Report::new(manifest, host, application, &wired, imports);
    Ok(Composed {
        bytes: wired.bytes,
        report,
    })
}

/// The settings that the application's components read of the manifest and the handlers.
#[must_use]
pub fn settings(manifest: &Manifest, application: &Application, host: Host) -> Settings {
    let handlers = &application.handlers;
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
        retired: manifest.app.retired.clone(),
        delivery_budget: manifest
            .delivery
            .budget()
            .unwrap_or_else(|| delivery_budget(application, host)),
        cors: manifest.http.cors.clone(),
        application: digest::of(manifest, handlers),
    }
}

/// A host that drives deliveries uses the routes of the framework's own ingress. Without that
/// ingress, the user's ingress delivers after its responses.
fn delivery_budget(application: &Application, host: Host) -> u32 {
    let replaced = |part: &OwnPart| part.role == Role::IngressHttp && !part.stands_in_front();
    match application.parts.iter().any(replaced) {
        true => host.delivery_budget().max(UNDRIVEN_BUDGET),
        false => host.delivery_budget(),
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
        formerly: Vec::new(),
    });
    let formerly = |reaction: &str| {
        let entry = manifest.handlers.get(name);
        entry.map_or(&[][..], |entry| entry.formerly.of(reaction))
    };
    let reactions = checked.reactions.iter().map(|reaction| HandlerSetting {
        name: reaction.descriptor.name.clone(),
        kind: reaction.kind,
        version: reaction.descriptor.version.to_string(),
        on_failure,
        formerly: formerly(&reaction.descriptor.name).to_vec(),
    });
    deciders.into_iter().chain(reactions).collect()
}
