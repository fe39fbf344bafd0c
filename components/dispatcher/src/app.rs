//! The application interface: describes the components of the application and decides whether the application
//! may run on its store.

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

/// The deciders with their public commands. Internal commands are left out, because only process managers may
/// send them.
fn offered() -> Vec<DeciderDescriptor> {
    let mut deciders = sourcer::describe();
    for decider in &mut deciders {
        decider.commands.retain(|command| !command.internal);
    }
    deciders
}
