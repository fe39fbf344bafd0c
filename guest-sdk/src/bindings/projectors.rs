//! The table of projectors as the interface `projectors`.

use super::{begin, lookup};
use crate::erased::{ProjectorEntry, Projectors};
use crate::wire;

wit_bindgen::generate!({
    world: "projector",
    path: "wit",
    pub_export_macro: true,
    export_macro_name: "export_world",
    default_bindings_module: "annals::__private::bindings::projectors",
    with: { "annals:es/types@0.1.0": crate::bindings::deciders::annals::es::types },
});

use exports::annals::es::projectors::{
    Fault, Guest, ReactionDescriptor, RecordedEvent, Row, RowChange, RowKey,
};

impl<T: Projectors> Guest for T {
    fn describe() -> Vec<ReactionDescriptor> {
        begin();
        T::TABLE
            .iter()
            .map(|entry| (entry.describe)().into())
            .collect()
    }

    fn touches(projector: u32, event: RecordedEvent) -> Result<Vec<RowKey>, Fault> {
        let entry = entry::<T>(projector)?;
        let keys = (entry.keys)(&event.into())?;
        Ok(keys.into_iter().map(|key| at(entry, key)).collect())
    }

    fn project(
        projector: u32,
        event: RecordedEvent,
        rows: Vec<Row>,
    ) -> Result<Vec<RowChange>, Fault> {
        let entry = entry::<T>(projector)?;
        let rows = rows.into_iter().map(|row| wire::Row {
            key: row.key,
            content_type: row.content_type,
            value: row.value,
        });
        let changes = (entry.project)(&event.into(), rows.collect())?;
        let changes = changes.into_iter().map(|change| match change {
            wire::RowChange::Delete(key) => RowChange::Delete(at(entry, key)),
            wire::RowChange::Put(row) => RowChange::Put(Row {
                view: entry.view.to_owned(),
                key: row.key,
                content_type: row.content_type,
                value: row.value,
            }),
        });
        Ok(changes.collect())
    }
}

fn entry<T: Projectors>(projector: u32) -> Result<&'static ProjectorEntry, Fault> {
    Ok(lookup(T::TABLE, projector, "projector")?)
}

fn at(entry: &ProjectorEntry, key: String) -> RowKey {
    RowKey {
        view: entry.view.to_owned(),
        key,
    }
}
