//! Exports the table of projectors as the interface `projectors`.

use core::cell::Cell;

use super::{begin, lookup};
use crate::erased::{Folded, Named, ProjectorEntry, Projectors};
use crate::wire;

wit_bindgen::generate!({
    world: "projector",
    path: "wit",
    pub_export_macro: true,
    export_macro_name: "export_world",
    default_bindings_module: "annals::__private::bindings::projectors",
    with: { "annals:es/types@0.2.0": crate::bindings::deciders::annals::es::types },
});

use exports::annals::es::projectors::{
    ChangedRow, Guest, PageFault, Projection, ReactionDescriptor, RecordedEvent, Row, RowChange,
    RowKey,
};

/// A page of events that `keys` has decoded.
struct Page {
    projector: u32,
    events: Vec<wire::Recorded>,
    named: Vec<Named>,
}

thread_local! {
    /// The page of the last `keys` call. `project` takes the same page and decodes nothing. Decoding depends on the
    /// events alone, so the domain cannot observe the difference.
    static PAGE: Cell<Option<Page>> = const { Cell::new(None) };
}

impl<T: Projectors> Guest for T {
    fn describe() -> Vec<ReactionDescriptor> {
        begin();
        T::TABLE
            .iter()
            .map(|entry| (entry.describe)().into())
            .collect()
    }

    fn keys(projector: u32, events: Vec<RecordedEvent>) -> Result<Vec<Vec<RowKey>>, PageFault> {
        let entry = entry::<T>(projector)?;
        let page = Page::read(entry, projector, events)?;
        let keys = page.named.iter();
        let keys = keys.map(|named| named.keys().map(|key| at(entry, key.clone())).collect());
        let keys = keys.collect();
        PAGE.set(Some(page));
        Ok(keys)
    }

    fn project(
        projector: u32,
        events: Vec<RecordedEvent>,
        rows: Vec<Row>,
        needed: Vec<RowKey>,
    ) -> Result<Projection, PageFault> {
        let entry = entry::<T>(projector)?;
        let known = PAGE.take().filter(|page| page.is_of(projector, &events));
        let page = match known {
            Some(page) => page,
            None => Page::read(entry, projector, events)?,
        };
        let rows = rows.into_iter().map(|row| wire::Row {
            key: row.key,
            content_type: row.content_type,
            value: row.value,
        });
        let needed = needed.into_iter().map(|row| row.key);
        let mut folded = (entry.begin)(rows.collect(), needed.collect());
        for (index, (event, named)) in (0..).zip(page.events.iter().zip(&page.named)) {
            // Resets before each event, so that the domain cannot observe the size of a page.
            begin();
            let step = folded
                .fold(event, named)
                .map_err(|fault| page_fault(index, fault))?;
            if let Folded::Needs(keys) = step {
                let keys = keys.into_iter().map(|key| at(entry, key));
                let needs = Projection::Needs(keys.collect());
                PAGE.set(Some(page));
                return Ok(needs);
            }
        }
        let changes = folded.changed().into_iter().map(|changed| ChangedRow {
            change: match changed.change {
                wire::RowChange::Delete(key) => RowChange::Remove(at(entry, key)),
                wire::RowChange::Put(row) => RowChange::Put(Row {
                    view: entry.view.to_owned(),
                    key: row.key,
                    content_type: row.content_type,
                    value: row.value,
                }),
            },
            event: changed.event,
        });
        Ok(Projection::Changes(changes.collect()))
    }
}

impl Page {
    fn read(
        entry: &ProjectorEntry,
        projector: u32,
        events: Vec<RecordedEvent>,
    ) -> Result<Self, PageFault> {
        let events: Vec<wire::Recorded> = events.into_iter().map(Into::into).collect();
        let mut all = Vec::with_capacity(events.len());
        for (index, event) in (0..).zip(&events) {
            begin();
            let named = (entry.keys)(event).map_err(|fault| page_fault(index, fault))?;
            all.push(named);
        }
        Ok(Self {
            projector,
            events,
            named: all,
        })
    }

    /// Whether decoding these events for this projector gives this page.
    fn is_of(&self, projector: u32, events: &[RecordedEvent]) -> bool {
        let same = |(mine, theirs): (&wire::Recorded, &RecordedEvent)| {
            mine.about.position == theirs.position
                && mine.about.event_id == theirs.id
                && mine.schema_version == theirs.schema_version
                && mine.event_type == theirs.event_type
                && mine.content_type == theirs.content_type
                && mine.payload == theirs.payload
        };
        self.projector == projector
            && self.events.len() == events.len()
            && self.events.iter().zip(events).all(same)
    }
}

fn at(entry: &ProjectorEntry, key: String) -> RowKey {
    RowKey {
        view: entry.view.to_owned(),
        key,
    }
}

fn entry<T: Projectors>(projector: u32) -> Result<&'static ProjectorEntry, PageFault> {
    lookup(T::TABLE, projector, "projector").map_err(|fault| page_fault(0, fault))
}

fn page_fault(index: u32, fault: wire::Fault) -> PageFault {
    PageFault {
        index,
        fault: fault.into(),
    }
}
