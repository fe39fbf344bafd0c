//! `annals graph`

use annals_compose::graph::{self, Format, View};
use annals_compose::host::Host;
use annals_compose::manifest::Manifest;
use annals_compose::pipeline;
use anyhow::Result;
use std::path::PathBuf;

/// Draws the application: commands, deciders, events, reactions, views, and what of the host is granted.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  annals graph > app.mmd                          # Mermaid, as GitHub and many editors show it
  annals graph --format dot | dot -Tsvg > app.svg
  annals graph --parts                            # every component, with its size
  annals graph --format json | jq .routes")]
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
    /// Draws every component, the framework's too, and who imports what from whom.
    #[arg(long)]
    parts: bool,
}

pub fn run(args: Args) -> Result<()> {
    let manifest = Manifest::read_all(&args.manifest)?;
    let application = pipeline::check(&manifest, Some(args.host))?;
    let composed = pipeline::compose(&manifest, &application, args.host)?;
    let view = if args.parts { View::Parts } else { View::Story };
    let drawn = graph::draw(&composed.report, view, args.format)?;
    let end = if args.format == Format::Json {
        "\n"
    } else {
        ""
    };
    super::print(format_args!("{drawn}{end}"))
}
