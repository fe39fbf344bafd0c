//! `annals compose`

use annals_compose::host::Host;
use annals_compose::manifest::Manifest;
use annals_compose::pipeline;
use anyhow::Result;
use std::path::PathBuf;

/// Composes the application into one component.
#[derive(clap::Args)]
pub struct Args {
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
}

pub fn run(args: Args) -> Result<()> {
    let host = args.host;
    let manifest = Manifest::read(&args.manifest)?;
    let application = pipeline::check(&manifest, Some(host))?;
    let composed = pipeline::compose(&manifest, &application, host)?;
    if let Some(report) = args.report {
        super::write(&report, &serde_json::to_vec_pretty(&composed.report)?)?;
    }
    super::write(&args.output, &composed.bytes)?;
    let r = &composed.report;
    println!(
        "{}: {} handlers, {} commands, {} reactions, {} KB ({} KB of it the framework)",
        args.output.display(),
        application.handlers.len(),
        r.routes.len(),
        r.reactions.len(),
        r.size.div_ceil(1024),
        r.framework_size.div_ceil(1024),
    );
    let output = args.output.display().to_string();
    println!("serve it: {}", host.serve_command(&output));
    if !r.reactions.is_empty()
        && let Some(command) = host.pump_command(&output)
    {
        println!("deliver to reactions without serving: {command}");
    }
    Ok(())
}
