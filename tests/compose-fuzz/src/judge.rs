//! Runs an input through the composer as the command does.

use crate::input::Input;
use annals_compose::application::Application;
use annals_compose::check;
use annals_compose::former;
use annals_compose::host::Host;
use annals_compose::manifest::Manifest;
use annals_compose::pipeline;
use annals_compose::probe::Prober;
use annals_compose::problem::{Problems, human, json};
use anyhow::{Context as _, Result, ensure};
use std::path::Path;

/// Lines for the handler in the application's manifest: without a grant, and with one.
const MANIFESTS: [&str; 2] = ["", "allow = [\"wasi:http/outgoing-handler\"]\n"];

/// Runs inputs through the composer.
pub struct Judge {
    prober: Prober,
    manifests: Vec<Manifest>,
}

impl Judge {
    /// Prepares an engine.
    pub fn new() -> Result<Self> {
        let manifest = |more: &&str| {
            let text = format!("[app]\nname = \"x\"\n[handlers.h]\ncomponent = \"h.wasm\"\n{more}");
            Manifest::parse(Path::new("annals.toml"), text)
        };
        let manifests = MANIFESTS.iter().map(manifest).collect::<Result<_, _>>()?;
        Ok(Self {
            prober: Prober::new()?,
            manifests,
        })
    }

    /// Runs an input and returns a short description of the outcome.
    ///
    /// # Errors
    ///
    /// If the composer accepts an input that it then cannot compose.
    pub fn judge(&self, input: &Input) -> Result<String> {
        match input {
            Input::Manifest(text) => {
                match Manifest::parse(Path::new("annals.toml"), text.clone()) {
                    Ok(_) => Ok("manifests accepted".into()),
                    Err(problems) => told(&problems),
                }
            }
            Input::Handler(bytes) => {
                let handler = match former::read("h", bytes.clone()) {
                    Ok(handler) => handler,
                    Err(refusal) => return Ok(format!("refused: {}", refusal.code())),
                };
                // The composer refuses a grant to most handlers, and does not examine those further. So only one in
                // eight inputs has a grant.
                let manifest = &self.manifests[usize::from(bytes.len() % 8 == 0)];
                let host = Host::Annals;
                match check::handler(manifest, &self.prober, Some(host), handler) {
                    Ok(checked) => {
                        let application = Application {
                            handlers: vec![checked],
                            parts: Vec::new(),
                        };
                        let problems = check::together(manifest, &application.handlers, true);
                        if !problems.is_empty() {
                            return told(&Problems(problems));
                        }
                        pipeline::compose(manifest, &application, host)
                            .context("a checked handler does not compose")?;
                        Ok("composed".into())
                    }
                    Err(problems) => told(&Problems(problems)),
                }
            }
        }
    }
}

/// The first problem's code. Every problem must have a text and a JSON form.
fn told(problems: &Problems) -> Result<String> {
    let lines = problems.to_string().lines().count();
    ensure!(lines == problems.0.len(), "{lines} lines: {problems}");
    ensure!(json::render(problems).lines().count() == lines, "JSON");
    ensure!(
        human::render(problems, true).contains("error"),
        "for people"
    );
    let first = problems.0.first().context("refused without a problem")?;
    Ok(format!("refused: {}", first.code))
}
