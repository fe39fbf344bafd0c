//! The application as a whole: what it is made of, and whether it may run.

use crate::annals::es::sourcer;
use crate::annals::es::types::DeciderDescriptor;
use crate::exports::annals::es::application::{Description, Guest, StartError, StoreError};
use crate::{Dispatcher, begin, describe, start};

impl Guest for Dispatcher {
    fn describe() -> Description {
        let [projectors, process_managers, notifiers] = describe::reactions();
        Description {
            deciders: offered(),
            projectors,
            process_managers,
            notifiers,
        }
    }

    fn begin() -> Result<(), StoreError> {
        begin()
    }

    fn start(accept: Vec<String>) -> Result<Vec<String>, StartError> {
        Ok(start(&accept)?)
    }
}

/// What deciders offer outside: internal commands are left out.
fn offered() -> Vec<DeciderDescriptor> {
    let mut deciders = sourcer::describe();
    for decider in &mut deciders {
        decider.commands.retain(|command| !command.internal);
    }
    deciders
}
