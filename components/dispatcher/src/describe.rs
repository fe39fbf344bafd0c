//! Describes the application from its switchboards and its settings.

use crate::annals::es::sourcer;
use crate::annals::es::types::{DeciderDescriptor, ReactionDescriptor};
#[cfg(feature = "reactions")]
use crate::annals::es::{notifiers, process_managers, projectors};
use crate::annals::framework::settings::AppSettings;
use crate::application::{Decider, Description, Reaction, Record};

/// Descriptors of the projectors, process managers and notifiers, in this order.
#[cfg(feature = "reactions")]
pub fn reactions() -> [Vec<ReactionDescriptor>; 3] {
    [
        projectors::describe(),
        process_managers::describe(),
        notifiers::describe(),
    ]
}

/// An application that is built without this feature has no reactions.
#[cfg(not(feature = "reactions"))]
pub fn reactions() -> [Vec<ReactionDescriptor>; 3] {
    Default::default()
}

/// Builds the description of the application that the store's record is compared with.
pub fn application(
    settings: &AppSettings,
    reactions: &[Vec<ReactionDescriptor>; 3],
) -> Description {
    let kinds = ["projector", "process-manager", "notifier"];
    let reactions = kinds.into_iter().zip(reactions).flat_map(|(kind, all)| {
        let one = move |described: &ReactionDescriptor| Reaction {
            name: described.name.clone(),
            key: String::new(),
            kind: kind.into(),
            version: described.version,
            views: described.views.clone(),
            event_types: described.event_types.clone(),
            formerly: Vec::new(),
        };
        all.iter().map(one)
    });
    let formerly = settings.handlers.iter();
    let formerly = formerly.map(|handler| (handler.name.clone(), handler.formerly.clone()));
    Description {
        record: Record {
            digests: Vec::new(),
            name: settings.name.clone(),
            version: settings.version.clone(),
            composer: settings.composer.clone(),
            deciders: sourcer::describe().into_iter().map(decider).collect(),
            reactions: reactions.collect(),
            retired: Vec::new(),
        },
        formerly: formerly
            .filter(|(_, formerly)| !formerly.is_empty())
            .collect(),
        retired: settings.retired.clone(),
    }
}

fn decider(described: DeciderDescriptor) -> Decider {
    Decider {
        name: described.name,
        category: described.category,
        commands: described
            .commands
            .into_iter()
            .map(|command| command.command_type)
            .collect(),
        emits: described.emits,
        folds: described.folds,
        schemas: described
            .schemas
            .into_iter()
            .filter(|schema| schema.version != 1)
            .map(|schema| (schema.event_type, schema.version))
            .collect(),
    }
}
