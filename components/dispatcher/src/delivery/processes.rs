//! Storage of a process manager's processes.
//!
//! A process is a row of an internal view. The row's position counts the row's revisions. The row stays when
//! the process has ended, so that a late deliverer of an earlier step cannot restore the process.

use super::Partition;
use super::progress::{self, Content, PendingRow, row_size};
use crate::annals::es::types::RowKey;
use crate::annals::es::types::StoreError;
use crate::catalogue::stored_view;
use crate::ports::ReactionStore;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Upper limit of a process id, in bytes.
pub(super) const MAX_ID_BYTES: usize = 1_024;

pub(super) fn is_legal(process: &str) -> bool {
    (1..=MAX_ID_BYTES).contains(&process.len())
}

/// The stored value of a process's row.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ProcessState {
    /// `None` if the process has ended.
    pub state: Option<Vec<u8>>,
    /// The process's latest notes, oldest first.
    pub notes: Vec<String>,
    /// Position of the last event that the process has taken. For a waiting process: the position up to which
    /// it has caught up.
    pub position: u64,
    /// Id of the dead letter that the process waits for. The process takes no later event until this dead
    /// letter is resolved.
    pub waits_for: Option<String>,
}

/// Name of the internal view that holds a process manager's processes.
pub fn process_view(reaction: &str, generation: u32) -> String {
    stored_view(&format!("~{reaction}"), generation)
}

#[derive(Clone)]
pub(super) struct Process {
    /// Stored revision of the row; 0 if there is no row.
    seen: u64,
    pub(super) now: ProcessState,
    pub(super) changed: bool,
}

impl Process {
    fn size(&self, id: &str) -> usize {
        let state = self.now.state.as_ref().map_or(0, Vec::len);
        let notes: usize = self.now.notes.iter().map(|note| note.len() + 4).sum();
        row_size("", id, state + notes)
    }
}

#[derive(Default)]
pub(super) struct Processes(BTreeMap<String, Process>);

impl Processes {
    /// The processes whose new states are pending in a checkpoint.
    pub(super) fn pending(
        partition: &Partition<'_>,
        rows: &[PendingRow],
    ) -> Result<Self, StoreError> {
        let view = process_view(&partition.reaction.key, partition.generation);
        let mut known = BTreeMap::new();
        for row in rows.iter().filter(|row| row.view == view) {
            let bytes = row
                .content
                .as_ref()
                .map_or(&[][..], |content| &content.value);
            let process = Process {
                seen: row.seen,
                now: decode(&row.key, bytes)?,
                changed: true,
            };
            known.insert(row.key.clone(), process);
        }
        Ok(Self(known))
    }

    pub(super) fn get(
        &mut self,
        store: &impl ReactionStore,
        partition: &Partition<'_>,
        id: &str,
    ) -> Result<&mut Process, StoreError> {
        if !self.0.contains_key(id) {
            let row = store.get_row(&RowKey {
                view: process_view(&partition.reaction.key, partition.generation),
                key: id.into(),
            })?;
            let process = match row {
                Some(row) => Process {
                    seen: row.position,
                    now: decode(id, &row.value)?,
                    changed: false,
                },
                None => Process {
                    seen: 0,
                    now: ProcessState::default(),
                    changed: false,
                },
            };
            self.0.insert(id.into(), process);
        }
        // The entry exists: the branch above has inserted it.
        Ok(self.0.entry(id.into()).or_insert(Process {
            seen: 0,
            now: ProcessState::default(),
            changed: false,
        }))
    }

    /// The process with this id, if this set contains it.
    pub(super) fn known(&self, id: &str) -> Option<&Process> {
        self.0.get(id)
    }

    pub(super) fn put(&mut self, id: &str, process: Process) {
        self.0.insert(id.into(), process);
    }

    /// Adds all processes of another set.
    pub(super) fn extend(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Upper bound of the processes' size in a checkpoint, in bytes.
    pub(super) fn size(&self) -> usize {
        let size = |(id, process): (&String, &Process)| process.size(id);
        self.0.iter().map(size).sum()
    }

    pub(super) fn rows(self, partition: &Partition<'_>) -> Vec<PendingRow> {
        let view = process_view(&partition.reaction.key, partition.generation);
        let changed = self.0.into_iter().filter(|(_, process)| process.changed);
        changed
            .map(|(key, process)| PendingRow {
                view: view.clone(),
                key,
                seen: process.seen,
                position: process.seen + 1,
                content: Some(Content {
                    content_type: "application/octet-stream".into(),
                    value: progress::encode(&process.now),
                }),
            })
            .collect()
    }
}

/// Decodes a process's row.
pub fn decode(id: &str, bytes: &[u8]) -> Result<ProcessState, StoreError> {
    progress::decode(bytes)
        .map_err(|reason| StoreError::Corrupt(format!("the state of the process {id}: {reason}")))
}
