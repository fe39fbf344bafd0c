//! `annals test`

use super::message::MessageFormat;
use crate::cases::{self, Ended, Tally};
use annals_compose::manifest::Manifest;
use anyhow::Result;
use std::fmt::Write as _;
use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

/// Plays the handlers' given/when/then cases; the handlers may be in any language.
///
/// Cases are .json files in the folder `cases` beside a handler, or files that the manifest names.
/// Handlers run as components with their sandboxes, like in the composed application.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  annals test
  annals test open-account
  annals test --message-format json

Exit status: 0 all passed, 1 a case failed or your input is at fault, 2 usage, 3 our fault.")]
pub struct Args {
    /// Play only cases whose handler, file or name contains this text
    filter: Option<String>,
    /// The manifest.
    #[arg(short, long, default_value = "annals.toml")]
    manifest: PathBuf,
}

pub fn run(args: Args, format: MessageFormat) -> Result<ExitCode> {
    let begun = Instant::now();
    let manifest = Manifest::read(&args.manifest)?;
    let json = format == MessageFormat::Json;
    let paint = Paint::new();
    let mut failed = Vec::new();
    // If the output cannot be written, play all cases anyway and report the failure at the end.
    let mut written = Ok(());
    let tally = cases::run(&manifest, args.filter.as_deref(), |ended| {
        let told = match json {
            true => format!("{}\n", line("case", ended)),
            false => format!(
                "test {}: {} ... {}\n",
                ended.handler,
                ended.case,
                paint.verdict(ended.passed)
            ),
        };
        if written.is_ok() {
            written = super::print(told);
        }
        if !ended.passed {
            failed.push(ended.clone());
        }
    })?;
    written?;
    super::print(match json {
        true => format!("{}\n", line("summary", &tally)),
        false => summary(&failed, tally, &paint, begun),
    })?;
    Ok(ExitCode::from(u8::from(tally.failed > 0)))
}

/// One line of JSON with its kind.
fn line(kind: &str, of: &impl serde::Serialize) -> serde_json::Value {
    let mut line = serde_json::json!({ "type": kind });
    if let (Some(line), Ok(serde_json::Value::Object(of))) =
        (line.as_object_mut(), serde_json::to_value(of))
    {
        line.extend(of);
    }
    line
}

fn summary(failed: &[Ended], tally: Tally, paint: &Paint, begun: Instant) -> String {
    let mut text = String::new();
    if !failed.is_empty() {
        text.push_str("\nfailures:\n");
    }
    for ended in failed {
        let Ended {
            handler,
            case,
            file,
            ..
        } = ended;
        let _ = writeln!(text, "\n{handler}: {case} ({file})");
        for line in &ended.differs {
            let _ = writeln!(text, "    {}", paint.line(line));
        }
    }
    let _ = writeln!(
        text,
        "\ntest result: {}. {} passed; {} failed; {} filtered out; finished in {:.2}s",
        paint.verdict(tally.failed == 0),
        tally.passed,
        tally.failed,
        tally.filtered,
        begun.elapsed().as_secs_f64()
    );
    text
}

/// Colours for a terminal.
struct Paint(bool);

impl Paint {
    fn new() -> Self {
        let plain = std::env::var_os("NO_COLOR").is_some_and(|set| !set.is_empty());
        Self(std::io::stdout().is_terminal() && !plain)
    }

    fn with(&self, colour: u8, text: &str) -> String {
        if self.0 {
            format!("\x1b[{colour}m{text}\x1b[0m")
        } else {
            text.into()
        }
    }

    fn verdict(&self, passed: bool) -> String {
        if passed {
            self.with(32, "ok")
        } else {
            self.with(31, "FAILED")
        }
    }

    fn line(&self, line: &str) -> String {
        match line.chars().next() {
            Some('-') => self.with(31, line),
            Some('+') => self.with(32, line),
            _ => line.into(),
        }
    }
}
