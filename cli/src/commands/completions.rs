//! `annals completions`

use anyhow::Result;
use clap::Command;
use clap_complete::Shell;

/// Prints a shell completion script for this command.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  source <(annals completions bash)
  annals completions zsh > ~/.zfunc/_annals
  annals completions fish > ~/.config/fish/completions/annals.fish")]
pub struct Args {
    /// The shell to generate the script for.
    #[arg(value_enum)]
    shell: Shell,
}

pub fn run(args: &Args, command: &mut Command) -> Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, command, "annals", &mut script);
    super::print(String::from_utf8_lossy(&script))
}
