//! Exports projectors of contract 0.1.0 under the present contract.
#![allow(missing_docs, reason = "generated bindings")]

use annals_allocator as _;

wit_bindgen::generate!({
    path: ["../wit", "../../../wit"],
    inline: "
        package annals:shim;
        world shim {
            import annals:es/projectors@0.1.0;
            export annals:es/projectors@0.2.0;
        }
    ",
    world: "annals:shim/shim",
    with: {
        "annals:es/types@0.1.0": annals_shim_0_1::former,
        "annals:es/types@0.2.0": annals_shim_0_1::current,
    },
    generate_all,
});

use annals::es0_1_0::projectors as former;
use annals_shim_0_1::{self as convert, former as old};
use exports::annals::es0_2_0::projectors::{
    ChangedRow, Guest, PageFault, Projection, ReactionDescriptor, RecordedEvent, Row, RowChange,
    RowKey,
};
use std::collections::BTreeMap;

struct Shim;

/// View and key of a row.
type Place = (String, String);

impl Guest for Shim {
    fn describe() -> Vec<ReactionDescriptor> {
        convert::reactions(former::describe())
    }

    fn keys(projector: u32, events: Vec<RecordedEvent>) -> Result<Vec<Vec<RowKey>>, PageFault> {
        let mut keys = Vec::with_capacity(events.len());
        for (index, event) in (0..).zip(events) {
            let touched = former::touches(projector, &convert::recorded(event))
                .map_err(|fault| convert::page_fault(index, fault))?;
            let touched = touched.into_iter().map(|row| RowKey {
                view: row.view,
                key: row.key,
            });
            keys.push(touched.collect());
        }
        Ok(keys)
    }

    /// Calls the handler once for each event, with the rows of that event's keys.
    fn project(
        projector: u32,
        events: Vec<RecordedEvent>,
        rows: Vec<Row>,
        _: Vec<RowKey>,
    ) -> Result<Projection, PageFault> {
        let place = |row: &Row| (row.view.clone(), row.key.clone());
        let mut rows: BTreeMap<Place, Row> =
            rows.into_iter().map(|row| (place(&row), row)).collect();
        let mut changed: BTreeMap<Place, u32> = BTreeMap::new();
        for (index, event) in (0..).zip(events) {
            let event = convert::recorded(event);
            let failed = |fault| convert::page_fault(index, fault);
            let touched = former::touches(projector, &event).map_err(failed)?;
            let given = touched.into_iter();
            let given = given.filter_map(|row| rows.get(&(row.view, row.key)));
            let given: Vec<old::Row> = given.map(former_row).collect();
            for change in former::project(projector, &event, &given).map_err(failed)? {
                let place = match change {
                    old::RowChange::Put(row) => {
                        let place = (row.view.clone(), row.key.clone());
                        rows.insert(place.clone(), current_row(row));
                        place
                    }
                    old::RowChange::Delete(row) => {
                        let place = (row.view, row.key);
                        rows.remove(&place);
                        place
                    }
                };
                changed.insert(place, index);
            }
        }
        let changes = changed.into_iter().map(|(place, event)| ChangedRow {
            change: match rows.remove(&place) {
                Some(row) => RowChange::Put(row),
                None => RowChange::Remove(RowKey {
                    view: place.0,
                    key: place.1,
                }),
            },
            event,
        });
        Ok(Projection::Changes(changes.collect()))
    }
}

fn former_row(row: &Row) -> old::Row {
    old::Row {
        view: row.view.clone(),
        key: row.key.clone(),
        content_type: row.content_type.clone(),
        value: row.value.clone(),
    }
}

fn current_row(row: old::Row) -> Row {
    Row {
        view: row.view,
        key: row.key,
        content_type: row.content_type,
        value: row.value,
    }
}

export!(Shim);
