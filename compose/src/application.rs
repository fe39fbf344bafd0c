//! An application as the steps after the checks receive it.

use crate::check::{Checked, OwnPart};

/// The checked components that the user brings to an application.
pub struct Application {
    /// The handlers.
    pub handlers: Vec<Checked>,
    /// Components that replace parts of the framework.
    pub parts: Vec<OwnPart>,
}

impl Application {
    /// Prints notes about the handlers that are not problems on stderr.
    pub fn print_notes(&self) {
        for note in self.handlers.iter().filter_map(Checked::note) {
            eprintln!("note: {note}");
        }
    }
}
