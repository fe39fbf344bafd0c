//! Checkpoints and rows in plain maps: a minimal implementation that the cases must accept.

use std::collections::BTreeMap;

use annals_event_log::{
    Checkpoint, FoundRow, MAX_STATE_BYTES, Row, RowPage, StoreError, WriteError,
};

use crate::store::Defect;

/// The contents of one prefix.
#[derive(Default)]
pub struct Reactions {
    checkpoints: BTreeMap<String, Checkpoint>,
    /// The position, and the row, or `None` if it was deleted at that position.
    rows: BTreeMap<(String, String), (u64, Option<Row>)>,
}

impl Reactions {
    pub fn load_checkpoint(&self, handler: &str) -> Option<Checkpoint> {
        self.checkpoints.get(handler).cloned()
    }

    pub fn save_checkpoint(
        &mut self,
        handler: &str,
        next: Checkpoint,
        defect: Option<Defect>,
    ) -> Result<(), WriteError> {
        let stored = self.load_checkpoint(handler);
        let revision = stored.as_ref().map_or(0, |stored| stored.revision);
        if next.revision != revision && defect != Some(Defect::IgnoresRevision) {
            if let (Some(Defect::KeepsStaleStates), Some(mut stored)) = (defect, stored) {
                stored.state = next.state;
                self.checkpoints.insert(handler.to_owned(), stored);
            }
            return Err(WriteError::Stale);
        }
        if next.state.len() > MAX_STATE_BYTES && defect != Some(Defect::CutsStates) {
            return Err(StoreError::Invalid("the state is too large".into()).into());
        }
        let back = stored
            .is_some_and(|it| it.generation == next.generation && it.position > next.position);
        if back && defect != Some(Defect::CheckpointsGoBack) {
            return Err(WriteError::Stale);
        }
        let mut next = Checkpoint {
            revision: revision + 1,
            ..next
        };
        match defect {
            Some(Defect::ForgetsStates) => next.state.clear(),
            Some(Defect::CutsStates) => next.state.truncate(4096),
            _ => {}
        }
        self.checkpoints.insert(handler.to_owned(), next);
        Ok(())
    }

    pub fn get_row(&self, view: &str, key: &str) -> Option<Row> {
        let place = (view.to_owned(), key.to_owned());
        self.rows.get(&place)?.1.clone()
    }

    pub fn find_row(&self, view: &str, key: &str, defect: Option<Defect>) -> FoundRow {
        let place = (view.to_owned(), key.to_owned());
        let (position, row) = match self.rows.get(&place) {
            Some((_, None)) if defect == Some(Defect::HidesDeletions) => (0, None),
            Some((position, row)) => (*position, row.clone()),
            None => (0, None),
        };
        FoundRow { position, row }
    }

    pub fn write_row(
        &mut self,
        view: &str,
        key: &str,
        row: Option<Row>,
        seen: u64,
        position: u64,
        defect: Option<Defect>,
    ) -> Result<(), WriteError> {
        let stored = self.get_row(view, key).map_or(0, |row| row.position);
        if stored != seen && defect != Some(Defect::IgnoresSeen) {
            return Err(WriteError::Stale);
        }
        let place = (view.to_owned(), key.to_owned());
        let last = match self.rows.get(&place) {
            Some((_, None)) if defect == Some(Defect::ForgetsDeletions) => 0,
            Some((position, _)) => *position,
            None => 0,
        };
        if position <= last && !matches!(defect, Some(Defect::RowsGoBack | Defect::IgnoresSeen)) {
            return Err(WriteError::Stale);
        }
        self.rows.insert(place, (position, row));
        Ok(())
    }

    pub fn scan_rows(
        &self,
        view: &str,
        after: Option<&str>,
        limit: u32,
        defect: Option<Defect>,
    ) -> RowPage {
        let key = |row: &Row| match defect {
            Some(Defect::ScansOutOfOrder) => row.key.to_lowercase().chars().rev().collect(),
            _ => row.key.clone(),
        };
        let rows = self.rows.iter().filter(|((of, _), _)| of == view);
        let mut rows: Vec<Row> = rows.filter_map(|(_, (_, row))| row.clone()).collect();
        rows.sort_by_key(key);
        rows.retain(|row| after.is_none_or(|after| *row.key > *after));
        let end = rows.len() <= limit as usize;
        rows.truncate(limit as usize);
        let next = rows.last().map(|row| row.key.clone());
        RowPage { rows, next, end }
    }

    /// Drops rows. Returns whether none is left.
    pub fn drop_rows(&mut self, view: &str, limit: u32, defect: Option<Defect>) -> bool {
        let is_meant = |of: &str, key: &str| match defect {
            Some(Defect::NeverDrops) => false,
            Some(Defect::DropsByPrefix) => of.starts_with(view),
            Some(Defect::DropsBesideTheKey) => {
                of == view || format!("{of}.{key}").starts_with(&format!("{view}."))
            }
            _ => of == view,
        };
        let limit = match defect {
            Some(Defect::DropsAtOnce) => usize::MAX,
            _ => limit as usize,
        };
        let keys = self.rows.keys().filter(|(of, key)| is_meant(of, key));
        let keys: Vec<_> = keys.take(limit).cloned().collect();
        for key in keys {
            self.rows.remove(&key);
        }
        matches!(defect, Some(Defect::NeverDrops | Defect::DropsOneBatch))
            || !self.rows.keys().any(|(of, key)| is_meant(of, key))
    }
}
