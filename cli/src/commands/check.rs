//! `annals check`

use super::host::HostName;
use annals_compose::check::Checked;
use annals_compose::kind::Kind;
use annals_compose::manifest::Manifest;
use annals_compose::pipeline;
use anyhow::Result;
use std::path::PathBuf;

/// Builds, probes and checks all handlers; writes nothing.
#[derive(clap::Args)]
pub struct Args {
    /// The manifest.
    #[arg(short, long, default_value = "annals.toml")]
    manifest: PathBuf,
    /// A host that must offer the interfaces granted to notifiers; without it, any host may offer
    /// them
    #[arg(long, value_enum)]
    host: Option<HostName>,
}

pub fn run(args: Args) -> Result<()> {
    let manifest = Manifest::read_all(&args.manifest)?;
    let application = pipeline::check(&manifest, args.host.map(Into::into))?;
    application.print_notes();
    super::print(format_args!(
        "{}: {}, {}, no problems\n",
        manifest.app.name,
        super::counted(application.handlers.len(), "handler"),
        kinds(&application.handlers)
    ))
}

/// The number of handlers of each kind that the application has.
fn kinds(handlers: &[Checked]) -> String {
    let mut counts = Vec::new();
    for kind in Kind::ALL {
        let count: usize = handlers.iter().map(|checked| checked.count(kind)).sum();
        if count > 0 {
            counts.push(super::counted(count, kind.words()));
        }
    }
    counts.join(", ")
}
