//! Lays out the descriptors of all handlers of a kind in memory, as a switchboard's `describe`
//! returns them.

use super::layout::{Image, Record};
use crate::descriptors::{
    DeciderDescriptor, EventSchema, Precondition, ReactionDescriptor, StartFrom,
};
use crate::kind::Kind;

/// The descriptors of one kind.
#[derive(Debug, Clone)]
pub enum Catalogue<'a> {
    /// The descriptors of deciders.
    Deciders(Vec<&'a DeciderDescriptor>),
    /// The descriptors of any one kind of reactions.
    Reactions(Vec<&'a ReactionDescriptor>),
}

impl Catalogue<'_> {
    /// A catalogue without handlers.
    #[must_use]
    pub fn empty(kind: Kind) -> Self {
        match kind {
            Kind::Decider => Self::Deciders(Vec::new()),
            _ => Self::Reactions(Vec::new()),
        }
    }
}

impl Catalogue<'_> {
    /// Places the catalogue and returns the address of the list of descriptors, which is the result
    /// of `describe`.
    pub fn place(&self, image: &mut Image) -> u32 {
        let records: Vec<Record> = match self {
            Self::Deciders(all) => all.iter().map(|one| decider(image, one)).collect(),
            Self::Reactions(all) => all.iter().map(|one| reaction(image, one)).collect(),
        };
        let list = image.list(&records, 4);
        let mut result = Record::default();
        result.list(list);
        image.place(&result.into_bytes(), 4)
    }
}

/// Places a catalogue of deciders.
pub fn place(image: &mut Image, deciders: &[&DeciderDescriptor]) -> u32 {
    Catalogue::Deciders(deciders.to_vec()).place(image)
}

fn reaction(image: &mut Image, reaction: &ReactionDescriptor) -> Record {
    let schemas = schemas(image, &reaction.schemas);
    let annotations = annotations(image, &reaction.annotations);
    let mut record = Record::default();
    record
        .string(image, &reaction.name)
        .u32(reaction.version)
        .strings(image, &reaction.event_types)
        .strings(image, &reaction.emits)
        .strings(image, &reaction.views)
        .u8(match reaction.start {
            StartFrom::Origin => 0,
            StartFrom::Now => 1,
        })
        .u32(reaction.concurrency)
        .list(schemas)
        .list(annotations);
    record
}

fn schemas(image: &mut Image, schemas: &[EventSchema]) -> [u32; 2] {
    let records: Vec<Record> = schemas
        .iter()
        .map(|schema| {
            let mut record = Record::default();
            record
                .string(image, &schema.event_type)
                .u32(schema.version)
                .option_string(image, schema.schema.as_deref());
            record
        })
        .collect();
    image.list(&records, 4)
}

fn annotations(image: &mut Image, annotations: &[(String, String)]) -> [u32; 2] {
    let records: Vec<Record> = annotations
        .iter()
        .map(|(name, value)| {
            let mut record = Record::default();
            record.string(image, name).string(image, value);
            record
        })
        .collect();
    image.list(&records, 4)
}

fn decider(image: &mut Image, decider: &DeciderDescriptor) -> Record {
    let commands: Vec<Record> = decider
        .commands
        .iter()
        .map(|command| {
            let (case, version) = match command.precondition {
                Precondition::Any => (0, 0),
                Precondition::NoStream => (1, 0),
                Precondition::StreamExists => (2, 0),
                Precondition::At(version) => (3, version),
            };
            let mut record = Record::default();
            record
                .string(image, &command.command_type)
                .align(8)
                .u8(case)
                .u64(version)
                .option_string(image, command.schema.as_deref())
                .u8(command.internal.into());
            record
        })
        .collect();
    // The 64-bit payload of `precondition` makes the record's alignment 8.
    let commands = image.list(&commands, 8);
    let schemas = schemas(image, &decider.schemas);
    let annotations = annotations(image, &decider.annotations);
    let mut record = Record::default();
    record
        .string(image, &decider.name)
        .string(image, &decider.version)
        .string(image, &decider.category)
        .list(commands)
        .strings(image, &decider.emits)
        .strings(image, &decider.folds)
        .u32(decider.snapshot_every)
        .u32(decider.state_version)
        .list(schemas)
        .list(annotations);
    record
}
