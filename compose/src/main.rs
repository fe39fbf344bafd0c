//! `annals`: checks and composes applications.

use annals_compose::check::Checked;
use annals_compose::host::Host;
use annals_compose::kind::Kind;
use annals_compose::manifest::Manifest;
use annals_compose::pipeline;
use annals_compose::problem::{Problem, Problems};
use annals_compose::report::Format;
use anyhow::Result;
use clap::{Parser, Subcommand};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Event sourcing made of WebAssembly components.
///
/// Composes your handlers and the framework's components into one component that runs on any
/// WASI 0.2 host.
///
/// Exit status: 0 done, 1 your input is at fault, 2 usage, 3 our fault.
#[derive(Parser)]
#[command(name = "annals", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Builds, probes and checks all handlers; writes nothing.
    Check {
        /// The manifest.
        #[arg(short, long, default_value = "annals.toml")]
        manifest: PathBuf,
        /// A host that must offer what notifiers are granted; without it, any may.
        #[arg(long, value_enum)]
        host: Option<Host>,
    },
    /// Composes the application into one component.
    Compose {
        /// The manifest.
        #[arg(short, long, default_value = "annals.toml")]
        manifest: PathBuf,
        /// The host that it will run on: picks the store adapter, verifies the imports.
        #[arg(long, value_enum, default_value_t = Host::Annals)]
        host: Host,
        /// The file to write.
        #[arg(short, long, default_value = "app.wasm")]
        output: PathBuf,
        /// Writes a machine-readable report: parts, sizes, imports, routes, graph.
        #[arg(long)]
        report: Option<PathBuf>,
    },
    /// Draws the composition.
    Graph {
        /// The manifest.
        #[arg(short, long, default_value = "annals.toml")]
        manifest: PathBuf,
        /// The host that it is composed for.
        #[arg(long, value_enum, default_value_t = Host::Annals)]
        host: Host,
        /// How to draw it.
        #[arg(long, value_enum, default_value_t = Format::Mermaid)]
        format: Format,
    },
}

fn main() -> ExitCode {
    match run(Cli::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => match error.downcast_ref::<Problems>() {
            Some(problems) => {
                eprintln!("{problems}");
                ExitCode::from(1)
            }
            None => {
                eprintln!("annals: {error:#}");
                eprintln!("this is a fault of annals, not of your input: please report it");
                ExitCode::from(3)
            }
        },
    }
}

fn run(command: Command) -> Result<()> {
    match command {
        Command::Check { manifest, host } => {
            let manifest = Manifest::read(&manifest)?;
            let handlers = pipeline::check(&manifest, host)?;
            println!(
                "{}: {} handlers, {}, no problems",
                manifest.app.name,
                handlers.len(),
                counted(&handlers)
            );
        }
        Command::Compose {
            manifest,
            host,
            output,
            report,
        } => {
            let manifest = Manifest::read(&manifest)?;
            let handlers = pipeline::check(&manifest, Some(host))?;
            let composed = pipeline::compose(&manifest, &handlers, host)?;
            if let Some(report) = report {
                write(&report, &serde_json::to_vec_pretty(&composed.report)?)?;
            }
            write(&output, &composed.bytes)?;
            let r = &composed.report;
            println!(
                "{}: {} handlers, {} commands, {} reactions, {} KB ({} KB of it the framework)",
                output.display(),
                handlers.len(),
                r.routes.len(),
                r.reactions.len(),
                r.size.div_ceil(1024),
                r.framework_size.div_ceil(1024),
            );
            let output = output.display().to_string();
            println!("serve it: {}", host.serve_command(&output));
            if !r.reactions.is_empty()
                && let Some(command) = host.pump_command(&output)
            {
                println!("deliver to reactions without serving: {command}");
            }
        }
        Command::Graph {
            manifest,
            host,
            format,
        } => {
            let manifest = Manifest::read(&manifest)?;
            let handlers = pipeline::check(&manifest, Some(host))?;
            let composed = pipeline::compose(&manifest, &handlers, host)?;
            println!("{}", composed.report.graph(format)?);
        }
    }
    Ok(())
}

/// How many handlers there are of each kind, of those that there are.
fn counted(handlers: &[Checked]) -> String {
    let mut counts = Vec::new();
    for kind in Kind::ALL {
        let count: usize = handlers.iter().map(|checked| checked.count(kind)).sum();
        if count > 0 {
            counts.push(format!("{count} {kind}s"));
        }
    }
    counts.join(", ")
}

/// Writes a file whole or not at all.
fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let written = tempfile::NamedTempFile::new_in(folder).and_then(|mut file| {
        std::io::Write::write_all(&mut file, bytes)?;
        file.persist(path).map_err(|error| error.error)?;
        Ok(())
    });
    written.map_err(|error| {
        Problems::from(Problem::new(
            path.display().to_string(),
            format!("cannot be written: {error}"),
            "choose another place with -o, or make the folder",
        ))
        .into()
    })
}
