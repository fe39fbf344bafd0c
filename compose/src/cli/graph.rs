//! `annals graph`

use annals_compose::host::Host;
use annals_compose::manifest::Manifest;
use annals_compose::pipeline;
use annals_compose::report::Format;
use anyhow::Result;
use std::path::PathBuf;

/// Draws the composition.
#[derive(clap::Args)]
pub struct Args {
    /// The manifest.
    #[arg(short, long, default_value = "annals.toml")]
    manifest: PathBuf,
    /// The host that it is composed for.
    #[arg(long, value_enum, default_value_t = Host::Annals)]
    host: Host,
    /// How to draw it.
    #[arg(long, value_enum, default_value_t = Format::Mermaid)]
    format: Format,
}

pub fn run(args: Args) -> Result<()> {
    let manifest = Manifest::read(&args.manifest)?;
    let handlers = pipeline::check(&manifest, Some(args.host))?;
    let composed = pipeline::compose(&manifest, &handlers, args.host)?;
    println!("{}", composed.report.graph(args.format)?);
    Ok(())
}
