//! Converts records between the contracts 0.1.0 and 0.2.0.
//!
//! Records for a handler of 0.1.0 lose the fields that 0.1.0 lacks: tags and extensions. Records from such a
//! handler get empty values for the fields that 0.1.0 cannot express.
#![allow(missing_docs, reason = "generated bindings")]

wit_bindgen::generate!({
    path: ["wit", "../../wit"],
    inline: "
        package annals:shim;
        world records {
            import annals:es/types@0.1.0;
            import annals:es/types@0.2.0;
        }
    ",
    world: "annals:shim/records",
    generate_unused_types: true,
    generate_all,
});

pub use annals::es0_1_0::types as former;
pub use annals::es0_2_0::types as current;

pub fn fault(fault: former::Fault) -> current::Fault {
    current::Fault {
        message: fault.message,
    }
}

pub fn page_fault(index: u32, fault: former::Fault) -> current::PageFault {
    current::PageFault {
        index,
        fault: self::fault(fault),
    }
}

pub fn context(context: current::Context) -> former::Context {
    former::Context {
        now: context.now,
        seed: context.seed,
        actor: context.actor,
    }
}

pub fn recorded(event: current::RecordedEvent) -> former::RecordedEvent {
    let metadata = event.metadata;
    former::RecordedEvent {
        id: event.id,
        stream: event.stream,
        version: event.version,
        position: event.position,
        recorded_at: event.recorded_at,
        event_type: event.event_type,
        schema_version: event.schema_version,
        content_type: event.content_type,
        payload: event.payload,
        metadata: former::Metadata {
            command_id: metadata.command_id,
            command_type: metadata.command_type,
            correlation_id: metadata.correlation_id,
            causation_id: metadata.causation_id,
            actor: metadata.actor,
            traceparent: metadata.traceparent,
        },
    }
}

pub fn reactions(described: Vec<former::ReactionDescriptor>) -> Vec<current::ReactionDescriptor> {
    described.into_iter().map(reaction).collect()
}

fn reaction(described: former::ReactionDescriptor) -> current::ReactionDescriptor {
    current::ReactionDescriptor {
        name: described.name,
        version: described.version,
        event_types: described.wants,
        emits: described.emits,
        views: described.views,
        start: match described.from {
            former::StartFrom::Origin => current::StartFrom::Origin,
            former::StartFrom::Now => current::StartFrom::Now,
        },
        concurrency: described.lanes,
        schemas: schemas(described.schemas),
        annotations: Vec::new(),
    }
}

pub fn schemas(schemas: Vec<former::EventSchema>) -> Vec<current::EventSchema> {
    let schema = |schema: former::EventSchema| current::EventSchema {
        event_type: schema.event_type,
        version: schema.version,
        schema: None,
    };
    schemas.into_iter().map(schema).collect()
}
