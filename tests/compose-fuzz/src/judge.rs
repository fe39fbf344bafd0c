//! Plays an input as the command would.

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

/// The application that a handler is in, with nothing and with something granted.
const MANIFESTS: [&str; 2] = ["", "allow = [\"wasi:http/outgoing-handler\"]\n"];

/// Plays inputs.
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

    /// What becomes of an input, in some words.
    ///
    /// # Errors
    ///
    /// If the composer accepts what it then cannot compose.
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
                // Most handlers may be granted nothing, and are not looked at any further then.
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

/// The first problem's code; all of them can be told in each way.
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
