//! Which decider handles a command. The catalogue is constant, so it is read once an instance.

use crate::annals::es::types::{DeciderDescriptor, Precondition};
use crate::outside::deciders;
use std::collections::HashMap;
use std::sync::OnceLock;

struct Routes {
    catalogue: Vec<DeciderDescriptor>,
    /// Command type to the index of its decider and of the command within it.
    commands: HashMap<String, (usize, usize)>,
}

static ROUTES: OnceLock<Routes> = OnceLock::new();

fn routes() -> &'static Routes {
    ROUTES.get_or_init(|| {
        let catalogue = deciders::describe();
        let mut commands = HashMap::new();
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

/// Who sends a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// An ingress, on behalf of a client.
    Outside,
    /// The dispatcher, on behalf of a process.
    Process {
        /// A precondition that does not hold is an outcome: it is recorded, and stays the answer.
        record_precondition_failure: bool,
    },
}

/// A command's way.
pub struct Route {
    /// Index of the decider, as the switchboard counts.
    pub index: u32,
    pub decider: &'static DeciderDescriptor,
    /// The decider's own demand on the stream.
    pub precondition: Precondition,
}

/// Finds the decider for a command. From outside there is none for an internal one.
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

/// Command types that may come from outside near a misspelt one, nearest first.
pub fn near(command_type: &str) -> Vec<String> {
    // Few: the standard library's sort would be a tenth of this component.
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
