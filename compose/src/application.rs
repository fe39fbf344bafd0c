//! An application, as the steps after the checks take it.

use crate::check::{Checked, OwnPart};

/// What the user brings to an application, checked.
pub struct Application {
    /// The handlers.
    pub handlers: Vec<Checked>,
    /// Components in place of parts of the framework.
    pub parts: Vec<OwnPart>,
}

impl Application {
    /// Tells on stderr what is worth knowing of its handlers, and is no problem.
    pub fn tell_notes(&self) {
        for note in self.handlers.iter().filter_map(Checked::note) {
            eprintln!("note: {note}");
        }
    }
}
