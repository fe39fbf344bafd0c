//! Imports rows and checkpoints.

use crate::line::Line;
use annals_event_log::Slots;
use annals_event_log::{Checkpoint, KeyRange, Row};
use annals_event_log::{StoreError, WriteError};

use super::{ImportError, Importer};

impl<S: Slots> Importer<S> {
    /// Imports a row or a deletion. Replaces an older row.
    pub(super) fn row(&mut self, line: &Line<'_>) -> Result<(), ImportError> {
        let view = self.has(line.view.as_deref(), "view")?;
        let key = self.has(line.viewkey.as_deref(), "viewkey")?;
        let position = self.has(line.reflects, "reflects")?;
        let row = match line.is_without_data() {
            true => None,
            false => Some(Row {
                key: key.to_owned(),
                content_type: self
                    .has(line.datacontenttype.as_deref(), "datacontenttype")?
                    .to_owned(),
                value: self.legal(line.payload())?,
                position,
            }),
        };
        let (place, found) = self
            .reactions
            .place_row(&self.store, view, key)
            .map_err(|source| self.store(source))?;
        self.count.rows += 1;
        if place.revision.get() > 0 && place.position.get() == position && found == row {
            return Ok(());
        }
        // An interrupted import may have listed the row's key before it created the row. The scan reads the list, so
        // the key is not listed twice.
        if place.revision.get() == 0 && !self.views.contains(view) {
            let listed = self
                .reactions
                .scan(&self.store, view, KeyRange::default(), 1);
            listed.map_err(|source| self.store(source))?;
            self.views.insert(view.to_owned());
        }
        let seen = found.map_or(0, |row| row.position);
        let written = match row {
            Some(row) => self.reactions.put_row(&self.store, view, row, seen),
            None => self
                .reactions
                .delete_row(&self.store, view, key, seen, position),
        };
        self.wrote(written, || format!("row {key:?} of view {view:?}"))
    }

    /// Imports a handler's checkpoint. Replaces a checkpoint with a lower or equal generation and position.
    pub(super) fn checkpoint(&mut self, line: &Line<'_>) -> Result<(), ImportError> {
        let handler = self.has(line.handler.as_deref(), "handler")?;
        let stored = self
            .reactions
            .checkpoints
            .load(&self.store, handler)
            .map_err(|source| self.store(source))?;
        let next = Checkpoint {
            position: self.has(line.reflects, "reflects")?,
            generation: self.has(line.generation, "generation")?,
            revision: stored.as_ref().map_or(0, |stored| stored.revision),
            state: self.legal(line.payload())?,
        };
        self.count.checkpoints += 1;
        if stored.as_ref() == Some(&next) {
            return Ok(());
        }
        let place = || format!("the checkpoint of {handler:?}");
        let order = |it: &Checkpoint| (it.generation, it.position);
        if stored.is_some_and(|stored| order(&stored) > order(&next)) {
            return Err(self.different(place()));
        }
        let written = self.reactions.checkpoints.save(&self.store, handler, next);
        self.wrote(written, place)
    }

    fn wrote(
        &mut self,
        written: Result<(), WriteError>,
        place: impl Fn() -> String,
    ) -> Result<(), ImportError> {
        match written {
            Ok(()) => {
                self.count.written += 1;
                Ok(())
            }
            Err(WriteError::Stale) => Err(self.different(place())),
            Err(WriteError::Store(StoreError::Invalid(what))) => Err(self.malformed(what)),
            Err(WriteError::Store(source)) => Err(self.store(source)),
        }
    }
}
