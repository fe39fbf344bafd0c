//! `annals compose`

use super::host::HostName;
use annals_compose::host::files::Outcome;
use annals_compose::host::{Host, Served};
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
    /// The host to compose for: selects the store adapter, checks the imports, writes the host's
    /// own configuration beside the component, and prints the command that serves it.
    #[arg(long, value_enum, default_value_t = HostName::Annals)]
    host: HostName,
    /// The file to write.
    #[arg(short, long, default_value = "app.wasm")]
    output: PathBuf,
    /// Writes a machine-readable report: parts, sizes, imports, routes, graph.
    #[arg(long)]
    report: Option<PathBuf>,
}

pub fn run(args: Args) -> Result<()> {
    let host = args.host.into();
    let manifest = Manifest::read_all(&args.manifest)?;
    let application = pipeline::check(&manifest, Some(host))?;
    application.print_notes();
    let composed = pipeline::compose(&manifest, &application, host)?;
    if let Some(report) = args.report {
        super::write(&report, &serde_json::to_vec_pretty(&composed.report)?)?;
    }
    super::write(&args.output, &composed.bytes)?;
    let r = &composed.report;
    super::print(format_args!(
        "{}: {}, {}, {}, {} KB ({} KB of it the framework)\n",
        args.output.display(),
        super::counted(application.handlers.len(), "handler"),
        super::counted(r.routes.len(), "command"),
        super::counted(r.reactions.len(), "reaction"),
        r.size.div_ceil(1024),
        r.framework_size.div_ceil(1024),
    ))?;
    let served = Served {
        component: &args.output,
        name: &manifest.app.name,
        version: &manifest.app.version,
        bucket: &manifest.store.bucket,
        path: &manifest.store.path,
        imports: &r.imports,
    };
    configure(host, &served)?;
    let command = host.serve_command(&served);
    super::print(format_args!("serve it: {command}\n"))?;
    if !r.reactions.is_empty()
        && let Some(command) = host.pump_command(&served)
    {
        super::print(format_args!(
            "deliver to reactions without serving: {command}\n"
        ))?;
    }
    Ok(())
}

/// Writes the files that the host needs beside the application, except those that the user has
/// changed.
fn configure(host: Host, served: &Served<'_>) -> Result<()> {
    for file in host.files(served) {
        let path = file.path.display();
        match file.write() {
            Ok(Outcome::Written) => {}
            Ok(Outcome::Kept(lacks)) => {
                let needed = match lacks.is_empty() {
                    true => "remove it, and the composer writes it again".to_owned(),
                    false => format!("it must contain `{}`", lacks.join("` and `")),
                };
                eprintln!("note: {path} has changes of yours and was not overwritten; {needed}");
            }
            Err(error) => return Err(super::unwritable(&file.path, &error)),
        }
    }
    Ok(())
}
