//! An application, as the steps after the checks take it.

use crate::check::{Checked, OwnPart};

/// What the user brings to an application, checked.
pub struct Application {
    /// The handlers.
    pub handlers: Vec<Checked>,
    /// Components in place of parts of the framework.
    pub parts: Vec<OwnPart>,
}
