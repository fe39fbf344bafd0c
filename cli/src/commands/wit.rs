//! `annals wit`

use annals_compose::generate::CONTRACT;
use annals_compose::problem::{Code, Problem, Problems};
use anyhow::Result;
use std::path::PathBuf;

/// Writes the contract's WIT, for handlers in other languages and for parts of your own.
///
/// worlds.wit contains the worlds, such as `annals:es/decider` and `annals:es/store-adapter`. Files
/// of the same names in the folder are replaced.
#[derive(clap::Args)]
pub struct Args {
    /// The folder to write; it is a WIT package of its own
    #[arg(short, long, default_value = "wit/deps/annals-es")]
    output: PathBuf,
}

pub fn run(args: Args) -> Result<()> {
    let folder = args.output;
    std::fs::create_dir_all(&folder).map_err(|error| {
        Problems::from(Problem::new(
            Code::UnwritableOutput,
            folder.display().to_string(),
            format!("cannot be created: {error}"),
            "choose another place with -o",
        ))
    })?;
    for (name, text) in CONTRACT {
        super::write(&folder.join(name), text.as_bytes())?;
    }
    let package = annals_compose::contract("types").replace("/types", "");
    let (folder, files) = (folder.display(), CONTRACT.len());
    super::print(format_args!("{folder}: {package}, {files} files\n"))
}
