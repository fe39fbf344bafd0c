//! Processes of a process manager, as they are stored.
//!
//! The state of a process is a row of an internal view that counts its own revisions. It stays when
//! the process has ended, so that a late deliverer of an earlier step cannot bring it back.

use super::Lane;
use super::progress::{self, Content, PendingRow, row_size};
use crate::annals::es::types::RowKey;
use crate::annals::es::types::StoreError;
use crate::catalogue::stored_view;
use crate::ports::ReactionStore;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Longest id of a process, in bytes.
pub(super) const MAX_ID: usize = 1_024;

pub(super) fn is_legal(process: &str) -> bool {
    (1..=MAX_ID).contains(&process.len())
}

/// A process, as it is stored.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ProcessState {
    /// Nothing: it has ended.
    pub state: Option<Vec<u8>>,
    /// What it said last, oldest first.
    pub notes: Vec<String>,
    /// Position of the last event that it took in or, where it waits, that it has dealt with.
    pub position: u64,
    /// The dead letter that it waits for. Until that is dealt with, no later event is taken in.
    pub waits_for: Option<String>,
}

/// The view that holds a process manager's processes.
pub fn process_view(reaction: &str, generation: u32) -> String {
    stored_view(&format!("~{reaction}"), generation)
}

#[derive(Clone)]
pub(super) struct Process {
    /// Revision that is stored; 0: none.
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
    /// Processes whose new states a checkpoint holds already.
    pub(super) fn pending(lane: &Lane<'_>, rows: &[PendingRow]) -> Result<Self, StoreError> {
        let view = process_view(&lane.reaction.key, lane.generation);
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
        lane: &Lane<'_>,
        id: &str,
    ) -> Result<&mut Process, StoreError> {
        if !self.0.contains_key(id) {
            let row = store.get_row(&RowKey {
                view: process_view(&lane.reaction.key, lane.generation),
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
        // It was put there if it was not.
        Ok(self.0.entry(id.into()).or_insert(Process {
            seen: 0,
            now: ProcessState::default(),
            changed: false,
        }))
    }

    /// A process that was read or put here.
    pub(super) fn known(&self, id: &str) -> Option<&Process> {
        self.0.get(id)
    }

    pub(super) fn put(&mut self, id: &str, process: Process) {
        self.0.insert(id.into(), process);
    }

    /// Puts all of the others here.
    pub(super) fn extend(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Bytes that they take in a checkpoint, at most.
    pub(super) fn size(&self) -> usize {
        let size = |(id, process): (&String, &Process)| process.size(id);
        self.0.iter().map(size).sum()
    }

    pub(super) fn rows(self, lane: &Lane<'_>) -> Vec<PendingRow> {
        let view = process_view(&lane.reaction.key, lane.generation);
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

/// What is stored of a process.
pub fn decode(id: &str, bytes: &[u8]) -> Result<ProcessState, StoreError> {
    progress::decode(bytes)
        .map_err(|reason| StoreError::Corrupt(format!("the state of process {id}: {reason}")))
}
