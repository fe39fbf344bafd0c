//! Reports the stored processes of process managers.

use crate::annals::es::reaction_store::StoredRow;
use crate::annals::es::types::RowKey;
use crate::annals::es::types::StoreError;
use crate::catalogue::{Kind, Reaction};
use crate::delivery::Engine;
use crate::delivery::processes::{decode, process_view};
use crate::exports::annals::es::administration::{AdminError, Process, ProcessPage};
use crate::ports::Ports;

pub fn page<P: Ports>(
    engine: &Engine<'_, P>,
    reaction: &Reaction,
    after: Option<&str>,
    limit: u32,
) -> Result<ProcessPage, AdminError> {
    let view = view(engine, reaction)?;
    let page = engine
        .ports
        .scan_rows(&view, after, limit)
        .map_err(AdminError::Store)?;
    let processes = page.rows.into_iter().map(process);
    Ok(ProcessPage {
        processes: processes
            .collect::<Result<_, _>>()
            .map_err(AdminError::Store)?,
        end: page.end,
    })
}

pub fn find<P: Ports>(
    engine: &Engine<'_, P>,
    reaction: &Reaction,
    id: &str,
) -> Result<Process, AdminError> {
    let row = RowKey {
        view: view(engine, reaction)?,
        key: id.into(),
    };
    let found = engine.ports.get_row(&row).map_err(AdminError::Store)?;
    let found = found.ok_or(AdminError::UnknownProcess)?;
    process(found).map_err(AdminError::Store)
}

fn view<P: Ports>(engine: &Engine<'_, P>, reaction: &Reaction) -> Result<String, AdminError> {
    if reaction.kind != Kind::ProcessManager {
        return Err(AdminError::Refused(format!(
            "`{}` is a {}: only process managers have processes",
            reaction.name,
            reaction.kind.name()
        )));
    }
    let control = engine.control(reaction).map_err(AdminError::Store)?;
    Ok(process_view(&reaction.key, control.active))
}

fn process(row: StoredRow) -> Result<Process, StoreError> {
    let stored = decode(&row.key, &row.value)?;
    Ok(Process {
        id: row.key,
        state: stored.state,
        notes: stored.notes,
        waits_for: stored.waits_for,
    })
}
