//! The decider of a command. The catalogue is constant, so an instance reads it once.

use crate::annals::es::types::{DeciderDescriptor, Precondition};
use crate::outside::deciders;
use foldhash::fast::RandomState;
use std::collections::HashMap;
use std::sync::OnceLock;

struct Routes {
    catalogue: Vec<DeciderDescriptor>,
    /// Index of the decider, and of the command within it, by command type.
    commands: HashMap<String, (usize, usize), RandomState>,
}

static ROUTES: OnceLock<Routes> = OnceLock::new();

fn routes() -> &'static Routes {
    ROUTES.get_or_init(|| {
        let catalogue = deciders::describe();
        let mut commands = HashMap::default();
        for (index, decider) in catalogue.iter().enumerate() {
            for (command, spec) in decider.commands.iter().enumerate() {
                commands.insert(spec.command_type.clone(), (index, command));
            }
        }
        Routes {
            catalogue,
            commands,
        }
    })
}

/// The sender of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// An ingress, on behalf of a client.
    Outside,
    /// The dispatcher, on behalf of a process.
    Process {
        /// The sourcer records the failure of a precondition as the command's outcome. A later attempt under
        /// the same id receives this outcome.
        record_precondition_failure: bool,
    },
}

/// The route of a command.
pub struct Route {
    /// Index of the decider in the switchboard.
    pub index: u32,
    pub decider: &'static DeciderDescriptor,
    /// Precondition that the decider declares for this command.
    pub precondition: Precondition,
}

/// Finds the decider of a command. An internal command has no route for a sender from outside.
pub fn route(command_type: &str, origin: Origin) -> Option<Route> {
    let routes = routes();
    let (index, command) = *routes.commands.get(command_type)?;
    let decider = &routes.catalogue[index];
    if origin == Origin::Outside && decider.commands[command].internal {
        return None;
    }
    Some(Route {
        index: u32::try_from(index).ok()?,
        decider,
        precondition: decider.commands[command].precondition,
    })
}

/// Public command types similar to a misspelt one, nearest first.
pub fn near(command_type: &str) -> Vec<String> {
    // The list is short, so it is sorted by insertion. The standard library's sort would add a tenth to this
    // component's size.
    let mut near: Vec<(usize, &String)> = Vec::new();
    let routes = routes();
    for (known, (index, command)) in &routes.commands {
        if routes.catalogue[*index].commands[*command].internal {
            continue;
        }
        let one = (strsim::damerau_levenshtein(command_type, known), known);
        if one.0 <= 1 + known.len() / 3 {
            let place = near.partition_point(|before| *before <= one);
            near.insert(place, one);
        }
    }
    near.into_iter()
        .take(3)
        .map(|(_, known)| known.clone())
        .collect()
}

/// Finds a decider by its name.
pub fn decider(name: &str) -> Option<(u32, &'static DeciderDescriptor)> {
    let catalogue = catalogue();
    let index = catalogue.iter().position(|decider| decider.name == name)?;
    Some((u32::try_from(index).ok()?, &catalogue[index]))
}

pub fn catalogue() -> &'static [DeciderDescriptor] {
    &routes().catalogue
}
