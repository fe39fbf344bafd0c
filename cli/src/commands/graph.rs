//! `annals graph`

use super::host::HostName;
use annals_compose::graph::{self, Format, View};
use annals_compose::manifest::Manifest;
use annals_compose::pipeline;
use anyhow::Result;
use clap::ValueEnum;
use std::path::PathBuf;

/// Draws the application: commands, deciders, events, reactions, views, and the granted interfaces
/// of the host.
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
    /// The host to compose for.
    #[arg(long, value_enum, default_value_t = HostName::Annals)]
    host: HostName,
    /// The output format.
    #[arg(long, value_enum, default_value_t = FormatName::Mermaid)]
    format: FormatName,
    /// Draws every component including the framework's, with its imports from other components.
    #[arg(long)]
    parts: bool,
}

/// The values of `--format`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FormatName {
    /// A Mermaid flowchart.
    Mermaid,
    /// Graphviz.
    Dot,
    /// The whole report as JSON.
    Json,
}

impl From<FormatName> for Format {
    fn from(name: FormatName) -> Self {
        match name {
            FormatName::Mermaid => Self::Mermaid,
            FormatName::Dot => Self::Dot,
            FormatName::Json => Self::Json,
        }
    }
}

pub fn run(args: Args) -> Result<()> {
    let host = args.host.into();
    let format = args.format.into();
    let manifest = Manifest::read_all(&args.manifest)?;
    let application = pipeline::check(&manifest, Some(host))?;
    let composed = pipeline::compose(&manifest, &application, host)?;
    let view = if args.parts { View::Parts } else { View::Story };
    let drawn = graph::draw(&composed.report, view, format)?;
    let end = if format == Format::Json { "\n" } else { "" };
    super::print(format_args!("{drawn}{end}"))
}
