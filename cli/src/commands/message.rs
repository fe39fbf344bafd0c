//! Reports problems to the user.

use annals_compose::problem::Problems;
use annals_compose::problem::{human, json};
use clap::ValueEnum;
use std::io::{IsTerminal as _, Write as _};

/// The format of problems with the user's input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum MessageFormat {
    /// `human` on a terminal, otherwise `short`.
    Auto,
    /// For people, with the affected lines of the manifest. On stderr.
    Human,
    /// One line each. On stderr.
    Short,
    /// One JSON object on each line. On stdout.
    Json,
}

impl MessageFormat {
    /// Reports all problems.
    pub fn report(self, problems: &Problems) {
        let terminal = std::io::stderr().is_terminal();
        let text = match self {
            Self::Json => {
                // If stdout is closed, no reader is left. The exit status still reports the
                // failure.
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
