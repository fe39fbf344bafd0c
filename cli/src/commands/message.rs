//! How problems reach the user.

use annals_compose::problem::Problems;
use annals_compose::problem::{human, json};
use clap::ValueEnum;
use std::io::{IsTerminal as _, Write as _};

/// How problems of the user's input are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum MessageFormat {
    /// For people on a terminal, otherwise short.
    Auto,
    /// For people: with the lines of the manifest that are meant. On stderr.
    Human,
    /// One line each. On stderr.
    Short,
    /// One JSON object each, a line long. On stdout.
    Json,
}

impl MessageFormat {
    /// Tells all problems.
    pub fn tell(self, problems: &Problems) {
        let terminal = std::io::stderr().is_terminal();
        let text = match self {
            Self::Json => {
                // Nobody is left to tell if stdout is closed; the exit status still says it.
                let _ = std::io::stdout().write_all(json::render(problems).as_bytes());
                return;
            }
            Self::Auto if !terminal => format!("{problems}\n"),
            Self::Short => format!("{problems}\n"),
            Self::Auto | Self::Human => {
                let plain = std::env::var_os("NO_COLOR").is_some_and(|set| !set.is_empty());
                human::render(problems, terminal && !plain)
            }
        };
        let _ = std::io::stderr().write_all(text.as_bytes());
    }
}
